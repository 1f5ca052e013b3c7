"""A language for tests of the core: given some inputs, when another one comes, then these events.

`World` holds a real shard. Its inputs are encoded, written as records, decoded, decided on and
sealed, as in the live engine; nothing is replaced:

    world = trading().when(order(order_qty=500)).then_some(an(OrderAccepted, order_qty=500))
    world.when(fill_report(world.child(), 100)).then_some(an(FillBooked, last_qty=100))

`given` is the smaller tool: it folds facts and events into a state, calls one `decide`, and checks
that the call does not change the state:

    given(*market()).when(risk.decide_halt, halt()).then(InstrumentHalted, ControlApplied)

Builders fill every field that a test does not name with the plainest value that passes.
"""

import json
import pickle
import types
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, NamedTuple, Self, TypeVar, get_args, get_type_hints

from engine import topology
from engine.core import events as e
from engine.core.controls.input_limits import QTY_MAX
from engine.core.state.finished_store import FinishedStore, MemoryStore
from engine.core.state.model import Book, Child, Fill, Order, Parent, Tranche
from engine.core.state.state import EVICT_AFTER_NS, State
from engine.log import codec
from engine.log.port import SHARED_TOPICS, Headers, Record
from engine.runtime.shard import Rules, Sealed, Shard

T = TypeVar("T")

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
CENT = 10_000_000
DAY = 20180102
OPEN_NS = 1_514_903_400 * SECOND  # 2018-01-02 09:30 in New York.
CLOSE_NS = OPEN_NS + 6 * HOUR + 30 * MINUTE
NOW_NS = OPEN_NS + HOUR  # The start of a world's clock, unless a test names another.
SOON_NS = NOW_NS + 50 * SECOND  # Within one interval of the default policy: all goes out at once.
INSTRUMENT = "AAPL"
SOURCE = "oms"
CLIENT = "c1"
LIT, OTHER_LIT, DARK = "N", "Q", "DP"

SETTINGS = {"limit_band_px": 10 * CENT, "quote_age_max_ns": 30 * SECOND, "tape_includes_own": False}


