"""The state of a shard: mutable slots that only `evolve` functions write.

Everything here is a fold of facts, events and seals, in that order of a batch. Nothing comes from a
clock, and nothing iterates a set, so two folds of one log are equal to the last byte. `day` says
what a close drops and what it carries to the next day.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Self

from engine.core.events import (
    BreakCarried,
    BreakFlagged,
    BreakReason,
    CalendarDefined,
    CorporateActionDefined,
    DayOpened,
    FeeScheduleDefined,
    InstrumentDefined,
    LimitAllotted,
    MandateSet,
    PolicySet,
    RiskLimitSet,
    Side,
    SliceReleased,
    TickTableDefined,
    VenueDefined,
    VenueStatus,
    VolumeCurveDefined,
    WriterKeySet,
)
from engine.core.state.finished_store import FinishedStore, MemoryStore, StoreTotals, order_key
from engine.core.state.limit_ladder import Aged, LimitLadder, SortedKeys
from engine.core.state.model import (
    Book,
    Child,
    Dealing,
    ExecutionKey,
    Fill,
    MoreBreaks,
    Order,
    Parent,
    Pools,
    Position,
    Scorecard,
)

NEVER_NS = 2**63 - 1  # Beyond every time that an event can hold.

EVICT_AFTER_NS = 5_000_000_000  # Most late reports come within five seconds; a guess.

# Why a parent was touched since the last seal; planning reads the bits, the seal clears them.
DUE, FILL, CROSS, MEMBERS, BUST, RETURNED, MARKET, CONTROL, SILENT = (1 << bit for bit in range(9))


def seq_of(event_id: str) -> int:
    """The seq in an event's id; it grows over days, and over logs that go on from each other."""
    return int(event_id.rpartition("-")[2])


@dataclass(slots=True)
class Settings:
    """The settings that decisions depend on; adopted by an event, so they are in the log."""

    quote_age_max_ns: int = 30_000_000_000
    limit_band_px: int = 100_000_000
    tape_includes_own: bool = False
    partitions: int = 1  # Shards; by default this one has every instrument.


class Views(dict[Any, Any]):
    """A cache of values computed from a book or a parent; any entry may be dropped at any time.

    It is no part of the state: states are compared, hashed and saved without it.
    """

    def __reduce__(self) -> tuple[type[Self], tuple[()]]:
        return type(self), ()


ReferenceName = str | tuple[str, int]  # Of a record: what it defines; a calendar's day.


@dataclass(slots=True)
class Reference:
    """Instruments, venues and calendars, each as defined for the day; see `market.reference`."""

    instruments: dict[str, InstrumentDefined] = field(default_factory=dict)
    ticks: dict[str, TickTableDefined] = field(default_factory=dict)
    venues: dict[str, VenueDefined] = field(default_factory=dict)
    fees: dict[str, FeeScheduleDefined] = field(default_factory=dict)
    calendars: dict[tuple[str, int], CalendarDefined] = field(default_factory=dict)  # By id, day.
    curves: dict[str, VolumeCurveDefined] = field(default_factory=dict)
    # Corporate actions that orders have to meet, and those of closed days, which they have met.
    actions: dict[str, CorporateActionDefined] = field(default_factory=dict)
    settled: dict[str, CorporateActionDefined] = field(default_factory=dict)
    # Records of other days than the one in force, by index and name, the earliest first.
    waiting: dict[tuple[str, ReferenceName], tuple[Any, ...]] = field(default_factory=dict)


@dataclass(slots=True)
class Controls:
    """Controls in force: kill switches, limits, mandates, policy; by (scope, id) or by id.

    Limits and allotments are by the key of `controls.limits`: the firm's have their currency.
    """

    killed: dict[tuple[str, str], str] = field(default_factory=dict)
    limits: dict[tuple[str, str], RiskLimitSet] = field(default_factory=dict)
    allotments: dict[tuple[str, str], LimitAllotted] = field(default_factory=dict)
    mandates: dict[str, MandateSet] = field(default_factory=dict)
    restricted: dict[str, str] = field(default_factory=dict)
    policy: PolicySet | None = None
    # Each writer's keys, in the order of their adoption; `controls.writers` says which counts.
    writer_keys: dict[str, tuple[WriterKeySet, ...]] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)  # Of each sender's last control.
    closed_day: int = 0  # The last day that closed; 0 before the first.


