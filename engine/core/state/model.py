"""The records of a state: orders, parents, children, fills, quotes and scorecards.

They are mutable slots that only `evolve` functions write.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from engine.core.events import (
    Change,
    ChildRouted,
    OrderAccepted,
    OrderAmended,
    OrderChangePending,
    OrderType,
    ParentOpened,
    PlanAdopted,
    Side,
    TimeInForce,
)
from engine.core.state.limit_ladder import LimitLadder

ExecutionKey = tuple[str, int, str, str]  # Venue, session day, ExecID, ExecType.
# The terms that an amend may change besides quantity and limit; None leaves one as it is.
AMENDABLE = (
    *("order_type", "time_in_force", "end_ns", "display_qty", "must_complete"),
    "max_participation_ppm",
)


@dataclass(slots=True)
class PendingChange:
    """A cancel or amend that waits until no child covers the quantity."""

    cl_ord_id: str
    change: Change
    order_qty: int
    limit_px: int | None
    order_type: OrderType | None = None
    time_in_force: TimeInForce | None = None
    end_ns: int | None = None
    display_qty: int | None = None
    must_complete: bool | None = None
    max_participation_ppm: int | None = None


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
    notional: int = 0  # Sum of px * qty of what is crossed and allocated.
    is_expired: bool = False  # The last withdrawal was an expiry.
    parent_id: str = ""  # Empty before its first parent and after its last.
    pending: PendingChange | None = None
    change_ids: tuple[str, ...] = ()  # Of the amends and cancels that were accepted.
    is_over: bool = False  # Cancelled or expired: a bust withdraws what it gives back.
    # Parents in the state's indices that it is or was a member of; one more while it waits for its
    # first parent of the day.
    homes: int = 0
    held_ns: int = -1  # When a carried order was last told to wait, and for what.
    held_for: str = ""
    is_shared: bool = False  # One of its parents is in the finished store without it.
    parent_ids: tuple[str, ...] = ()  # All that it is or was a member of, also of closed days.
    action_ids: tuple[str, ...] = ()  # Corporate actions that it met today.
    held_action_id: str = ""  # The one that it is held for until its client amends it.
    adjusted_ns: int = 0  # Its last adjustment; what was sent before counts in older units.

    @property
    def open_qty(self) -> int:
        return self.order_qty - self.crossed_qty - self.allocated_qty - self.withdrawn_qty

    @property
    def cum_qty(self) -> int:
        return self.crossed_qty + self.allocated_qty

    @property
    def avg_px(self) -> int:
        """Average price of what is crossed and allocated, rounded down; 0 if nothing is."""
        return self.notional // self.cum_qty if self.cum_qty else 0


@dataclass(slots=True)
class Member:
    """An order's time in one parent; it may leave by one amend and come back by another."""

    order: Order
    member_qty: int  # Quantity that it ever brought into the parent.
    crossed_qty: int = 0
    allocated_qty: int = 0
    left_qty: int = 0
    is_active: bool = True
    joined_epoch: int = 0
    left_epoch: int = -1  # The first one without it; -1 before it has left.
    stays: tuple[tuple[int, int], ...] = ()  # Earlier ones: joined_epoch, left_epoch.

    @property
    def open_qty(self) -> int:
        return self.member_qty - self.crossed_qty - self.allocated_qty - self.left_qty

    def was_in(self, epoch: int) -> bool:
        """Whether it was a member in this epoch of its parent."""
        if self.joined_epoch <= epoch:
            return self.is_active or epoch < self.left_epoch
        return any(joined <= epoch < left for joined, left in self.stays)


class Basis(NamedTuple):
    """The basis of allocation in an epoch, and the quantities allocated; one entry a member."""

    members: list[Member]
    order_ids: list[str]
    qtys: list[int]  # Open quantity of each at its start, less what came on other bases since.
    held: list[int]  # Allocated to each on it.


NOT_AWAITED_NS = -1  # No answer of a venue is awaited.


