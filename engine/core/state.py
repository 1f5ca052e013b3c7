"""What a shard knows: mutable slots that only `evolve` functions write.

Everything here is a fold of facts, events and seals, in that order of a batch. Nothing is derived
from a clock, and nothing iterates a set, so two folds of one log are equal to the last byte. What
is dropped at the close of a day and what survives it stands in `day`.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, NamedTuple, Self

from engine.core.events import (
    BreakCarried,
    BreakFlagged,
    CalendarDefined,
    Change,
    ChildRouted,
    DayOpened,
    FeeScheduleDefined,
    InstrumentDefined,
    LimitAllotted,
    MandateSet,
    OrderAccepted,
    ParentOpened,
    PlanAdopted,
    PolicySet,
    RiskLimitSet,
    Side,
    TickTableDefined,
    VenueDefined,
    VenueStatus,
    VolumeCurveDefined,
)
from engine.core.shelf import ExecutionKey, MemoryShelf, Shelf, Shelved, order_key

NEVER_NS = 2**63 - 1  # Beyond every time that an event can hold.

SHELVE_AFTER_NS = 5_000_000_000  # What comes late mostly comes sooner; a guess.

# What touched a parent since the last seal; planning reads it, the seal clears it.
DUE, FILL, CROSS, MEMBERS, BUST, RETURNED, MARKET, CONTROL = (1 << bit for bit in range(8))


@dataclass(slots=True)
class Settings:
    """What of the configuration decides; adopted by an event, so it is in the log."""

    quote_age_max_ns: int = 30_000_000_000
    limit_band_px: int = 100_000_000
    tape_includes_own: bool = False
    partitions: int = 1  # Shards; where nobody says, this one has every instrument.


@dataclass(slots=True)
class PendingChange:
    """A cancel or amend that waits until no child covers the quantity."""

    cl_ord_id: str
    change: Change
    order_qty: int
    limit_px: int | None


@dataclass(slots=True)
class Order:
    """A client's small order. order_qty = crossed + allocated + withdrawn + open, always."""

    order_id: str
    terms: OrderAccepted
    cl_ord_id: str
    order_qty: int
    limit_px: int | None
    start_ns: int
    end_ns: int
    crossed_qty: int = 0
    allocated_qty: int = 0
    withdrawn_qty: int = 0
    parent_id: str = ""  # Empty before its first parent and after its last.
    pending: PendingChange | None = None
    change_ids: tuple[str, ...] = ()  # Of requests that were noted.
    homes: int = 0  # Parents in the state's indices that it is or was a member of.
    is_shared: bool = False  # One of its parents lies on the shelf without it.

    @property
    def open_qty(self) -> int:
        return self.order_qty - self.crossed_qty - self.allocated_qty - self.withdrawn_qty


@dataclass(slots=True)
class Member:
    """An order's time in one parent."""

    order: Order
    member_qty: int  # All it ever brought.
    crossed_qty: int = 0
    allocated_qty: int = 0
    left_qty: int = 0
    is_active: bool = True

    @property
    def open_qty(self) -> int:
        return self.member_qty - self.crossed_qty - self.allocated_qty - self.left_qty


class Basis(NamedTuple):
    """By what the fills of an epoch are shared, and what was given since; one place a member."""

    members: list[Member]
    order_ids: list[str]
    qtys: list[int]  # What each had open.
    held: list[int]


@dataclass(slots=True)
class Child:
    """A child order at a venue; live while something of it may still fill."""

    child_id: str
    terms: ChildRouted
    routed_ns: int
    leaves_qty: int
    filled_qty: int = 0
    first_fill_ns: int = -1
    cost_millibps_qty: int = 0  # Sum of cost against the mid times quantity.
    costed_qty: int = 0  # Filled while there was a mid.
    is_acknowledged: bool = False
    is_cancelling: bool = False
    is_unknown: bool = False
    is_live: bool = True


@dataclass(slots=True)
class Fill:
    """A booked fill as it stands now: busted to nothing, or corrected."""

    fill_id: str
    child: Child
    last_qty: int
    last_px: int
    order_ids: tuple[str, ...] = ()  # Who has a part of it.
    shares_qty: tuple[int, ...] = ()  # The parts, in that order.
    error_qty: int = 0
    executions: tuple[ExecutionKey, ...] = ()  # Of itself, its bust and its corrections.

    @property
    def shares(self) -> dict[str, int]:
        return dict(zip(self.order_ids, self.shares_qty, strict=True))


class Tape(NamedTuple):
    """The day's counters of an instrument at a moment."""

    volume_qty: int
    notional: int
    own_filled_qty: int
    own_notional: int
    px_ns: int  # Sum of price times ns in force.
    priced_ns: int


NO_TAPE = Tape(0, 0, 0, 0, 0, 0)


