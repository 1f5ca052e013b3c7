"""Venues that lie: reports that are lost, sent again under other names, or contradict others.

What happens at the venue is what an honest venue does; only its reports are changed, by chance from
the seed. A fill whose report is lost is in the cumulative quantity of later reports, as it would be
at a real venue. A false report says so in its text, which the engine does not read, so the checks
know that it must not be booked.

A silent venue loses messages both ways: an order, a cancel or a question that never comes to it,
and a report of it that never comes to us, or only after seconds.
"""

from collections.abc import Callable
from dataclasses import replace

from engine.core.events import ExecType, ExecutionReported
from engine.gateways.venues.gateway import QUOTE_AGE_MAX_NS, VenueGateway
from engine.gateways.venues.reports import Report
from engine.log.port import Log
from engine.runtime.clock import Clock
from engine.simulation.chance import below, happens
from engine.simulation.paper import PAPER, PaperVenues
from engine.simulation.venues.behaviour import Behaviour
from engine.simulation.venues.book import Working

FALSE = "a false report: "
LATE_NS = 4_000_000_000  # A report comes later by so much at most.
AGAIN_NS = 1_000_000  # So soon after the true report, before a bust that would make it plausible.
ENDS = (ExecType.CANCELED, ExecType.EXPIRED)


def under_another_id(report: ExecutionReported) -> ExecutionReported:
    """The same fill again under a new ExecID: the venue's total has not changed."""
    return replace(report, exec_id=f"{report.exec_id}~", text=f"{FALSE}the same fill again")


def of_another_day(report: ExecutionReported) -> ExecutionReported:
    return replace(report, session_day=report.session_day - 1, text=f"{FALSE}another day")


def of_more(report: ExecutionReported) -> ExecutionReported:
    """The same ExecID with another quantity."""
    return replace(report, last_qty=report.last_qty + 1, text=f"{FALSE}another quantity")


def at_another_price(report: ExecutionReported) -> ExecutionReported:
    return replace(report, last_px=2 * report.last_px, text=f"{FALSE}another price")


def of_another_child(report: ExecutionReported) -> ExecutionReported:
    shard, _, seq = report.child_id.partition("-")
    return replace(report, child_id=f"{shard}-{int(seq) + 1}", text=f"{FALSE}another child")


FALSE_FILLS: tuple[Callable[[ExecutionReported], ExecutionReported], ...] = (
    under_another_id,
    of_another_day,
    of_more,
    at_another_price,
    of_another_child,
)


class LyingVenues(PaperVenues):
    """Simulated venues whose reports cannot be trusted."""

    def __init__(
        self,
        seed: int,
        behaviour: Behaviour | None,
        *,
        quote_age_max_ns: int,
        run_number: int,
        lies_ppm: int,
        silence_ppm: int,
    ) -> None:
        """`lies_ppm` is the share of reports that are lost, and of those that a lie follows.

        `silence_ppm` is the share of messages to the venues that are lost, and of reports that are
        lost or late.
        """
        super().__init__(seed, behaviour, quote_age_max_ns=quote_age_max_ns, run_number=run_number)
        self._lies_ppm = lies_ppm
        self._silence_ppm = silence_ppm

    def _send(self, child: Working, what: str, starts_ns: int, action: Callable[[], None]) -> None:
        name = (self.seed, "silence", child.child_id, what, starts_ns)
        if not happens(self._silence_ppm, *name):
            super()._send(child, what, starts_ns, action)

    def _answer(self, report: Report, due_ns: int) -> None:
        if not isinstance(report, ExecutionReported):
            super()._answer(report, due_ns)
            return
        name = (self.seed, "lie", report.exec_id)
        if happens(self._silence_ppm, *name, "silent"):
            if below(2, *name, "for ever"):
                return
            due_ns += below(LATE_NS, *name, "late")
            report = replace(report, received_ns=due_ns)
        is_fill = report.exec_type is ExecType.TRADE
        if (is_fill or report.exec_type in ENDS) and happens(self._lies_ppm, *name, "lost"):
            return
        super()._answer(report, due_ns)
        if is_fill and happens(self._lies_ppm, *name, "false"):
            lie = FALSE_FILLS[below(len(FALSE_FILLS), *name, "which")]
            later_ns = due_ns + below(AGAIN_NS, *name, "when")
            super()._answer(replace(lie(report), received_ns=later_ns), later_ns)


def gateway(  # The same arguments as `paper_gateway` has.
    log: Log,
    *,
    seed: int,
    lies_ppm: int,
    silence_ppm: int,
    behaviour: Behaviour,
    clock_ns: Callable[[], int],
    clock: Clock,
    on_sent: Callable[[str], None],
    owner: str,
) -> VenueGateway:
    """A gateway to venues of which these shares of the messages are lies or lost, not started."""

    def venues(run_number: int) -> LyingVenues:
        return LyingVenues(
            seed,
            behaviour,
            quote_age_max_ns=QUOTE_AGE_MAX_NS,
            run_number=run_number,
            lies_ppm=lies_ppm,
            silence_ppm=silence_ppm,
        )

    return VenueGateway(
        log,
        PAPER,
        open_venues=venues,
        clock_ns=clock_ns,
        clock=clock,
        on_sent=on_sent,
        owner=owner,
    )


def is_false(report: ExecutionReported) -> bool:
    return report.text.startswith(FALSE)