@dataclass(slots=True)
class Child:
    """A child order at a venue; live while a part of it may still fill."""

    child_id: str
    terms: ChildRouted
    routed_ns: int
    leaves_qty: int
    epoch: int  # Of its parent when it was routed.
    filled_qty: int = 0
    first_fill_ns: int = -1
    cost_millibps_qty: int = 0  # Sum of cost against the mid times quantity.
    costed_qty: int = 0  # Filled while there was a mid.
    is_acknowledged: bool = False
    is_cancelling: bool = False
    is_unknown: bool = False
    is_live: bool = True
    missing_qty: int = 0  # Executed by its venue's count, and not reported.
    gaps: tuple[tuple[int, int], ...] = ()  # Their places in that count, as far as they are known.
    disputed_qty: int = 0  # A person settled that the venue counts so much too many.
    notional: int = 0  # Sum of px * qty of its fills, after busts and corrections.
    is_closed: bool = False  # Its venue or the close ended it; a later fill is beyond that.
    answer_by_ns: int = NOT_AWAITED_NS  # After that its venue is silent; see `awaited`.
    unanswered_since_ns: int = 0  # Of the first request of those that were not answered.
    asked: int = 0  # Times that its venue was asked again since.
    refused: int = 0  # Cancels that its venue has refused.
    is_silent: bool = False  # The silence of its venue is an open break.
    # The clients that it was sent for, and the part of its quantity that counts for each.
    holders: tuple[tuple[str, int], ...] = ()
    counted_qty: int = 0  # Of filled and open, as its clients' dealings have it.

    @property
    def is_in_doubt(self) -> bool:
        """Whether all that is open is a quantity that its venue counts as executed."""
        return 0 < self.leaves_qty <= self.missing_qty


@dataclass(slots=True)
class Fill:
    """A booked fill in its present form: a bust sets it to zero, a correction restates it."""

    fill_id: str
    child: Child
    last_qty: int
    last_px: int
    order_ids: tuple[str, ...] = ()  # The orders with a share of it.
    shares_qty: tuple[int, ...] = ()  # Their shares, in that order.
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
    """A parent order: its members, its children, its plan and its quantities."""

    parent_id: str
    seq: int
    terms: ParentOpened
    due_ns: int
    limit_px: int | None = None
    members: dict[str, Member] = field(default_factory=dict)
    consenting: dict[str, Member] = field(default_factory=dict)  # Members that may cross.
    clients: dict[str, int] = field(default_factory=dict)  # Active members of each, count.
    epoch: int = 0
    join_epoch: int = 0  # When the last member joined.
    open_qty: int = 0  # Sum of its active members' open quantity.
    exposure_qty: int = 0  # Leaves of its live children, also of unknown fate.
    filled_qty: int = 0
    crossed_qty: int = 0
    error_qty: int = 0
    notional: int = 0  # Sum of px * qty of its venue fills, after busts and corrections.
    is_released: bool = False
    is_ended: bool = False
    is_former: bool = False  # Of a closed day; its members are the carried orders alone.
    member_count: int = 0  # Active members.
    released_ns: int = -1
    arrival_mid_px: int | None = None
    base: Tape = field(default_factory=lambda: NO_TAPE)  # The day's counters at the release.
    plan: PlanAdopted | None = None
    aggressiveness_ppm: int = 0
    held_until_ns: int = 0  # A rate permits its next child then.
    is_told_silent: bool = False  # It was said that it waits for a silent tape.
    paused_until_ns: int = -1  # Its last break was told to last so long.
    children: dict[str, Child] = field(default_factory=dict)  # Live ones.
    pending: dict[str, Order] = field(default_factory=dict)  # Members with a pending change.
    basis: Basis | None = None  # Of all members; None until the first fill of an epoch.
    older: dict[int, Basis] = field(default_factory=dict)  # By the epoch of an older child.
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

    def end_basis(self) -> None:
        """The next fill begins a new basis of allocation."""
        self.basis = None
        self.older.clear()

    def fills_under(self, child_id: str, exec_id: str) -> Iterator[Fill]:
        """The fills of a child of which a report has this ExecID, of any session day."""
        for fill in self.fills:
            if fill.child.child_id == child_id and any(x[2] == exec_id for x in fill.executions):
                yield fill

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


class Evidence(NamedTuple):
    """Prices outside the band that one venue showed or printed; see `market.belief`."""

    pxs: tuple[int, ...]  # A midpoint or print; of a loose quote its sides.
    first_ns: int
    last_ns: int
    spread_px: int = 0
    is_loose: bool = False  # One side, or two that are far apart.
    qty: int = 0  # Of prints.
    notional: int = 0

    def after(self, said: "Evidence") -> "Evidence":
        """This with what the same witness said before."""
        return self._replace(
            first_ns=min(said.first_ns, self.first_ns),
            qty=said.qty + self.qty,
            notional=said.notional + self.notional,
        )