@dataclass(slots=True)
class Parent:
    """A parent order: its members, what it works with, and where it stands."""

    parent_id: str
    seq: int
    terms: ParentOpened
    due_ns: int
    limit_px: int | None = None
    members: dict[str, Member] = field(default_factory=dict)
    consenting: dict[str, Member] = field(default_factory=dict)  # Members that may cross.
    clients: dict[str, int] = field(default_factory=dict)  # Active members of each, count.
    epoch: int = 0
    open_qty: int = 0  # What its active members still want.
    exposure_qty: int = 0  # Leaves of its live children, unknown ones too.
    filled_qty: int = 0
    crossed_qty: int = 0
    error_qty: int = 0
    notional: int = 0  # Sum of px * qty of the venue fills that stand.
    is_released: bool = False
    is_ended: bool = False
    member_count: int = 0  # Active members.
    released_ns: int = -1
    arrival_mid_px: int | None = None
    base: Tape = field(default_factory=lambda: NO_TAPE)  # The day's counters at the release.
    plan: PlanAdopted | None = None
    aggressiveness_ppm: int = 0
    children: dict[str, Child] = field(default_factory=dict)  # Live ones.
    pending: dict[str, Order] = field(default_factory=dict)  # Members with a pending change.
    basis: Basis | None = None  # Until the first fill after a change of what members want.
    ended_children: list[Child] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)

    @property
    def done_qty(self) -> int:
        return self.filled_qty + self.crossed_qty

    @property
    def pool_qty(self) -> int:
        """Open quantity that no child covers; negative only after a venue's overfill."""
        return self.open_qty - self.exposure_qty

    @property
    def is_working(self) -> bool:
        return self.is_released and not self.is_ended

    def active_members(self) -> Iterator[Member]:
        return (member for member in self.members.values() if member.is_active)


@dataclass(slots=True)
class Quote:
    """A venue's best bid and ask; a side without a quote is 0."""

    bid_px: int
    bid_qty: int
    ask_px: int
    ask_qty: int
    received_ns: int


@dataclass(slots=True)
class Book:
    """What the market and we ourselves show in one instrument."""

    quotes: dict[str, Quote] = field(default_factory=dict)
    volume_qty: int = 0  # Eligible prints of the day.
    notional: int = 0
    last_px: int = 0
    last_px_ns: int = 0  # Since when it has been in force.
    px_ns: int = 0  # Sum of price times ns in force, but for the last price.
    priced_ns: int = 0  # Time that some price was in force, but for the last one's.
    own_filled_qty: int = 0  # Our fills as first booked, to take out of a tape that shows them.
    own_notional: int = 0
    own: dict[str, dict[str, Child]] = field(default_factory=dict)  # Live children by venue.
    limited: dict[str, Parent] = field(default_factory=dict)  # Working parents with a limit.


class Views(dict[str, Any]):
    """What was worked out of an instrument's book, to be forgotten at any time.

    It is no part of what a shard knows: states are compared and saved without it.
    """

    def __reduce__(self) -> tuple[type[Self], tuple[()]]:
        return type(self), ()


class Lesson(NamedTuple):
    """What a child that ended teaches; None where it tells nothing."""

    fill_ppm: int | None = None  # Of a resting child.
    speed_ns: int | None = None  # Of a resting child that was filled.
    cost_millibps: int | None = None  # Of a taking child that was filled.


@dataclass(slots=True)
class Scorecard:
    """What a venue was like, learned from our own reports alone."""

    version: int = 0
    samples: int = 0
    fill_ppm: int = 0
    speed_ns: int = 0
    cost_millibps: int = 0
    take_samples: int = 0
    fresh: list[Lesson] = field(default_factory=list)  # Of children since the last update.


@dataclass(slots=True)
class Reference:
    """Instruments, venues and calendars, each as last defined."""

    instruments: dict[str, InstrumentDefined] = field(default_factory=dict)
    ticks: dict[str, TickTableDefined] = field(default_factory=dict)
    venues: dict[str, VenueDefined] = field(default_factory=dict)
    fees: dict[str, FeeScheduleDefined] = field(default_factory=dict)
    calendars: dict[str, CalendarDefined] = field(default_factory=dict)
    curves: dict[str, VolumeCurveDefined] = field(default_factory=dict)


@dataclass(slots=True)
class Controls:
    """What people set: kill switches, limits, mandates, policy; keyed by (scope, id)."""

    killed: dict[tuple[str, str], str] = field(default_factory=dict)
    limits: dict[tuple[str, str], RiskLimitSet] = field(default_factory=dict)
    allotments: dict[tuple[str, str], LimitAllotted] = field(default_factory=dict)
    mandates: dict[str, MandateSet] = field(default_factory=dict)
    restricted: dict[str, str] = field(default_factory=dict)
    policy: PolicySet | None = None


