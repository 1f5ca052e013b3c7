"""Compare the fills of simulated posts with those that the tape's own passive side had.

    python -m infra.campaigns.passive_fills [--market FOLDER] [--rest-s 60]

The tape: each print of continuous trading at an exchange has a passive side, the buyer below the
consolidated midpoint and the seller above it; at the midpoint or without one it is left out. Those
at a price that their exchange displayed are told apart: a post has what they had.

The simulation: each minute one lot joins each exchange that shows the consolidated best, on each
side, and one lot pegs at each exchange and pool that takes pegs; each rests for a while. So no two
of one venue and side overlap, and no strategy chooses. Posts are played twice: pulled as soon as
their price is no longer the best, as a market maker does, and left where they are. Each fill of a
post is told by its cause: a print at its price, one through it, or a quote that reached it. They
are played under each queue assumption, and with nothing ahead of them, which no order has: what is
left of a difference from the tape then is not one of place.

One line of JSON for each: children, the share of their quantity that was filled, the median wait of
a fill, and the markouts after 1, 10 and 60 s: what the passive side has gained, in bps of the
price, by the midpoint then (a loss is negative), weighted by quantity, with its standard error over
fills.
"""

import argparse
import bisect
import json
import math
import statistics
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from engine.core.events import (
    ChildRouted,
    ChildTimeInForce,
    ChildType,
    DayOpened,
    ExecType,
    ExecutionReported,
    QuoteObserved,
    SaleMarking,
    Side,
    TradeObserved,
    VenueDefined,
    VenueKind,
)
from engine.core.market import consolidated, reference
from engine.core.state.state import State
from engine.simulation.market.data import MarketData, load
from engine.simulation.market.reference import reference_events
from engine.simulation.market.rows import OFF_EXCHANGE
from engine.simulation.venues.behaviour import FAULTLESS, Behaviour
from engine.simulation.venues.market import is_continuous
from engine.simulation.venues.queue import Queue
from engine.simulation.venues.venues import Venues

SECOND_NS = 1_000_000_000
EVERY_NS = 60 * SECOND_NS  # One child of each kind, venue and side.
HORIZONS_S = (1, 10, 60)
SEED = 7
PEG = "peg"
PLACES = {  # First in line none can be: a check of all else, as the tape's mean has no last place.
    **{queue.value: replace(FAULTLESS, queue=queue) for queue in Queue},
    "first in line": replace(FAULTLESS, ahead_ppm=0),
}
EXAMPLE = Path("examples/us-equity-2018-01-02")


class Passive(NamedTuple):
    """A fill of a passive side."""

    sign: int  # 1 for a buy.
    qty: int
    px: int
    at_ns: int
    waited_ns: int = 0
    cause: str = ""  # Of a simulated fill.


class Mids(NamedTuple):
    """The consolidated midpoint over a day: when it changed, and to what."""

    times_ns: list[int]
    pxs: list[int]

    def at(self, at_ns: int) -> int | None:
        """The midpoint at a time; None before the first."""
        place = bisect.bisect_right(self.times_ns, at_ns)
        return self.pxs[place - 1] if place else None


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--market", type=Path, default=EXAMPLE, help="Market data folder.")
    parser.add_argument("--rest-s", type=int, default=60, help="Seconds that a child rests.")
    options = parser.parse_args(words)
    for found in figures(load(options.market), options.rest_s):
        sys.stdout.write(json.dumps(found) + "\n")


def figures(data: MarketData, rest_s: int) -> Iterator[dict[str, Any]]:
    """The tape's own passive side, then each kind of child under each queue assumption."""
    mids, prints, displayed = tape_of(data)
    yield {"of": "tape", **told(prints, mids)}
    yield {"of": "tape, displayed", **told(displayed, mids)}
    for is_pulled in (True, False):
        for name, behaviour in PLACES.items():
            resting = Resting(data, behaviour, rest_s * SECOND_NS, is_pulled=is_pulled)
            children, fills = resting.run()
            for kind, count in sorted(children.items()):
                filled = sum(fill.qty for fill in fills[kind])
                yield {
                    "of": kind,
                    "queue": name,
                    "children": count,
                    "filled_share": round(filled / count / lot_of(data), 3),
                    **told(fills[kind], mids),
                }
                by_cause: dict[str, list[Passive]] = defaultdict(list)
                for fill in () if kind.startswith(PEG) else fills[kind]:
                    by_cause[fill.cause].append(fill)
                for cause, found in sorted(by_cause.items()):
                    yield {"of": f"{kind}: {cause}", "queue": name, **told(found, mids)}