@dataclass(slots=True)
class Carried:
    """Orders, their parents, scorecards, breaks and venue states that a close carries.

    Nothing else of the day survives.
    """

    orders: dict[str, Order] = field(default_factory=dict)
    parents: dict[str, Parent] = field(default_factory=dict)  # Ended ones.
    scorecards: dict[str, Scorecard] = field(default_factory=dict)
    breaks: dict[str, BreakFlagged | BreakCarried] = field(default_factory=dict)
    more_breaks: dict[tuple[str, BreakReason], MoreBreaks] = field(default_factory=dict)
    venue_status: dict[str, VenueStatus] = field(default_factory=dict)
    sessions_down: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class CarriedFacts:
    """The facts in force that a close carries; filled only in the batch of a close."""

    reference: Reference = field(default_factory=Reference)
    controls: Controls = field(default_factory=Controls)
    is_whole: bool = False  # The close has written all of them.


@dataclass(slots=True)
class State:
    """Everything that a shard knows."""

    shard: int
    settings: Settings = field(default_factory=Settings)
    settings_text: str = ""
    next_seq: int = 0
    sealed_ns: int = 0
    sealed_seq: int = 0  # The next seq after the last seal.
    seals: int = 0  # Of the day; the finished store orders its changes by it.
    day_seq: int = 0  # The next seq after the last close.
    day: DayOpened | None = None
    is_closing: bool = False  # The day has closed; later batches end what one had no room for.
    reference: Reference = field(default_factory=Reference)
    controls: Controls = field(default_factory=Controls)
    # Clients whose mandate became narrower today, and keys of limits that became lower, while
    # parents were at work.
    narrowed: dict[str, None] = field(default_factory=dict)
    lowered: dict[tuple[str, str], None] = field(default_factory=dict)
    spent_notional: dict[tuple[str, str, str], int] = field(default_factory=dict)  # 1e-9 units.
    halted: dict[str, str] = field(default_factory=dict)  # Instrument to text.
    suspended: dict[tuple[str, str], int] = field(default_factory=dict)  # To a record's number.
    sessions_down: dict[str, int] = field(default_factory=dict)  # Venue to start, ns.
    sessions_up: dict[str, int] = field(default_factory=dict)  # Venue to its last start, ns.
    venue_status: dict[str, VenueStatus] = field(default_factory=dict)
    books: dict[str, Book] = field(default_factory=dict)
    views: Views = field(default_factory=Views, compare=False, repr=False)  # Of `consolidated`.
    # See `open_parts`; by parent and the numbers of its tranches.
    open_parts: Views = field(default_factory=Views, compare=False, repr=False)
    willing_parts: Views = field(default_factory=Views, compare=False, repr=False)
    # See `chances`; by kind of venue, venue and cell.
    chances: Views = field(default_factory=Views, compare=False, repr=False)
    sessions: Views = field(default_factory=Views, compare=False, repr=False)  # See `hours`.
    bands: Views = field(default_factory=Views, compare=False, repr=False)  # By parent.
    # See `schedules`; by instrument.
    curve_shares: Views = field(default_factory=Views, compare=False, repr=False)
    orders: dict[str, Order] = field(default_factory=dict)
    order_ids: dict[tuple[str, str], str] = field(default_factory=dict)  # (source, cl_ord_id).
    # (source, cl_ord_id) to the reason, the oldest first; bounded.
    refused: OrderedDict[tuple[str, str], str] = field(default_factory=OrderedDict)
    positions: dict[tuple[str, str, str], Position] = field(default_factory=dict)  # By limit.
    dealings: dict[tuple[str, str], Dealing] = field(default_factory=dict)  # (client, instrument).
    parents: dict[str, Parent] = field(default_factory=dict)  # Not ended.
    parents_ended: dict[str, Parent] = field(default_factory=dict)
    joinable: dict[tuple[object, ...], dict[str, Parent]] = field(default_factory=dict)  # By key.
    by_side: dict[tuple[str, Side], SortedKeys[Aged]] = field(default_factory=dict)
    # Parents with quantity to cross, by instrument, side and the terms of a cross; see `netting`.
    offers: dict[tuple[str, ...], LimitLadder] = field(default_factory=dict)
    children: dict[str, Child] = field(default_factory=dict)
    fills: dict[str, Fill] = field(default_factory=dict)
    executions: dict[ExecutionKey, str] = field(default_factory=dict)  # To fill id.
    # Finished parents leave the indices for the store; `ended` says when each is checked next.
    ended: OrderedDict[str, int] = field(default_factory=OrderedDict)  # Parent id to ns.
    evict_after_ns: int = EVICT_AFTER_NS
    finished: FinishedStore = field(default_factory=MemoryStore, compare=False, repr=False)
    store_totals: StoreTotals = field(default_factory=StoreTotals)
    scorecards: dict[str, Scorecard] = field(default_factory=dict)
    pools: Pools = field(default_factory=Pools)  # Of the scorecards.
    session_days: dict[str, tuple[int, ...]] = field(default_factory=dict)  # Of fills, by venue.
    breaks: dict[str, BreakFlagged | BreakCarried] = field(default_factory=dict)  # Open ones.
    more_breaks: dict[tuple[str, BreakReason], MoreBreaks] = field(default_factory=dict)
    flagged: dict[tuple[object, ...], str] = field(default_factory=dict)  # To break id.
    touched: dict[str, int] = field(default_factory=dict)  # Parent id to bits.
    slices: dict[str, SliceReleased] = field(default_factory=dict)  # Of the batch, by parent.
    # What they may take of each client and instrument, until they are routed.
    sliced: dict[tuple[str, str], int] = field(default_factory=dict)
    # When each name's rate is used up to, ns; the name that was counted longest ago is first.
    rates: OrderedDict[tuple[str, ...], int] = field(default_factory=OrderedDict)
    # See `due_index`. A heap of (ns, seq, parent id), in which left entries may stay for a while.
    dues: list[tuple[int, int, str]] = field(default_factory=list, compare=False, repr=False)
    # See `awaited`. Heaps of (ns, seq, child id), in which left entries may stay for a while.
    awaited: dict[str, list[tuple[int, int, str]]] = field(
        default_factory=dict, compare=False, repr=False
    )
    # Parent id to the ids of its children whose answer is late in this batch.
    late: dict[str, dict[str, None]] = field(default_factory=dict)
    # Parents whose limit the market reached or left and that are not planned yet, the first first.
    reached: OrderedDict[str, None] = field(default_factory=OrderedDict)
    review: int = 0  # Number of the last control that concerns every open parent.
    # Open parents with and without live children to the last review of each, the lowest first.
    exposed: OrderedDict[str, int] = field(default_factory=OrderedDict)
    idle: OrderedDict[str, int] = field(default_factory=OrderedDict)
    unplaced: dict[str, Order] = field(default_factory=dict)  # Carried, not in a parent yet.
    # Of these the ones to judge next, those of this batch, and by instrument those that wait for a
    # price; see `good_till_cancel`.
    unjudged: OrderedDict[str, None] = field(default_factory=OrderedDict)
    judging: dict[str, None] = field(default_factory=dict)
    unpriced: dict[str, dict[str, None]] = field(default_factory=dict)
    carried: Carried = field(default_factory=Carried)  # Of the close.
    carried_facts: CarriedFacts = field(default_factory=CarriedFacts)  # Of the close as well.

    def event_id(self, seq: int) -> str:
        return f"{self.shard}-{seq}"

    def parent(self, parent_id: str) -> Parent:
        """A parent of the day, also a stored one; an `evolve` that changes it reloads it first."""
        found = self.parents.get(parent_id) or self.parents_ended.get(parent_id)
        return found or self.finished.peek(parent_id, self.orders)

    def order_id_of(self, source: str, cl_ord_id: str) -> str | None:
        """The order with a source's cl_ord_id. If it is not in `orders`, nothing of it is open."""
        order_id = self.order_ids.get((source, cl_ord_id))
        if order_id is not None or not self.store_totals.orders:
            return order_id
        found = self.finished.find(order_key(source, cl_ord_id))
        return None if found is None else found.name

    def orders_by_age(self) -> list[Order]:
        """The orders of the index by acceptance; their places in it tell of reloads as well."""
        return sorted(self.orders.values(), key=lambda x: (x.terms.received_ns, seq_of(x.order_id)))

    def parents_of_day(self) -> Iterator[Parent]:
        """Every parent of the day: working, ended or stored; for checks."""
        return chain(
            self.parents.values(), self.parents_ended.values(), self.finished.parents(self.orders)
        )

    def book(self, instrument_id: str) -> Book:
        """The instrument's book; an empty one before its first quote, print or child."""
        return self.books.get(instrument_id) or Book()

    def place(self, order_id: str) -> bool:
        """Whether an order was a carried one without a parent, which it is no more."""
        self.unjudged.pop(order_id, None)
        return self.unplaced.pop(order_id, None) is not None

    def touch(self, parent_id: str, bits: int) -> None:
        self.touched[parent_id] = self.touched.get(parent_id, 0) | bits