@dataclass(slots=True)
class Carried:
    """What a close writes for the next day, and nothing else of the day survives."""

    orders: dict[str, Order] = field(default_factory=dict)
    scorecards: dict[str, Scorecard] = field(default_factory=dict)
    breaks: dict[str, BreakFlagged | BreakCarried] = field(default_factory=dict)
    venue_status: dict[str, VenueStatus] = field(default_factory=dict)
    sessions_down: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Standing:
    """The facts that a close says again; empty but in the batch of a close."""

    reference: Reference = field(default_factory=Reference)
    controls: Controls = field(default_factory=Controls)
    is_whole: bool = False  # All of them were said.


@dataclass(slots=True)
class State:
    """Everything a shard knows."""

    shard: int
    settings: Settings = field(default_factory=Settings)
    settings_text: str = ""
    next_seq: int = 0
    sealed_ns: int = 0
    sealed_seq: int = 0  # The next seq after the last seal.
    seals: int = 0  # Of the day; what lies on the shelf is in their order, events or none.
    day_seq: int = 0  # The next seq after the last close.
    day: DayOpened | None = None
    reference: Reference = field(default_factory=Reference)
    controls: Controls = field(default_factory=Controls)
    spent_notional: dict[tuple[str, str], int] = field(default_factory=dict)  # 1e-9 units.
    halted: dict[str, str] = field(default_factory=dict)  # Instrument to text.
    suspended: dict[tuple[str, str], int] = field(default_factory=dict)  # To the source's number.
    sessions_down: dict[str, int] = field(default_factory=dict)  # Venue to since when.
    venue_status: dict[str, VenueStatus] = field(default_factory=dict)
    books: dict[str, Book] = field(default_factory=dict)
    views: Views = field(default_factory=Views, compare=False, repr=False)  # Of market's.
    orders: dict[str, Order] = field(default_factory=dict)
    order_ids: dict[tuple[str, str], str] = field(default_factory=dict)  # (source, its id).
    # (source, its id) to the reason, the oldest first; bounded.
    refused: OrderedDict[tuple[str, str], str] = field(default_factory=OrderedDict)
    parents: dict[str, Parent] = field(default_factory=dict)  # Not ended.
    parents_ended: dict[str, Parent] = field(default_factory=dict)
    joinable: dict[tuple[object, ...], list[Parent]] = field(default_factory=dict)  # By key.
    by_side: dict[tuple[str, Side], dict[str, Parent]] = field(default_factory=dict)
    children: dict[str, Child] = field(default_factory=dict)
    fills: dict[str, Fill] = field(default_factory=dict)
    executions: dict[ExecutionKey, str] = field(default_factory=dict)  # To fill id.
    # Of the last six, what is finished lies on the shelf; `ended` says when it is looked at.
    ended: OrderedDict[str, int] = field(default_factory=OrderedDict)  # Parent id to ns.
    shelve_after_ns: int = SHELVE_AFTER_NS
    shelf: Shelf = field(default_factory=MemoryShelf, compare=False, repr=False)
    shelved: Shelved = field(default_factory=Shelved)
    scorecards: dict[str, Scorecard] = field(default_factory=dict)
    breaks: dict[str, BreakFlagged | BreakCarried] = field(default_factory=dict)
    flagged: dict[tuple[object, ...], str] = field(default_factory=dict)  # To break id.
    touched: dict[str, int] = field(default_factory=dict)  # Parent id to bits.
    unplaced: dict[str, Order] = field(default_factory=dict)  # Carried, not in a parent yet.
    carried: Carried = field(default_factory=Carried)  # What the close leaves.
    standing: Standing = field(default_factory=Standing)  # And what is in force then.

    def event_id(self, seq: int) -> str:
        return f"{self.shard}-{seq}"

    def parent(self, parent_id: str) -> Parent:
        """A parent of the day, wherever it lies. Who changes it has it taken down first."""
        found = self.parents.get(parent_id) or self.parents_ended.get(parent_id)
        return found or self.shelf.look(parent_id, self.orders)

    def order_id_of(self, source: str, cl_ord_id: str) -> str | None:
        """The order that a source named so. One that is not in `orders` has nothing open."""
        order_id = self.order_ids.get((source, cl_ord_id))
        if order_id is not None or not self.shelved.orders:
            return order_id
        found = self.shelf.find(order_key(source, cl_ord_id))
        return None if found is None else found.name

    def parents_of_day(self) -> Iterator[Parent]:
        """Every parent, at work, ended or on the shelf; for who checks."""
        return chain(
            self.parents.values(), self.parents_ended.values(), self.shelf.parents(self.orders)
        )

    def book(self, instrument_id: str) -> Book:
        """The instrument's book; an empty one if nothing was seen."""
        return self.books.get(instrument_id) or Book()

    def touch(self, parent_id: str, bits: int) -> None:
        self.touched[parent_id] = self.touched.get(parent_id, 0) | bits
