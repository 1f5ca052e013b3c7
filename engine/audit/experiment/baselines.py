"""Simple ways to trade the same orders, computed outside the engine.

    at once              take on arrival, and what is not there as soon as some is
    equal slices         the order's quantity over its window in equal parts, a minute or ten
                         seconds apart, each taken when it is due; what is not there goes along

A taker has what the simulated venues show: the displayed size of the venues at the consolidated
best within the order's limit. What was taken is used up until the venue requotes (`Displayed` of
the simulated venues), over all orders of the baseline, in order of arrival. The takers know what
was seen by then and nothing later: a request counts from its own time. What could not be better is
in `bound`.

They are kinder than a day in the engine is: no latency, no lots, no rejects, no excluded venues,
and no cap on participation. They cross nothing inside, which is dearer where clients meet. They
trade in the recorded market, without impact.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import NamedTuple

from engine.audit.experiment.parts import TAKE, Execution, Result, Terms
from engine.audit.experiment.touch import MarketWalk, Observed
from engine.core.events import (
    DepthObserved,
    Immediacy,
    Input,
    Liquidity,
    OrderAmendRequested,
    OrderCancelRequested,
    OrderSubmitted,
    QuoteObserved,
    Side,
)
from engine.core.market import consolidated, reference
from engine.simulation.venues.book import Displayed, best_of

SECOND_NS = 1_000_000_000
AT_ONCE, EACH_MINUTE, EACH_TEN_SECONDS = "at once", "equal slices, 60 s", "equal slices, 10 s"
STEPS_NS: Mapping[str, int] = {  # Between two slices; 0 takes all at once.
    AT_ONCE: 0,
    EACH_MINUTE: 60 * SECOND_NS,
    EACH_TEN_SECONDS: 10 * SECOND_NS,
}


class Change(NamedTuple):
    """A request that changes an order; None leaves as it is."""

    at_ns: int
    qty: int | None  # 0 withdraws what is open.
    limit_px: int | None


@dataclass(slots=True)
class Working:
    """An order as a taker works it."""

    terms: Terms
    qty: int
    limit_px: int | None
    immediacy: Immediacy = Immediacy.NONE
    done_qty: int = 0
    withdrawn_qty: int = 0
    next_ns: int | None = None  # When a part of it is due next.
    executions: list[Execution] = field(default_factory=list)

    @property
    def open_qty(self) -> int:
        return self.qty - self.done_qty - self.withdrawn_qty

    @property
    def is_immediate(self) -> bool:
        return self.immediacy in (Immediacy.IOC, Immediacy.FOK)

    def slices(self, step_ns: int) -> int:
        return max(1, -(-(self.terms.end_ns - self.terms.start_ns) // step_ns))

    def due_qty(self, now_ns: int, step_ns: int) -> int:
        """The quantity that equal slices want by now, rounded up; the first is due at the start."""
        if not step_ns or self.is_immediate:
            return self.qty
        slices = self.slices(step_ns)
        passed = min(slices, (now_ns - self.terms.start_ns) // step_ns + 1)
        return -(-self.qty * passed // slices)

    def due_ns(self, now_ns: int, step_ns: int) -> int:
        """When, after now, its slices first want more than it has."""
        passed = (now_ns - self.terms.start_ns) // step_ns + 1
        wanted = self.done_qty * self.slices(step_ns) // self.qty  # The slices that it has.
        return self.terms.start_ns + max(passed, wanted) * step_ns


def changes_of(requests: Iterable[Input | None]) -> dict[str, list[Change]]:
    """Amends and cancels by the first name of their order, in order of time."""
    first: dict[tuple[str, str], str] = {}
    found: dict[str, list[Change]] = {}
    for event in requests:
        if isinstance(event, OrderSubmitted):
            first.setdefault((event.source, event.cl_ord_id), f"{event.source}:{event.cl_ord_id}")
        elif isinstance(event, OrderAmendRequested | OrderCancelRequested):
            name = first.get((event.source, event.orig_cl_ord_id))
            if name is None:
                continue  # Of an order that was never sent; the engine refuses it too.
            first.setdefault((event.source, event.cl_ord_id), name)
            change = Change(event.received_ns, 0, None)
            if isinstance(event, OrderAmendRequested):
                change = Change(event.received_ns, event.order_qty, event.limit_px)
            found.setdefault(name, []).append(change)
    return found


def immediacies(requests: Iterable[Input | None]) -> dict[str, Immediacy]:
    """The orders that trade at once or not at all."""
    return {
        f"{event.source}:{event.cl_ord_id}": event.immediacy
        for event in requests
        if isinstance(event, OrderSubmitted) and event.immediacy is not Immediacy.NONE
    }


class Taker:
    """One baseline that takes: its orders, and what it used up of the displayed sizes."""

    def __init__(self, step_ns: int) -> None:
        """`step_ns` is the time between two slices; 0 takes all at once."""
        self.step_ns = step_ns
        self.orders: dict[str, Working] = {}  # In order of arrival; ended ones too.
        self._shown: dict[tuple[str, str, Side], Displayed] = {}
        self._due: list[tuple[int, int, str]] = []  # A heap of (time, n, name).
        self._count = 0
        self._waiting: dict[tuple[str, Side], dict[str, Working]] = {}  # For size, or a price.

    @property
    def next_ns(self) -> int | None:
        return self._due[0][0] if self._due else None

    def start(self, order: Working) -> None:
        self.orders[order.terms.name] = order
        self._schedule(order, order.terms.start_ns)

    def change(self, name: str, change: Change) -> None:
        order = self.orders.get(name)
        if order is None or order.open_qty <= 0 or change.at_ns >= order.terms.end_ns:
            return
        if change.qty == 0:
            order.withdrawn_qty += order.open_qty
        elif change.qty is not None:
            order.qty = max(order.done_qty + order.withdrawn_qty, change.qty)
        if change.limit_px is not None:
            order.limit_px = change.limit_px
        self._schedule(order, max(change.at_ns, order.terms.start_ns))

    def observe(self, quote: QuoteObserved) -> None:
        """A venue requotes: what it shows anew is free again."""
        sides = ((Side.SELL, quote.bid_px, quote.bid_qty), (Side.BUY, quote.ask_px, quote.ask_qty))
        for side, px, qty in sides:  # A buyer takes asks.
            key = (quote.venue, quote.instrument_id, side)
            self._shown.setdefault(key, Displayed()).update(px, qty)

    def act(self, walk: MarketWalk, now_ns: int, moved: Iterable[str]) -> None:
        """Take what is due, and what waited in the instruments that moved, the earlier first."""
        for instrument_id in moved:
            for side in Side:
                waiting = self._waiting.get((instrument_id, side))
                if waiting and self._reaches(walk, now_ns, instrument_id, side, waiting):
                    for order in list(waiting.values()):
                        self._try(walk, order, now_ns)
        while self._due and self._due[0][0] <= now_ns:
            at_ns, _, name = heappop(self._due)
            if self.orders[name].next_ns == at_ns:
                self._try(walk, self.orders[name], now_ns)

    def _reaches(
        self,
        walk: MarketWalk,
        now_ns: int,
        instrument_id: str,
        side: Side,
        waiting: Mapping[str, Working],
    ) -> bool:
        """Whether the far side is within the limit of any that wait."""
        best = consolidated.view(walk.state, instrument_id, now_ns)
        px = best.far_px(side)
        return best.is_two_sided and any(
            reference.is_within_limit(side, px, order.limit_px) for order in waiting.values()
        )

    def _schedule(self, order: Working, at_ns: int) -> None:
        order.next_ns = at_ns
        self._count += 1
        heappush(self._due, (at_ns, self._count, order.terms.name))

    def _try(self, walk: MarketWalk, order: Working, now_ns: int) -> None:
        """Take, and decide when to try again."""
        terms = order.terms
        waiting = self._waiting.setdefault((terms.instrument_id, terms.side), {})
        order.next_ns = None
        if order.open_qty > 0 and now_ns < terms.end_ns:
            self._take(walk, order, now_ns)
        if order.open_qty <= 0 or now_ns >= terms.end_ns or order.is_immediate:
            waiting.pop(terms.name, None)
        elif self.step_ns:
            self._schedule(order, order.due_ns(now_ns, self.step_ns))
        else:
            waiting[terms.name] = order

    def _take(self, walk: MarketWalk, order: Working, now_ns: int) -> None:
        wanted_qty = min(order.open_qty, order.due_qty(now_ns, self.step_ns) - order.done_qty)
        instrument_id, side = order.terms.instrument_id, order.terms.side
        best = consolidated.view(walk.state, instrument_id, now_ns)
        px = best.far_px(side)
        is_within = reference.is_within_limit(side, px, order.limit_px)
        if wanted_qty <= 0 or not best.is_two_sided or not is_within:
            return
        there = self._there(walk, instrument_id, side, px, now_ns)
        free_qty = sum(shown.free_qty for _, shown in there)
        if order.immediacy is Immediacy.FOK and free_qty < wanted_qty:
            return
        mid_px, half_px = (best.bid_px + best.ask_px) / 2, (best.ask_px - best.bid_px) / 2
        for venue, shown in there:
            qty = min(wanted_qty, shown.free_qty)
            if qty > 0:
                shown.taken_qty += qty
                wanted_qty -= qty
                order.done_qty += qty
                fee_px = reference.fee_px(walk.state, venue, Liquidity.REMOVED, px)
                seen = (mid_px, fee_px, now_ns, False, mid_px, half_px)
                order.executions.append(Execution(TAKE, qty, px, *seen))

    def _there(
        self, walk: MarketWalk, instrument_id: str, side: Side, px: int, now_ns: int
    ) -> list[tuple[str, Displayed]]:
        """The venues that show the consolidated best, the cheapest fee first."""
        at_best = [
            venue
            for venue, quote in walk.state.book(instrument_id).quotes.items()
            if (quote.ask_px if side is Side.BUY else quote.bid_px) == px
            and consolidated.is_fresh(walk.state, quote, now_ns)
        ]
        at_best.sort(
            key=lambda venue: (reference.fee_px(walk.state, venue, Liquidity.REMOVED, px), venue)
        )
        return [
            (venue, self._shown.setdefault((venue, instrument_id, side), Displayed()))
            for venue in at_best
        ]


class Request(NamedTuple):
    """An order begins, or a change of one."""

    at_ns: int
    name: str
    change: Change | None  # None is the beginning.


def taken(
    step_ns: int,
    orders: Sequence[Terms],
    requests: Sequence[Input | None],
    walk: MarketWalk,
    market: Sequence[Observed],
    on_seen: Callable[[int, int], None] = lambda _seen, _total: None,
) -> list[Result]:
    """The results of the baseline that takes slices so far apart; 0 takes all at once.

    At each moment the market moves first, then come the requests, then the taker acts. `on_seen` is
    called with (observations seen, observations in all).
    """
    taker = Taker(step_ns)
    immediacy = immediacies(requests)
    asked = {x.name: x for x in orders}
    waiting = _agenda(orders, changes_of(requests))
    seen = 0
    while True:
        dues = [] if taker.next_ns is None else [taker.next_ns]
        dues += [market[seen].received_ns] if seen < len(market) else []
        dues += [waiting[-1].at_ns] if waiting else []
        if not dues:
            return [_result(order, step_ns) for order in taker.orders.values()]
        now_ns = min(dues)
        moved: dict[str, None] = {}
        while seen < len(market) and market[seen].received_ns <= now_ns:
            _observe(walk, taker, market[seen], moved)
            seen += 1
        while waiting and waiting[-1].at_ns <= now_ns:
            name, change = waiting.pop()[1:]
            if change is not None:
                taker.change(name, change)
            else:
                word = immediacy.get(name, Immediacy.NONE)
                terms = asked[name]
                taker.start(Working(terms, terms.asked_qty, terms.limit_px, word))
        taker.act(walk, now_ns, moved)
        on_seen(seen, len(market))


def _agenda(orders: Sequence[Terms], changes: Mapping[str, list[Change]]) -> list[Request]:
    """Beginnings and changes, the last first."""
    found = [Request(terms.arrival_ns, terms.name, None) for terms in orders]
    for terms in orders:
        found += [Request(x.at_ns, terms.name, x) for x in changes.get(terms.name, ())]
    return sorted(found, key=lambda x: (x.at_ns, x.change is not None), reverse=True)


def _observe(walk: MarketWalk, taker: Taker, event: Observed, moved: dict[str, None]) -> None:
    walk.fold(event)
    if isinstance(event, DepthObserved):
        event = best_of(event)
    if isinstance(event, QuoteObserved):
        moved[event.instrument_id] = None
        taker.observe(event)


def _result(order: Working, step_ns: int) -> Result:
    terms = order.terms
    return Result(
        terms=terms,
        wanted_qty=order.qty - order.withdrawn_qty,
        executions=order.executions,
        messages=len(order.executions),
        whole_qty=order.qty,
        is_followed=not step_ns,  # Thousands of slices would say the same.
    )
