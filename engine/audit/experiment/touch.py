"""The best bid and ask of all venues at any moment of a day, folded as the engine folds them.

A moment's quote is that of all observations up to it, the moment included. Where the consolidated
market is one-sided, locked or crossed then, the last two-sided one before stands for it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from engine.core.events import (
    DepthObserved,
    Input,
    Liquidity,
    QuoteObserved,
    Side,
    TradeObserved,
    VenueStatusObserved,
)
from engine.core.market import consolidated, reference
from engine.core.market.consolidated import Nbbo
from engine.core.state.state import Settings, State
from engine.log import codec
from engine.log.port import Log

READ_RECORDS = 2_000  # One bounded read.
TOPIC = "market-data"

Observed = QuoteObserved | TradeObserved | DepthObserved | VenueStatusObserved
Moment = tuple[str, int]  # Instrument, ns since 1970 UTC.


class Touch(NamedTuple):
    """A two-sided consolidated quote; prices in 1e-9 currency units."""

    bid_px: int
    ask_px: int
    buy_fee_px: int  # Of taking at the ask's venue, 1e-9 currency units an increment.
    sell_fee_px: int

    @property
    def mid_px(self) -> float:
        return (self.bid_px + self.ask_px) / 2

    def far_px(self, side: Side) -> int:
        return self.ask_px if side is Side.BUY else self.bid_px

    def take_fee_px(self, side: Side) -> int:
        return self.buy_fee_px if side is Side.BUY else self.sell_fee_px


class MarketWalk:
    """The consolidated market of a day, moved forward observation by observation."""

    def __init__(self, before_open: Iterable[Input], quote_age_max_ns: int) -> None:
        """`before_open` is the reference data and the DayOpened; all else in it is passed over."""
        self.state = State(shard=0)
        self.state.settings = Settings(quote_age_max_ns=quote_age_max_ns)
        self._last: dict[str, Nbbo] = {}
        for event in before_open:
            if type(event) in reference.FACTS:
                reference.FACTS[type(event)](self.state, event)

    def fold(self, event: Observed) -> None:
        consolidated.FACTS[type(event)](self.state, event)
        if isinstance(event, QuoteObserved | DepthObserved):
            self.best(event.instrument_id, event.received_ns)

    def best(self, instrument_id: str, now_ns: int) -> Nbbo | None:
        """The two-sided best now, else the last one before; None before the first."""
        found = consolidated.view(self.state, instrument_id, now_ns)
        if found.is_two_sided:
            self._last[instrument_id] = found
        return self._last.get(instrument_id)

    def touch(self, instrument_id: str, now_ns: int) -> Touch | None:
        best = self.best(instrument_id, now_ns)
        if best is None:
            return None
        fees = (
            reference.fee_px(self.state, venue, Liquidity.REMOVED, px)
            for venue, px in ((best.ask_venue, best.ask_px), (best.bid_venue, best.bid_px))
        )
        return Touch(best.bid_px, best.ask_px, *fees)


def touches(
    walk: MarketWalk, market: Iterable[Observed], moments: Iterable[Moment]
) -> Mapping[Moment, Touch | None]:
    """The quote at each moment; None before the instrument's first two-sided one."""
    found: dict[Moment, Touch | None] = {}
    waiting = sorted({(at_ns, instrument_id) for instrument_id, at_ns in moments}, reverse=True)
    for event in market:
        while waiting and waiting[-1][0] < event.received_ns:
            at_ns, instrument_id = waiting.pop()
            found[instrument_id, at_ns] = walk.touch(instrument_id, at_ns)
        walk.fold(event)
    for at_ns, instrument_id in reversed(waiting):
        found[instrument_id, at_ns] = walk.touch(instrument_id, at_ns)
    return found


def observed(inputs: Iterable[Input | None]) -> list[Observed]:
    """The observations of the market among inputs."""
    return [x for x in inputs if isinstance(x, Observed)]


def observed_in(log: Log) -> list[Observed]:
    """The observations of the market that a log holds, in order of time.

    A log of a run with impact holds the market that the run made.
    """
    found = observed(
        event
        for partition in range(log.partitions)
        for event in _decoded(log, partition)
        if partition == 0 or not isinstance(event, VenueStatusObserved)  # Every shard has those.
    )
    return sorted(found, key=lambda event: event.received_ns)


def _decoded(log: Log, partition: int) -> Iterator[Input]:
    reader = log.reader(TOPIC, partition)
    try:
        while not reader.at_end():
            yield from _readable([record.value for record in reader.read(READ_RECORDS)])
    finally:
        reader.close()


def _readable(values: Sequence[bytes]) -> Iterator[Input]:
    for value in values:
        try:
            yield codec.decode(TOPIC, value)
        except codec.UnreadableError:  # The engine has set it aside, with its reason.
            continue
