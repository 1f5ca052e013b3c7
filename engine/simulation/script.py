"""The script of a simulated day: every input, and the time at which it reaches the log.

A script comes from a market data folder, an order file and the desk's controls (`of_folder`), or
from the log of a past day (`engine.audit.counterfactual`). An input from a log is played byte for
byte.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from engine.core.events import DayOpened, Input
from engine.log.port import Headers
from engine.simulation.market.data import MarketData
from engine.simulation.market.reference import reference_events

OWNER = "simulation"
MINUTE_NS = 60_000_000_000


class Stood(NamedTuple):
    """An input as a log held it."""

    topic: str
    partition: int
    timestamp_ms: int
    key: bytes | None
    headers: Headers
    value: bytes


class TimedInput(NamedTuple):
    """An input, and when it reaches the log; `event` is None only where `stood` can't be read."""

    at_ns: int
    event: Input | None
    source: str
    stood: Stood | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """One day, from before its open to its close; each sequence is in time order."""

    day: int  # YYYYMMDD.
    close_ns: int
    before_ns: int  # When `before_open` is read.
    before_open: Sequence[TimedInput]  # Reference data, controls and the DayOpened.
    market: Sequence[TimedInput]
    orders: Sequence[TimedInput]  # Requests, and controls during the day.

    @property
    def last_ns(self) -> int:
        """The time of the last input that is known beforehand."""
        lasts = (self.market[-1:], self.orders[-1:])
        return max(self.close_ns, *(timed.at_ns for last in lasts for timed in last))

    def __len__(self) -> int:
        """Number of inputs of the day itself."""
        return len(self.market) + len(self.orders)


def of_folder(
    data: MarketData, orders: Iterable[TimedInput], controls: Sequence[Input], seed: int
) -> Script:
    """A recorded market with an order file; reference data and controls come a minute before."""
    facts = data.facts
    inputs = sorted(orders, key=lambda timed: timed.at_ns)
    first_ns = data.events[0].received_ns if data.events else facts.open_ns
    before_ns = min(first_ns, facts.open_ns, *(o.at_ns for o in inputs[:1])) - MINUTE_NS
    opened = DayOpened(
        day=facts.day,
        open_ns=facts.open_ns,
        close_ns=facts.close_ns,
        seed=seed,
        set_ns=before_ns,
    )
    return Script(
        day=facts.day,
        close_ns=facts.close_ns,
        before_ns=before_ns,
        before_open=[
            TimedInput(before_ns, event, OWNER)
            for event in (*reference_events(facts), *controls, opened)
        ],
        market=[TimedInput(event.received_ns, event, event.venue) for event in data.events],
        orders=inputs,
    )