@dataclass(slots=True)
class Dealing:
    """A client's work in an instrument over all its parents; see `strategy.participation`."""

    used_qty: int = 0  # Taken and open at venues since the measurement began.
    base: Tape = NO_TAPE  # The day's counters then.
    working: dict[str, None] = field(default_factory=dict)  # Parents.
    waiting: dict[str, int] = field(default_factory=dict)  # Held parents, to when they last asked.


@dataclass(slots=True)
class Position:
    """The wants and executions of the orders that a position limit binds, by side."""

    wanted_qty: dict[Side, int] = field(default_factory=lambda: dict.fromkeys(Side, 0))
    done_qty: dict[Side, int] = field(default_factory=lambda: dict.fromkeys(Side, 0))


class Fruitless(NamedTuple):
    """Children in a row that a venue ended without progress."""

    ends: int
    ended_ns: int  # The last one's end; a child that was sent before it is no repetition.


@dataclass(slots=True)
class Book:
    """The market in one instrument, and our own orders in it."""

    quotes: dict[str, Quote] = field(default_factory=dict)
    volume_qty: int = 0  # Eligible prints of the day.
    notional: int = 0
    last_px: int = 0
    last_px_ns: int = 0  # Since when it has been in force.
    px_ns: int = 0  # Sum of price times ns in force, but for the last price.
    priced_ns: int = 0  # Time that some price was in force, but for the last one's.
    own_filled_qty: int = 0  # Our fills as first booked, for a tape that includes them.
    own_notional: int = 0
    own: dict[tuple[str, Side], LimitLadder] = field(default_factory=dict)  # Live children.
    limited: dict[Side, LimitLadder] = field(default_factory=dict)  # Working parents with a limit.
    fruitless: dict[str, Fruitless] = field(default_factory=dict)  # By venue.
    # Receipt of the last quote that a child found nothing at, by venue and side; ns.
    missed: dict[tuple[str, Side], int] = field(default_factory=dict)
    # Venue and id of the last prints that counted, oldest first.
    print_ids: dict[tuple[str, str], None] = field(default_factory=dict)
    # The last good price; see `market.belief`.
    good_px: int = 0
    good_spread_px: int = 0
    good_ns: int = 0
    good_due_ns: int = 0  # When it may move again.
    low_px: int = 0  # The bounds that nearly every believed price is within.
    high_px: int = 0
    # As shown, the quotes of which a side is not believed.
    doubted: dict[str, Quote] = field(default_factory=dict)
    evidence: dict[tuple[str, bool], Evidence] = field(default_factory=dict)
    seen: dict[str, None] = field(default_factory=dict)  # Venues with a quote or print today.
    # The last quotes of venues that reference data does not know; bounded.
    unknown: dict[str, Quote] = field(default_factory=dict)


class MoreBreaks(NamedTuple):
    """Open breaks of one venue and reason that are not kept one by one."""

    break_id: str  # Of the first.
    break_count: int
    break_qty: int


class Lesson(NamedTuple):
    """A sample for a venue's scorecard, of a child that ended; None where it has no value."""

    fill_ppm: int | None = None  # Of a resting child.
    speed_ns: int | None = None  # Of a resting child that was filled.
    cost_millibps: int | None = None  # Of a taking child that was filled.


@dataclass(slots=True)
class Scorecard:
    """A venue's smoothed fill rate, speed and cost, learned from our own reports alone."""

    version: int = 0
    samples: int = 0
    fill_ppm: int = 0
    speed_ns: int = 0
    cost_millibps: int = 0
    take_samples: int = 0
    fresh: list[Lesson] = field(default_factory=list)  # Of children since the last update.


def amended_qty(order: Order, change: PendingChange | OrderChangePending) -> int:
    """Order quantity after an amend; at least what is crossed or allocated."""
    return max(change.order_qty, order.cum_qty)


def order_amended(order: Order, change: PendingChange | OrderChangePending) -> OrderAmended:
    """The event of an amend that takes effect."""
    return OrderAmended(
        order_id=order.order_id,
        cl_ord_id=change.cl_ord_id,
        previous_qty=order.order_qty,
        order_qty=amended_qty(order, change),
        limit_px=change.limit_px,
        **changed_terms(change, AMENDABLE),
    )


def changed_terms(change: object, names: Iterable[str]) -> dict[str, Any]:
    """These terms of a request, a noted change or an amend, by name."""
    return {name: getattr(change, name) for name in names}


def terms_after(terms: OrderAccepted, change: object) -> OrderAccepted:
    """An order's terms with those that a change states."""
    stated = {k: v for k, v in changed_terms(change, AMENDABLE).items() if v is not None}
    return replace(terms, **stated) if stated else terms
