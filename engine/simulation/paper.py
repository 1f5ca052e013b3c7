"""Paper trading: a venue gateway whose venues are the simulated ones, under the wall clock.

What the venues knew dies with the process: each run makes them anew, with report ids of its own.
"""

import time
from collections.abc import Callable

from engine.gateways.venues.gateway import QUOTE_AGE_MAX_NS, SETTLE_S, VenueGateway
from engine.log.port import Log
from engine.runtime.clock import Clock
from engine.simulation.venues.behaviour import Behaviour
from engine.simulation.venues.venues import Venues


def paper_gateway(
    log: Log,
    *,
    seed: int,
    behaviour: Behaviour | None = None,
    quote_age_max_ns: int = QUOTE_AGE_MAX_NS,
    clock_ns: Callable[[], int] = time.time_ns,
    clock: Clock = time,
    settle_s: float = SETTLE_S,
    on_sent: Callable[[str], None] | None = None,
) -> VenueGateway:
    """A gateway to simulated venues, not started yet.

    `seed` is that of the venues' chance; `on_sent` is told the id of each child that goes out.
    """

    def venues(run_number: int) -> Venues:
        return Venues(
            seed,
            behaviour,
            quote_age_max_ns=quote_age_max_ns,
            exec_prefix=f"{run_number:x}-",
        )

    return VenueGateway(
        log,
        open_venues=venues,
        clock_ns=clock_ns,
        clock=clock,
        quote_age_max_ns=quote_age_max_ns,
        settle_s=settle_s,
        on_sent=on_sent,
    )