def told(fills: Sequence[Passive], mids: Mids) -> dict[str, Any]:
    """Number, median wait, and the mean and standard error of the markout after each horizon."""
    waits = [fill.waited_ns for fill in fills if fill.cause]
    wait_s = {"median_wait_s": round(statistics.median(waits) / SECOND_NS, 1)} if waits else {}
    after = {f"markout_{s}s_bps": markout(fills, mids, s * SECOND_NS) for s in HORIZONS_S}
    return {"fills": len(fills), **wait_s, **after}


def lot_of(data: MarketData) -> int:
    return data.facts.instrument.lot_qty


def markout(fills: Sequence[Passive], mids: Mids, after_ns: int) -> list[float] | None:
    found = []
    for fill in fills:
        mid_px = mids.at(fill.at_ns + after_ns)
        if mid_px is not None:
            found.append((fill.qty, fill.sign * (mid_px - fill.px) / fill.px * 10_000))
    if not found:
        return None
    weight = sum(qty for qty, _ in found)
    mean = math.fsum(qty * gain for qty, gain in found) / weight
    spread = math.fsum((qty * (gain - mean)) ** 2 for qty, gain in found)
    return [round(mean, 3), round(math.sqrt(spread) / weight, 3)]


# ------------------------------------------------------------------------------ the tape


def tape_of(data: MarketData) -> tuple[Mids, list[Passive], list[Passive]]:
    """The midpoints of the day, the passive sides of the prints, and those that were displayed."""
    known, instrument_id = state_of(data), data.facts.instrument.instrument_id
    mids, prints, displayed = Mids([], []), list[Passive](), list[Passive]()
    shown: dict[str, QuoteObserved] = {}
    for event in data.events:
        mid_px = consolidated.view(known, instrument_id, event.received_ns).mid_px
        if isinstance(event, QuoteObserved):
            shown[event.venue] = event
        elif mid_px is not None and event.last_px != mid_px and is_on_book(data, event):
            sign = 1 if event.last_px < mid_px else -1
            prints.append(Passive(sign, event.last_qty, event.last_px, event.received_ns))
            own = shown.get(event.venue)
            if own is not None and event.last_px == (own.bid_px if sign > 0 else own.ask_px):
                displayed.append(prints[-1])
        consolidated.FACTS[type(event)](known, event)
        mid_px = consolidated.view(known, instrument_id, event.received_ns).mid_px
        if mid_px is not None and mid_px != (mids.pxs[-1] if mids.pxs else None):
            mids.times_ns.append(event.received_ns)
            mids.pxs.append(mid_px)
    return mids, prints, displayed


def is_on_book(data: MarketData, trade: TradeObserved) -> bool:
    is_ours = is_continuous(trade) and trade.venue != OFF_EXCHANGE
    return is_ours and data.in_session(trade)


def opened_of(data: MarketData) -> DayOpened:
    facts = data.facts
    return DayOpened(
        day=facts.day, open_ns=facts.open_ns, close_ns=facts.close_ns, seed=SEED, set_ns=0
    )


def state_of(data: MarketData) -> State:
    """The engine's view of the market before the first quote."""
    known = State(shard=0)
    for event in (*reference_events(data.facts), opened_of(data)):
        if type(event) in reference.FACTS:
            reference.FACTS[type(event)](known, event)
    known.day = opened_of(data)
    return known


# ------------------------------------------------------------------------------ the simulation


