"""The script of a simulated day: every input, and the time at which it reaches the log.

A script comes from market data folders of one day, an order file and the desk's controls
(`of_folders`), or from the log of a past day (`engine.audit.counterfactual`). An input from a log
is played byte for byte.
"""

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from engine.core.events import DayOpened, Input
from engine.log.port import EngineError, Headers
from engine.simulation.market.data import FolderFacts, MarketData
from engine.simulation.market.reference import reference_of_folders

OWNER = "simulation"
MINUTE_NS = 60_000_000_000


class FoldersDifferError(EngineError):
    """Market folders that do not make one day; the message names the two and the way out."""


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
    is_moved: bool = False  # Its market was moved by fills, so it was not written ahead.

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
    """A recorded market with an order file."""
    return of_folders((data,), orders, controls, seed)


def of_folders(
    markets: Sequence[MarketData],
    orders: Iterable[TimedInput],
    controls: Sequence[Input],
    seed: int,
) -> Script:
    """Recorded markets of one day with an order file; reference and controls come a minute before.

    Raises FoldersDifferError for folders that do not make one day, InstrumentError.
    """
    require_one_day(markets)
    every = [data.facts for data in markets]
    open_ns, close_ns = min(x.open_ns for x in every), max(x.close_ns for x in every)
    inputs = sorted(orders, key=lambda timed: timed.at_ns)
    seen = heapq.merge(*(data.events for data in markets), key=lambda event: event.received_ns)
    market = [TimedInput(event.received_ns, event, event.venue) for event in seen]
    first_ns = market[0].at_ns if market else open_ns
    before_ns = min(first_ns, open_ns, *(o.at_ns for o in inputs[:1])) - MINUTE_NS
    day = every[0].day
    opened = DayOpened(day=day, open_ns=open_ns, close_ns=close_ns, seed=seed, set_ns=before_ns)
    return Script(
        day=day,
        close_ns=close_ns,
        before_ns=before_ns,
        before_open=[
            TimedInput(before_ns, event, OWNER)
            for event in (*reference_of_folders(every), *controls, opened)
        ],
        market=market,
        orders=inputs,
    )


def require_one_day(markets: Sequence[MarketData]) -> None:
    """Raise FoldersDifferError unless each folder is of another instrument of one day."""
    first = markets[0].facts
    by_name: dict[str, FolderFacts] = {}
    calendars: dict[str, FolderFacts] = {}
    for data in markets:
        facts = data.facts
        name, calendar_id = facts.instrument.instrument_id, facts.instrument.calendar_id
        if facts.day != first.day:
            raise FoldersDifferError(
                f"{facts.folder} is of day {facts.day} and {first.folder} of {first.day}, expected "
                "folders of one day; simulate each day by itself"
            )
        other = by_name.setdefault(name, facts)
        if other is not facts:
            raise FoldersDifferError(
                f"{other.folder} and {facts.folder} are both of {name}, expected an instrument "
                "each; give one of them another instrument_id"
            )
        other = calendars.setdefault(calendar_id, facts)
        if other.sessions != facts.sessions:
            raise FoldersDifferError(
                f"{other.folder} and {facts.folder} have other sessions in calendar {calendar_id}, "
                "expected the same; give one of them another calendar_id"
            )
