"""Paper trading: a venue gateway whose venues are the simulated ones, under the wall clock.

The memory of the venues ends with the process: each run makes them anew, with report ids of its
own. So a child that an earlier run began to send is reported UNKNOWN and then CANCELED, with the
quantity whose fills were reported. Fills that the lost process had not reported never happened.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from engine.core.events import ExecType
from engine.gateways.venues import reports
from engine.gateways.venues.gateway import QUOTE_AGE_MAX_NS, SETTLE_S, VenueGateway
from engine.gateways.venues.reports import Due, Execution, Reported
from engine.log.port import Log
from engine.runtime.clock import Clock, Wall
from engine.simulation.venues.behaviour import Behaviour
from engine.simulation.venues.venues import Venues

PAPER = "PAPER"  # The venue that a paper gateway announces itself by.


class PaperVenues(Venues):
    """Simulated venues of one run; a child of an earlier run is unknown to them."""

    def __init__(
        self, seed: int, behaviour: Behaviour | None, *, quote_age_max_ns: int, run_number: int
    ) -> None:
        exec_prefix = f"{run_number:x}-"
        super().__init__(
            seed, behaviour, quote_age_max_ns=quote_age_max_ns, exec_prefix=exec_prefix
        )
        self._own_prefix = f"{exec_prefix}G"  # Beside the count of each session.
        self._own_count = 0

    def resolve(self, children: Sequence[Reported], now_ns: int) -> list[Due]:
        unknown = Execution(ExecType.UNKNOWN, "the paper venue lost its memory with its process")
        text = "the paper venue keeps nothing over a restart"
        cancelled = Execution(ExecType.CANCELED, text)
        return [
            *self._own_reports(children, unknown, now_ns),
            *self._own_reports(children, cancelled, now_ns),
        ]

    def log_out(self, children: Sequence[Reported], now_ns: int) -> list[Due]:
        text = "cancelled on disconnect: the paper gateway stopped"
        return [*self._own_reports(children, Execution(ExecType.CANCELED, text), now_ns)]

    def _own_reports(
        self, children: Sequence[Reported], execution: Execution, now_ns: int
    ) -> Iterable[Due]:
        """The same report on each child, outside the latency of its session."""
        for child in children:
            assert self._day is not None, "children end with their day"
            day = self._day.day
            self._own_count += 1
            exec_id = f"{child.terms.venue}-{day}-{self._own_prefix}{self._own_count}"
            event = reports.execution_reported(child, execution, exec_id, day, now_ns, now_ns)
            yield Due(now_ns, event)


def paper_gateway(
    log: Log,
    *,
    seed: int,
    behaviour: Behaviour | None = None,
    quote_age_max_ns: int = QUOTE_AGE_MAX_NS,
    clock_ns: Callable[[], int] | None = None,
    clock: Clock = time,
    settle_s: float = SETTLE_S,
    kill_file: Path | None = None,
    on_sent: Callable[[str], None] | None = None,
    owner: str = "",
) -> VenueGateway:
    """A gateway to simulated venues, not started yet.

    `seed` is that of the venues' chance; `on_sent` gets the id of each child that goes out. While
    `kill_file` is there none does. `owner` names the process to people.
    """

    def venues(run_number: int) -> PaperVenues:
        return PaperVenues(
            seed, behaviour, quote_age_max_ns=quote_age_max_ns, run_number=run_number
        )

    return VenueGateway(
        log,
        PAPER,
        open_venues=venues,
        clock_ns=clock_ns or Wall().steady_ns,
        clock=clock,
        quote_age_max_ns=quote_age_max_ns,
        settle_s=settle_s,
        kill_file=kill_file,
        on_sent=on_sent,
        owner=owner,
    )