def px(price: float) -> int:
    """A price in currency units, to the hundredth of a cent."""
    return round(price * 10_000) * (CENT // 100)


# ---------------------------------------------------------------------------- builders


def make(kind: type, /, **said: Any) -> Any:  # noqa: ANN401  Any event.
    """An event with these fields, and the plainest value in every other."""
    hints = get_type_hints(kind)
    if "received_ns" in hints:
        said = {"received_ns": NOW_NS, **said}
    unsaid = [f.name for f in fields(kind) if f.name not in (*said, "seq", "at_ns", "cause")]
    return kind(**{name: _plain(hints[name]) for name in unsaid}, **said)


def _plain(hint: Any) -> Any:  # noqa: ANN401  Any annotation.
    if isinstance(hint, types.UnionType) and type(None) in get_args(hint):
        return None
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return next(iter(hint))
    return {int: 0, str: "", bool: False, bytes: b""}.get(hint, ())


def order(cl_ord_id: str = "o1", order_qty: int = 500, **said: Any) -> e.OrderSubmitted:  # noqa: ANN401
    """A client's order to buy; a LIMIT order if it has a limit."""
    kind = e.OrderType.MARKET if said.get("limit_px") is None else e.OrderType.LIMIT
    base = {
        "source": SOURCE,
        "client_id": CLIENT,
        "instrument_id": INSTRUMENT,
        "order_type": kind,
        "urgency": e.Urgency.NORMAL,
        "settlement": "REGULAR",
        "received_ns": NOW_NS,
    }
    found: e.OrderSubmitted = make(
        e.OrderSubmitted, **{**base, "cl_ord_id": cl_ord_id, "order_qty": order_qty, **said}
    )
    return found


def at_once(cl_ord_id: str = "o1", order_qty: int = 500, **said: Any) -> e.OrderSubmitted:  # noqa: ANN401
    """An order whose whole quantity goes out in the batch that takes it.

    Without a limit it takes what is shown; with a limit behind the market it rests.
    """
    return order(cl_ord_id, order_qty, **{"end_ns": SOON_NS, "must_complete": True, **said})


def amend(orig_cl_ord_id: str = "o1", **said: Any) -> e.OrderAmendRequested:  # noqa: ANN401
    base = {"source": SOURCE, "cl_ord_id": f"{orig_cl_ord_id}a", "instrument_id": INSTRUMENT}
    found: e.OrderAmendRequested = make(
        e.OrderAmendRequested, **{**base, "orig_cl_ord_id": orig_cl_ord_id, **said}
    )
    return found


def cancel(orig_cl_ord_id: str = "o1", **said: Any) -> e.OrderCancelRequested:  # noqa: ANN401
    base = {"source": SOURCE, "cl_ord_id": f"{orig_cl_ord_id}x", "instrument_id": INSTRUMENT}
    found: e.OrderCancelRequested = make(
        e.OrderCancelRequested, **{**base, "orig_cl_ord_id": orig_cl_ord_id, **said}
    )
    return found


def quote(
    venue: str = LIT,
    bid: float = 100.00,
    ask: float = 100.02,
    **said: Any,  # noqa: ANN401
) -> e.QuoteObserved:
    """A venue's best, a thousand on either side, received when the world begins."""
    base = {
        "instrument_id": INSTRUMENT,
        "bid_qty": 1_000,
        "ask_qty": 1_000,
        "event_ns": NOW_NS,
        "received_ns": NOW_NS,
    }
    found: e.QuoteObserved = make(
        e.QuoteObserved, **{**base, "venue": venue, "bid_px": px(bid), "ask_px": px(ask), **said}
    )
    return found


def depth(
    venue: str = LIT,
    bids: Iterable[tuple[float, int]] = ((100.00, 1_000),),
    asks: Iterable[tuple[float, int]] = ((100.02, 1_000),),
    **said: Any,  # noqa: ANN401
) -> e.DepthObserved:
    found: e.DepthObserved = make(
        e.DepthObserved,
        **{
            "venue": venue,
            "instrument_id": INSTRUMENT,
            "bids": tuple(e.Level(px=px(price), level_qty=qty) for price, qty in bids),
            "asks": tuple(e.Level(px=px(price), level_qty=qty) for price, qty in asks),
            "received_ns": NOW_NS,
            **said,
        },
    )
    return found


def trade(last_qty: int = 100, price: float = 100.01, **said: Any) -> e.TradeObserved:  # noqa: ANN401
    base = {"venue": LIT, "instrument_id": INSTRUMENT, "eligible": True, "received_ns": NOW_NS}
    found: e.TradeObserved = make(
        e.TradeObserved, **{**base, "last_qty": last_qty, "last_px": px(price), **said}
    )
    return found


def venue_status(
    venue: str = LIT,
    status: e.VenueStatus = e.VenueStatus.OPEN,
    **said: Any,  # noqa: ANN401
) -> e.VenueStatusObserved:
    found: e.VenueStatusObserved = make(e.VenueStatusObserved, venue=venue, status=status, **said)
    return found


def session(venue: str = LIT, *, up: bool = True, **said: Any) -> e.SessionStatusObserved:  # noqa: ANN401
    found: e.SessionStatusObserved = make(
        e.SessionStatusObserved, **{"venue": venue, "up": up, "session_day": DAY, **said}
    )
    return found


def report(
    child: Child,
    exec_type: e.ExecType = e.ExecType.NEW,
    exec_id: str = "",
    **said: Any,  # noqa: ANN401
) -> e.ExecutionReported:
    """A report of the child's venue; its id is its type unless the test names one."""
    found: e.ExecutionReported = make(
        e.ExecutionReported,
        **{
            "venue": child.terms.venue,
            "instrument_id": child.terms.instrument_id,
            "child_id": child.child_id,
            "exec_id": exec_id or f"{child.child_id}/{exec_type}",
            "exec_type": exec_type,
            "liquidity": e.Liquidity.REMOVED,
            "session_day": DAY,
            **said,
        },
    )
    return found


def fill_report(
    child: Child,
    last_qty: int,
    exec_id: str = "E1",
    **said: Any,  # noqa: ANN401
) -> e.ExecutionReported:
    """A fill at the child's limit, unless the test names a price."""
    said = {"last_qty": last_qty, "last_px": child.terms.limit_px, **said}
    return report(child, e.ExecType.TRADE, exec_id, **said)


def bust(child: Child, exec_ref_id: str = "E1", **said: Any) -> e.ExecutionReported:  # noqa: ANN401
    said = {"exec_id": f"{exec_ref_id}b", "exec_ref_id": exec_ref_id, **said}
    return report(child, e.ExecType.TRADE_CANCEL, **said)


def correction(
    child: Child,
    last_qty: int,
    exec_ref_id: str = "E1",
    **said: Any,  # noqa: ANN401
) -> e.ExecutionReported:
    said = {"last_px": child.terms.limit_px, "exec_id": f"{exec_ref_id}c", **said}
    said = {"last_qty": last_qty, "exec_ref_id": exec_ref_id, **said}
    return report(child, e.ExecType.TRADE_CORRECT, **said)


def not_sent(child: Child, **said: Any) -> e.NotSent:  # noqa: ANN401
    found: e.NotSent = make(e.NotSent, **{**_of(child), **said})
    return found


def send_started(child: Child, **said: Any) -> e.SendStarted:  # noqa: ANN401
    found: e.SendStarted = make(e.SendStarted, **{**_of(child), **said})
    return found


def cancel_rejected(child: Child, **said: Any) -> e.CancelRejected:  # noqa: ANN401
    found: e.CancelRejected = make(e.CancelRejected, **{**_of(child), **said})
    return found


def _of(child: Child) -> dict[str, str]:
    terms = child.terms
    return {
        "venue": terms.venue,
        "instrument_id": terms.instrument_id,
        "child_id": child.child_id,
    }


def policy(**said: Any) -> e.PolicySet:  # noqa: ANN401
    """No window: what comes in one batch is one parent and goes out at once."""
    base = {
        "policy_id": "p1",
        "window_ns": 0,
        "window_members": 100,
        "window_notional_cur": 10**9,
        "join_until_ppm": 500_000,
        "cross_quote_age_ns": 5 * SECOND,
        "strategy": e.Strategy.AUTO,
        "router": e.Router.AUTO,
        "allocation_rule": e.AllocationRule.QUOTA,
        "interval_ns": MINUTE,
        "tracking_band_ppm": 20_000,
        "min_slice_qty": 1,
        "max_slice_ppm": 1_000_000,
        "participation_ppm": 100_000,
        "horizon_high_ns": 5 * MINUTE,
        "horizon_normal_ns": 30 * MINUTE,
        "risk_aversion_e12": 1_000_000,
        "send_within_ns": 5 * SECOND,
        "px_band_ppm": 50_000,
        "quote_band_ppm": 50_000,
        "quote_band_spreads": 3,
        "quote_band_growth_ppm": 10_000,
        "quote_alone_ns": 10 * SECOND,
        "tape_silent_ns": 24 * HOUR,  # Most stories have no tape.
        "rate_window_ns": 10 * SECOND,
        "parent_routes_max": 100,
        "venue_routes_max": 4_000,
        "client_orders_max": 100_000,
        "client_changes_max": 40,
        "fruitless_max": 10,
        "progress_ppm": 100_000,
        "ack_within_ns": 24 * HOUR,  # Most stories leave out what their venues acknowledge.
        "asks_max": 2,
        "impossible_px_times": 2,
    }
    found: e.PolicySet = make(e.PolicySet, **{**base, **said})
    return found


def mandate(client_id: str = CLIENT, **said: Any) -> e.MandateSet:  # noqa: ANN401
    base = {
        "client_id": client_id,
        "active": True,
        "dark_allowed": True,
        "crossing_consent": True,
        "max_participation_ppm": 300_000,
    }
    found: e.MandateSet = make(e.MandateSet, **{**base, **said})
    return found


def risk_limit(
    scope: e.ControlScope = e.ControlScope.FIRM,
    scope_id: str = "",
    **said: Any,  # noqa: ANN401
) -> e.RiskLimitSet:
    """A limit that bounds an order's quantity by nothing less than the engine does."""
    currency = "USD" if scope is e.ControlScope.FIRM else ""
    base = {"scope": scope, "scope_id": scope_id, "max_order_qty": QTY_MAX, "currency": currency}
    found: e.RiskLimitSet = make(e.RiskLimitSet, **{**base, **said})
    return found


def allotment(
    allotted_notional_cur: int,
    scope: e.ControlScope = e.ControlScope.FIRM,
    scope_id: str = "",
    **said: Any,  # noqa: ANN401
) -> e.LimitAllotted:
    currency = "USD" if scope is e.ControlScope.FIRM else ""
    base = {"allotted_notional_cur": allotted_notional_cur, "scope_id": scope_id}
    said = {**base, "currency": currency, **said}
    found: e.LimitAllotted = make(e.LimitAllotted, scope=scope, **said)
    return found


def kill(
    scope: e.ControlScope = e.ControlScope.FIRM, scope_id: str = "", *, engaged: bool = True
) -> e.KillSwitchSet:
    found: e.KillSwitchSet = make(
        e.KillSwitchSet, scope=scope, scope_id=scope_id, engaged=engaged, text="test"
    )
    return found


def restriction(instrument_id: str = INSTRUMENT, *, restricted: bool = True) -> e.RestrictionSet:
    found: e.RestrictionSet = make(
        e.RestrictionSet, instrument_id=instrument_id, restricted=restricted
    )
    return found


def writer_key(writer: str = SOURCE, number: int = 1, **said: Any) -> e.WriterKeySet:  # noqa: ANN401
    """The key is no one's: only its name counts here."""
    said = {"topics": ("orders",), "public_key": f"{number:064x}", **said}
    found: e.WriterKeySet = make(e.WriterKeySet, writer=writer, **said)
    return found


def halt(instrument_id: str = INSTRUMENT) -> e.InstrumentHaltSet:
    found: e.InstrumentHaltSet = make(e.InstrumentHaltSet, instrument_id=instrument_id, text="test")
    return found


def lift(
    scope: e.ControlScope = e.ControlScope.INSTRUMENT, scope_id: str = INSTRUMENT
) -> e.SuspensionLifted:
    found: e.SuspensionLifted = make(e.SuspensionLifted, scope=scope, scope_id=scope_id)
    return found


def break_settled(break_id: str, **said: Any) -> e.BreakSettled:  # noqa: ANN401
    said = {"text": "seen to", "set_by": "desk", **said}
    found: e.BreakSettled = make(e.BreakSettled, break_id=break_id, **said)
    return found


def instructed(parent: Parent | str, action: e.ParentAction, **said: Any) -> e.ParentInstructed:  # noqa: ANN401
    """What the desk tells a parent."""
    parent_id = parent if isinstance(parent, str) else parent.parent_id
    said = {"text": "news", "set_by": "desk", **said}
    found: e.ParentInstructed = make(e.ParentInstructed, parent_id=parent_id, action=action, **said)
    return found


def day_opened(day: int = DAY, open_ns: int = OPEN_NS, **said: Any) -> e.DayOpened:  # noqa: ANN401
    said = {"close_ns": open_ns + CLOSE_NS - OPEN_NS, "seed": 7, **said}
    found: e.DayOpened = make(e.DayOpened, day=day, open_ns=open_ns, **said)
    return found


def day_closed(day: int = DAY) -> e.DayClosed:
    found: e.DayClosed = make(e.DayClosed, day=day)
    return found


def instrument(instrument_id: str = INSTRUMENT, **said: Any) -> e.InstrumentDefined:  # noqa: ANN401
    base = {
        "symbol": instrument_id,
        "currency": "USD",
        "lot_qty": 100,
        "adv_qty": 1_000_000,
        "daily_volatility_ppm": 15_000,
        "previous_close_px": px(100),
    }
    found: e.InstrumentDefined = make(
        e.InstrumentDefined, **{**base, "instrument_id": instrument_id, **said}
    )
    return found


def tick_table(*bands: tuple[int, int], instrument_id: str = INSTRUMENT) -> e.TickTableDefined:
    """Bands as (from_px, tick_px)."""
    found: e.TickTableDefined = make(
        e.TickTableDefined,
        instrument_id=instrument_id,
        bands=tuple(e.TickBand(from_px=start, tick_px=tick) for start, tick in bands),
    )
    return found


def venue(code: str = LIT, **said: Any) -> e.VenueDefined:  # noqa: ANN401
    """A lit exchange that takes everything."""
    base = {"kind": e.VenueKind.LIT, "protected": True, "posts": True, "odd_lots": True}
    found: e.VenueDefined = make(
        e.VenueDefined, **{**base, "venue": code, "name": code, "min_qty": 1, **said}
    )
    return found


def dark_venue(code: str = DARK, **said: Any) -> e.VenueDefined:  # noqa: ANN401
    """A pool that meets at the midpoint."""
    base = {"kind": e.VenueKind.DARK, "protected": False, "posts": False, "midpoint": True}
    return venue(code, **{**base, **said})


def fees(
    code: str = LIT, taker: int = 0, maker: int = 0, midpoint: int = 0
) -> e.FeeScheduleDefined:
    found: e.FeeScheduleDefined = make(
        e.FeeScheduleDefined,
        venue=code,
        taker_fee_px=taker,
        maker_fee_px=maker,
        midpoint_fee_px=midpoint,
    )
    return found


def calendar(**said: Any) -> e.CalendarDefined:  # noqa: ANN401
    base = {"calendar_id": "US", "time_zone": "America/New_York", "day": DAY}
    found: e.CalendarDefined = make(
        e.CalendarDefined, **{**base, "open_ns": OPEN_NS, "close_ns": CLOSE_NS, **said}
    )
    return found


def curve(
    edges_ns: Iterable[int],
    volumes_qty: Iterable[int],
    instrument_id: str = INSTRUMENT,
    observed_days: Iterable[int] = (),
) -> e.VolumeCurveDefined:
    found: e.VolumeCurveDefined = make(
        e.VolumeCurveDefined,
        instrument_id=instrument_id,
        edges_ns=tuple(edges_ns),
        volumes_qty=tuple(volumes_qty),
        observed_days=tuple(observed_days),
    )
    return found


class Raw(NamedTuple):
    """A record as bytes, for what no builder would write."""

    topic: str
    value: bytes = b"\x00\x00\x00\x00\x00"
    key: bytes | None = INSTRUMENT.encode()
    source: str | None = SOURCE  # None leaves the header out.
    number: int | None = None  # None takes the source's next one.


def market() -> tuple[Any, ...]:
    """Reference data, a day, a limit, clients and a quote: what trading needs."""
    return (
        instrument(),
        tick_table((0, CENT)),
        venue(LIT),
        venue(OTHER_LIT),
        calendar(),
        day_opened(),
        policy(),
        risk_limit(),
        mandate("c1"),
        mandate("c2"),
        mandate("c3"),
        quote(),
        trade(venue=OTHER_LIT, eligible=False),  # It is seen today, and shows nothing.
    )


# --------------------------------------------------------------------------- expecting


@dataclass(frozen=True)
class Expected:
    """An event of a kind with some of its fields."""

    kind: type
    said: Mapping[str, Any]

    def matches(self, event: object) -> bool:
        return type(event) is self.kind and all(
            getattr(event, name) == value for name, value in self.said.items()
        )

    def __repr__(self) -> str:
        said = ", ".join(f"{name}={value!r}" for name, value in self.said.items())
        return f"{self.kind.__name__}({said})"


def an(kind: type, /, **said: Any) -> Expected:  # noqa: ANN401
    """An event of this kind with these fields; the others may have any value."""
    unknown = set(said) - {f.name for f in fields(kind)}
    assert not unknown, f"{kind.__name__} has no {sorted(unknown)}"
    return Expected(kind, said)


def _expected(one: type | Expected) -> Expected:
    return one if isinstance(one, Expected) else Expected(one, {})


class Outcome:
    """The events of the last `when`, and the checks of them."""

    events: tuple[Any, ...] = ()

    def then(self, *expected: type | Expected) -> Self:
        """Exactly these events, in this order."""
        wanted = [_expected(one) for one in expected]
        found = self.events
        is_same = len(found) == len(wanted) and all(
            one.matches(event) for one, event in zip(wanted, found, strict=True)
        )
        assert is_same, f"expected {wanted}\nfound {self.story()}"
        return self

    def then_some(self, *expected: type | Expected) -> Self:
        """At least these, in this order."""
        left = iter(self.events)
        for one in map(_expected, expected):
            is_there = any(one.matches(event) for event in left)
            assert is_there, f"expected {one} in this place\nfound {self.story()}"
        return self

    def then_no(self, *kinds: type | Expected) -> Self:
        for one in map(_expected, kinds):
            assert not any(map(one.matches, self.events)), f"unexpected {one}\n{self.story()}"
        return self

    def all_of(self, kind: type[T]) -> list[T]:
        """The events of a kind in the last `when`."""
        return [event for event in self.events if type(event) is kind]

    def the(self, kind: type[T]) -> T:
        """The only event of a kind in the last `when`."""
        found = self.all_of(kind)
        assert len(found) == 1, f"expected one {kind.__name__}\nfound {self.story()}"
        return found[0]

    def story(self) -> str:
        return "\n".join(str(event) for event in self.events) or "nothing"


# ------------------------------------------------------------------------------- world


@dataclass(frozen=True)
class Recorded:
    """A sealed batch with the inputs that it consumed."""

    sealed: Sealed
    inputs: Mapping[str, tuple[Record, ...]]


class Round(NamedTuple):
    """The arguments of one step."""

    inputs: Mapping[str, tuple[Record, ...]]
    now_ns: int
    faulted: frozenset[str]


@dataclass
class World(Outcome):
    """One real shard, the log that it reads, and the batches that it sealed."""

    partitions: int = 1
    number: int = 0
    now_ns: int = NOW_NS
    settings: Mapping[str, Any] = field(default_factory=lambda: SETTINGS)
    evict_after_ns: int = EVICT_AFTER_NS
    store: Callable[[], FinishedStore] = MemoryStore
    shard: Shard = field(init=False)
    rounds: list[Round] = field(default_factory=list)
    batches: list[Recorded] = field(default_factory=list)
    events: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        self.shard = self.fresh_shard()
        self._positions: Counter[str] = Counter()
        self._numbers: Counter[str] = Counter()
        self._unsealed: dict[str, list[Record]] = defaultdict(list)

    def fresh_shard(self, store: FinishedStore | None = None) -> Shard:
        text = json.dumps(self.settings, sort_keys=True)
        rules = Rules(text, "test", "3", self.partitions, evict_after_ns=self.evict_after_ns)
        return Shard(self.number, rules, store or self.store())

    # Inputs.

    def given(self, *inputs: Any, after_ns: int = 0) -> Self:  # noqa: ANN401
        """The same as `when`, for inputs whose events the test does not check."""
        return self.when(*inputs, after_ns=after_ns)

    def when(
        self,
        *inputs: Any,  # noqa: ANN401  Inputs and Raw.
        after_ns: int = 0,
        faulted: Iterable[str] = (),
    ) -> Self:
        """One round with these inputs, so much later than the last."""
        self.now_ns += after_ns
        waiting: dict[str, list[Record]] = defaultdict(list)
        for one in inputs:
            topic = one.topic if isinstance(one, Raw) else e.TOPIC_OF[type(one)]
            waiting[topic].append(self._record(topic, one))
        return self._rounds(waiting, frozenset(faulted))

    def at(self, now_ns: int, *inputs: Any) -> Self:  # noqa: ANN401
        """One round at this time."""
        return self.when(*inputs, after_ns=now_ns - self.now_ns)

    def resend(self, back: int = 1) -> Self:
        """The newest records again, as from a writer that missed their acknowledgement."""
        batch = self.rounds[-back].inputs
        again = {
            topic: [
                record._replace(position=self._next(topic), offset=self._positions[topic])
                for record in records
            ]
            for topic, records in batch.items()
        }
        return self._rounds(again, frozenset())

    def _rounds(self, waiting: Mapping[str, list[Record]], faulted: frozenset[str]) -> Self:
        """Step until every record is consumed: a DayClosed ends a batch early, or several."""
        events: list[Any] = []
        while True:
            batch = {
                topic: tuple(r for r in records if r.position >= self._taken(topic))
                for topic, records in waiting.items()
            }
            before = len(self.shard._open.events)  # noqa: SLF001  What the round itself adds.
            sealed = self.shard.step(batch, self.now_ns, faulted=faulted)
            self.rounds.append(Round(batch, self.now_ns, faulted))
            for topic, records in batch.items():
                self._unsealed[topic] += [r for r in records if r.position < self._taken(topic)]
            if sealed is not None:
                events += sealed.events[before:]
                inputs = {topic: tuple(records) for topic, records in self._unsealed.items()}
                self.batches.append(Recorded(sealed, inputs))
                self._unsealed.clear()
            taken = (r.position < self._taken(t) for t, records in batch.items() for r in records)
            if all(taken) and not self.state.is_closing:
                break
        self.events = tuple(events)
        return self

    def _taken(self, topic: str) -> int:
        return self.shard.resume(topic).position

    def _next(self, topic: str) -> int:
        self._positions[topic] += 1
        return self._positions[topic] - 1

    def _record(self, topic: str, one: Any) -> Record:  # noqa: ANN401
        raw = one if isinstance(one, Raw) else self._encoded(topic, one)
        headers: Headers = ()
        if raw.source is not None:
            self._numbers[raw.source] += 1
            number = self._numbers[raw.source] if raw.number is None else raw.number
            name = "venue" if topic in ("venue-reports", "market-data") else "source"
            headers = ((name, raw.source.encode()), ("number", str(number).encode()))
        position = self._next(topic)
        return Record(position, position, self.now_ns // 10**6, raw.key, headers, raw.value)

    def _encoded(self, topic: str, one: Any) -> Raw:  # noqa: ANN401
        source = getattr(one, "source", None) or getattr(one, "venue", "test")
        source = "test" if topic == "controls" else source
        named = getattr(one, "instrument_id", None) if topic not in SHARED_TOPICS else None
        key = None if named is None else named.encode()
        return Raw(topic, codec.encode(one), key, source)

    # The state.

    @property
    def state(self) -> State:
        return self.shard.state

    def order(self, cl_ord_id: str = "o1", source: str = SOURCE) -> Order:
        order_id = self.state.order_id_of(source, cl_ord_id)
        assert order_id is not None, f"{cl_ord_id} is no order"
        return orders(self.state)[order_id]

    def tranche(self, cl_ord_id: str = "o1") -> Tranche:
        """The tranche in which an order is or last was a member."""
        return self.parent(cl_ord_id).tranche_of(self.order(cl_ord_id).order_id)

    def parent(self, cl_ord_id: str = "o1") -> Parent:
        """The newest parent that an order is or was a member of."""
        order_id = self.order(cl_ord_id).order_id
        known = parents(self.state)
        return max((p for p in known if order_id in p.members), key=lambda p: p.seq)

    def children(self) -> list[Child]:
        """Live children, in the order in which they were routed."""
        return [child for child in self.state.children.values() if child.is_live]

    def child(self) -> Child:
        """The only live child."""
        found = self.children()
        assert len(found) == 1, f"expected one live child, found {found}"
        return found[0]

    def book(self, instrument_id: str = INSTRUMENT) -> Book:
        return self.state.book(instrument_id)

    def history(self) -> list[Any]:
        """Every sealed event since the world began."""
        return [event for batch in self.batches for event in batch.sealed.events]

    # The other uses of the loop.

    def folded(self) -> Shard:
        """A fresh shard that folded every sealed batch."""
        shard = self.fresh_shard()
        for batch in self.batches:
            decoded = [
                codec.decode(codec.topic_of(x), codec.encode(x)) for x in batch.sealed.events
            ]
            shard.fold(batch.sealed.seal, batch.inputs, decoded)
        return shard

    def stepped_again(self, shard: Shard | None = None) -> list[Sealed]:
        """The batches of a fresh shard that takes the same rounds."""
        shard = shard or self.fresh_shard()
        sealed = [shard.step(r.inputs, r.now_ns, faulted=r.faulted) for r in self.rounds]
        return [one for one in sealed if one is not None]


def parents(state: State) -> list[Parent]:
    """Every parent of the day, working, ended or stored."""
    return [*state.parents_of_day()]


def orders(state: State) -> dict[str, Order]:
    """Every order of the day."""
    members = (member for parent in parents(state) for member in parent.members.values())
    return {**{m.order.order_id: m.order for m in members}, **state.orders}


def children(state: State) -> dict[str, Child]:
    """Every child of the day."""
    ended = (child for parent in parents(state) for child in parent.ended_children)
    return {**{child.child_id: child for child in ended}, **state.children}


def fills(state: State) -> dict[str, Fill]:
    """Every fill of the day, after busts and corrections."""
    return {fill.fill_id: fill for parent in parents(state) for fill in parent.fills}


def trading(*more: Any, **said: Any) -> World:  # noqa: ANN401
    """A world in the middle of a trading day, with an order book and three clients."""
    return World(**said).given(*market()).given(*more)


# ------------------------------------------------------------------------------- given


@dataclass
class Scene(Outcome):
    """A state into which facts and events were folded, to call one `decide` on."""

    state: State
    events: tuple[Any, ...] = ()

    def given(self, *items: Any, at_ns: int = NOW_NS) -> Self:  # noqa: ANN401
        for item in items:
            self.fold(item, at_ns)
        return self

    def fold(self, item: Any, at_ns: int = NOW_NS) -> str:  # noqa: ANN401
        """Fold a fact or an event; returns an event's id."""
        state = self.state
        if not hasattr(item, "seq"):
            for apply in topology.FACT[type(item)]:
                apply(state, item)
            return ""
        seq = state.next_seq
        e.stamp(item, seq, at_ns, "test")
        for apply in topology.EVOLVE[type(item)]:
            apply(state, item)
        state.next_seq = seq + 1
        return state.event_id(seq)

    def when(
        self,
        decide: Callable[[State, Any, int], tuple[e.StageEvent, ...]],
        item: Any,  # noqa: ANN401  An input, an event that was not folded yet, or a parent.
        now_ns: int = NOW_NS,
    ) -> Self:
        """Call one `decide` or planning step; it must leave the state as it found it."""
        is_fresh = getattr(item, "seq", None) == e.UNSTAMPED
        if is_fresh or (not hasattr(item, "seq") and type(item) in topology.FACT):
            self.fold(item, now_ns)
        before = pickle.dumps(self.state)
        self.events = decide(self.state, item, now_ns)
        assert pickle.dumps(self.state) == before, f"{decide} changed the state"
        return self


def given(*items: Any, shard: int = 0) -> Scene:  # noqa: ANN401
    """A state that has seen these facts and events, in this order."""
    return Scene(State(shard=shard)).given(*items)


def event(kind: type, /, **said: Any) -> Any:  # noqa: ANN401
    """A stage event, unstamped; `given` stamps it."""
    return make(kind, **said)