class Resting:
    """Lots that rest at every venue, under one queue assumption."""

    def __init__(
        self, data: MarketData, behaviour: Behaviour, rest_ns: int, *, is_pulled: bool
    ) -> None:
        """Pulled posts are cancelled when they are not at the best price; pegs come without."""
        self._data = data
        self._known = state_of(data)
        self._venues = Venues(SEED, behaviour)
        self._rest_ns = rest_ns
        self._is_pulled = is_pulled
        self._routed: dict[str, tuple[str, ChildRouted, int]] = {}  # Kind, terms, time.
        self._resting: dict[str, int] = {}  # Until when, in order of time.
        self._fills: dict[str, list[Passive]] = defaultdict(list)

    def run(self) -> tuple[Counter[str], dict[str, list[Passive]]]:
        """The number of children of each kind, and their fills."""
        facts = self._data.facts
        for event in (*reference_events(facts), opened_of(self._data)):
            self._venues.observe(event)
        due_ns = facts.open_ns + EVERY_NS
        for observed in self._data.events:
            now_ns = observed.received_ns
            while due_ns <= now_ns and due_ns < facts.close_ns - self._rest_ns:
                self._cancel(due_ns)
                self._rest(due_ns)
                due_ns += EVERY_NS
            self._cancel(now_ns)
            self._collect(self._venues.advance(now_ns), None)
            self._collect(self._venues.observe(observed), observed)
            consolidated.FACTS[type(observed)](self._known, observed)
            if self._is_pulled and isinstance(observed, QuoteObserved):
                self._pull(now_ns)
        return Counter(kind for kind, _, _ in self._routed.values()), self._fills

    def _cancel(self, now_ns: int) -> None:
        """Cancel what has rested for its time."""
        for child_id in [name for name, until_ns in self._resting.items() if until_ns <= now_ns]:
            until_ns = self._resting.pop(child_id)
            self._collect(self._venues.on_cancel(child_id, until_ns), None)

    def _pull(self, now_ns: int) -> None:
        """Cancel what is not at the best price any more."""
        best = consolidated.view(self._known, self._data.facts.instrument.instrument_id, now_ns)
        for child_id in list(self._resting):
            terms = self._routed[child_id][1]
            if terms.limit_px != best.near_px(terms.side):
                del self._resting[child_id]
                self._collect(self._venues.on_cancel(child_id, now_ns), None)

    def _rest(self, now_ns: int) -> None:
        for kind, child in self._children(now_ns):
            child_id = f"0-{len(self._routed)}"
            self._routed[child_id] = (kind, child, now_ns)
            self._resting[child_id] = now_ns + self._rest_ns
            self._collect(self._venues.on_route(child, child_id, now_ns), None)

    def _collect(
        self, answers: Sequence[Any], observed: QuoteObserved | TradeObserved | None
    ) -> None:
        """Keep the fills among a venue's answers, with the observation that caused them."""
        for due in answers:
            event = due.event
            if isinstance(event, ExecutionReported) and event.exec_type is ExecType.TRADE:
                kind, child, routed_ns = self._routed[event.child_id]
                sign = 1 if child.side is Side.BUY else -1
                cause = "taken on arrival"
                if isinstance(observed, TradeObserved):
                    is_at = observed.last_px == event.last_px
                    cause = "print at its price" if is_at else "print through it"
                elif observed is not None:
                    cause = "quote that reached it"
                at_ns, waited_ns = event.transact_ns, event.transact_ns - routed_ns
                self._fills[kind].append(
                    Passive(sign, event.last_qty, event.last_px, at_ns, waited_ns, cause)
                )

    def _children(self, now_ns: int) -> Iterable[tuple[str, ChildRouted]]:
        """Children to send now: joins where the best is shown, pegs where they are taken."""
        instrument = self._data.facts.instrument
        best = consolidated.view(self._known, instrument.instrument_id, now_ns)
        if best.mid_px is None:
            return
        quotes = self._known.book(instrument.instrument_id).quotes
        for name, venue in sorted(self._known.reference.venues.items()):
            is_lit, quote = venue.kind is VenueKind.LIT, quotes.get(name)
            for side in Side:
                near_px, far_px = best.near_px(side), best.far_px(side)
                own = (0, 0) if quote is None else (quote.bid_px, quote.ask_px)
                if is_lit and own[side is Side.SELL] == near_px:
                    kind = "post, pulled" if self._is_pulled else "post, left"
                    yield kind, self._child(venue, side, near_px, ChildType.LIMIT)
                if self._is_pulled or not venue.midpoint or venue.min_qty > instrument.lot_qty:
                    continue
                kind = f"{PEG} at an exchange" if is_lit else f"{PEG} in a pool"
                yield kind, self._child(venue, side, far_px, ChildType.MIDPOINT_PEG)

    def _child(self, venue: VenueDefined, side: Side, px: int, kind: ChildType) -> ChildRouted:
        instrument = self._data.facts.instrument
        return ChildRouted(
            slice_id="0-0",
            parent_id="0-0",
            instrument_id=instrument.instrument_id,
            side=side,
            venue=venue.venue,
            child_qty=instrument.lot_qty,
            child_type=kind,
            limit_px=px,
            time_in_force=ChildTimeInForce.DAY,
            min_qty=0,
            send_before_ns=self._data.facts.close_ns,
            bid_px=0,
            ask_px=0,
            quote_age_ns=0,
            venue_qty=0,
            reference_px=0,
            good_px=0,
            band_px=0,
            scorecard_version=0,
            cell="",
            fill_ppm=0,
            fill_within_ns=0,
            ends_filled_ppm=0,
            tail_ppm=0,
            left_qty=0,
            wanted_qty=0,
            tactic="",
            filled_millibps=0,
            adverse_millibps=0,
            missed_millibps=0,
            claims=(),
            score_millibps=0,
            runners_up=(),
            rejected_by_reason=(),
            client_ids=(),
            sale_marking=SaleMarking.LONG,
            settl_date=0,
        )


if __name__ == "__main__":
    main()
