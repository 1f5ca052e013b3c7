"""The records of a state: orders, parents, children, fills, quotes and scorecards.

They are mutable slots that only `evolve` functions write.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from engine.core.events import (
    Benchmark,
    Change,
    ChildRouted,
    OrderAccepted,
    OrderAmended,
    OrderChangePending,
    OrderType,
    Pace,
    ParentOpened,
    PlanAdopted,
    Side,
    Strategy,
    TimeInForce,
    TrancheOpened,
    TranchePlan,
    Urgency,
    VenueKind,
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
    tranche: int = 0  # Of now, or of its last time.
    joined_epoch: int = 0
    left_epoch: int = -1  # The first one without it; -1 before it has left.
    stays: tuple[tuple[int, int, int], ...] = ()  # Earlier: joined_epoch, left_epoch, tranche.

    @property
    def open_qty(self) -> int:
        return self.member_qty - self.crossed_qty - self.allocated_qty - self.left_qty

    def was_in(self, tranche: int, epoch: int) -> bool:
        """Whether it was a member of this tranche in this epoch of its parent."""
        if self.joined_epoch <= epoch:
            return self.tranche == tranche and (self.is_active or epoch < self.left_epoch)
        return any(joined <= epoch < left and name == tranche for joined, left, name in self.stays)


class Basis(NamedTuple):
    """A tranche's basis of allocation in an epoch, and what was allocated; one entry a member."""

    members: list[Member]
    order_ids: list[str]
    qtys: list[int]  # Open quantity of each at its start, less what came on other bases since.
    held: list[int]  # Allocated to each on it.


NEVER_MARKED_NS = 2**63 - 1  # No markout is due.
NOT_AWAITED_NS = -1  # No answer of a venue is awaited.


@dataclass(slots=True)
class Cover:
    """A tranche's claim on a child: its part of what the child was sent for, got and has open."""

    tranche: int
    claim_qty: int
    filled_qty: int = 0
    leaves_qty: int = 0


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
    acknowledged_ns: int = -1
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
    covers: tuple[Cover, ...] = ()

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
    parts_qty: tuple[int, ...] = ()  # Of the claims on its child, in their order; they sum to it.

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
class Tranche:
    """The members of a parent with equal constraints, and the part of its work that is for them."""

    number: int
    terms: ParentOpened | TrancheOpened  # Its window, cap and permissions.
    benchmark: Benchmark
    limit_px: int | None = None
    members: dict[str, Member] = field(default_factory=dict)  # All that ever were in it.
    clients: dict[str, int] = field(default_factory=dict)  # Active members of each, count.
    member_count: int = 0  # Active members.
    join_epoch: int = 0  # When the last member joined.
    open_qty: int = 0  # Sum of its active members' open quantity.
    exposure_qty: int = 0  # Its claims on what live children have open.
    filled_qty: int = 0
    crossed_qty: int = 0
    released_ns: int = -1
    base: Tape = NO_TAPE  # The day's counters at its release.
    plan: TranchePlan | None = None
    pending: dict[str, Order] = field(default_factory=dict)  # Members with a pending change.
    basis: Basis | None = None  # Of all members; None until the first fill of an epoch.
    older: dict[int, Basis] = field(default_factory=dict)  # By the epoch of an older child.

    @property
    def done_qty(self) -> int:
        return self.filled_qty + self.crossed_qty

    @property
    def pool_qty(self) -> int:
        """Open quantity that no claim covers; negative only after a venue's overfill."""
        return self.open_qty - self.exposure_qty

    def end_basis(self) -> None:
        """The next fill begins a new basis of allocation."""
        self.basis = None
        self.older.clear()

    def active_members(self) -> Iterator[Member]:
        return (m for m in self.members.values() if m.is_active and m.tranche == self.number)


class Instructions(NamedTuple):
    """The desk's instructions in force for a parent; see `controls.instructions`."""

    pace: Pace = Pace.PLANNED
    urgency: Urgency | None = None  # None is that of its members.
    excluded_venues: tuple[str, ...] = ()
    plan_seq: int = -1  # A plan of before this seq is to be made anew.


NO_INSTRUCTIONS = Instructions()


@dataclass(slots=True)
class Parent:
    """A parent order: its tranches, its children, its plan and its quantities."""

    parent_id: str
    seq: int
    terms: ParentOpened  # What all members have in common, and tranche 0's constraints, benchmark.
    due_ns: int
    window_end_ns: int = 0  # When its aggregation window closes.
    end_ns: int = 0  # The end of its last tranche.
    joined_ns: int = -1  # When its last member joined.
    tranches: dict[int, Tranche] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    consenting: dict[str, Member] = field(default_factory=dict)  # Members that may cross.
    clients: dict[str, int] = field(default_factory=dict)  # Active members of each, count.
    epoch: int = 0
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
    waited_ns: int | None = None  # For which its last slice may wait; 0 if it took.
    recalibration_id: str = ""  # Of the last one that changed what the next slice does.
    held_until_ns: int = 0  # A rate permits its next child then.
    is_told_silent: bool = False  # It was said that it waits for a silent tape.
    paused_until_ns: int = -1  # Its last break was told to last so long.
    instructions: Instructions = NO_INSTRUCTIONS
    children: dict[str, Child] = field(default_factory=dict)  # Live ones.
    pending: dict[str, Order] = field(default_factory=dict)  # Members with a pending change.
    ended_children: list[Child] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)

    def follows(self, strategy: Strategy) -> bool:
        """Whether a tranche has a schedule by this strategy."""
        return any(
            x.plan is not None and x.plan.strategy is strategy for x in self.tranches.values()
        )

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

    @property
    def limit_px(self) -> int | None:
        """The loosest limit of what is open; None if a part of it has none."""
        if len(self.tranches) == 1:
            return self.tranches[0].limit_px
        return loosest_px(self.terms.side, (t.limit_px for t in self.open_tranches()))

    def open_tranches(self) -> Iterator[Tranche]:
        """Those with something open; tranche 0 where nothing is."""
        if len(self.tranches) == 1:
            return iter(self.tranches.values())
        found = [x for x in self.tranches.values() if x.open_qty]
        return iter(found or [self.tranches[0]])

    def tranche_of(self, order_id: str) -> Tranche:
        """The tranche in which an order is or last was a member."""
        return self.tranches[self.members[order_id].tranche]

    def covered(self, child: Child) -> Iterator[Tranche]:
        """The tranches with a claim on a child."""
        return (self.tranches[cover.tranche] for cover in child.covers)

    def fills_under(self, child_id: str, exec_id: str) -> Iterator[Fill]:
        """The fills of a child of which a report has this ExecID, of any session day."""
        for fill in self.fills:
            if fill.child.child_id == child_id and any(x[2] == exec_id for x in fill.executions):
                yield fill

    def active_members(self) -> Iterator[Member]:
        return (member for member in self.members.values() if member.is_active)


def loosest_px(side: Side, limits: Iterable[int | None]) -> int | None:
    """The limit of the one that pays most, or sells for least; None if one has no limit."""
    known = list(limits)
    if None in known or not known:
        return None
    pxs = [px for px in known if px is not None]
    return max(pxs) if side is Side.BUY else min(pxs)


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


class Mark(NamedTuple):
    """A fill whose markout is to be measured."""

    due_ns: int
    venue: str
    tactic: str
    sign: int  # 1 for a buy, -1 for a sell.
    mid_px: int  # At the fill.


class OnWay(NamedTuple):
    """The part of a live take that it may yet take."""

    leaves_qty: int
    limit_px: int


@dataclass(slots=True)
class Used:
    """The part that our children had of one side of a venue's quote; see `market.displayed`."""

    px: int  # As the venue shows it.
    shown_qty: int
    since_ns: int  # Receipt of the quote that last changed the side, ns.
    gone_qty: int = 0  # Taken, or all of it after a miss.
    is_missed: bool = False
    on_way: dict[str, OnWay] = field(default_factory=dict)  # By child.


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
    # The quote that takes last asked at a venue and side, by its receipt, and how much they asked.
    asked: dict[tuple[str, Side], tuple[int, int]] = field(default_factory=dict)
    # Fills whose markout is due, by seconds after the fill; in each the oldest first.
    marks: dict[int, list[Mark]] = field(default_factory=dict)
    mark_due_ns: int = NEVER_MARKED_NS  # The first of them.
    # By venue and the side of the children that take.
    used: dict[tuple[str, Side], Used] = field(default_factory=dict)
    # Venues, by the side of the children, of which the last take has found nothing.
    missed: dict[tuple[str, Side], None] = field(default_factory=dict)
    # Parents that would take more than was left, by side, the longest unserved first.
    takers: dict[Side, dict[str, None]] = field(default_factory=dict)
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

    cell: str = ""  # That its route relied on; empty where it teaches no chance of a fill.
    at_risk_milli: tuple[int, ...] = ()  # See `routing.survival`.
    filled_milli: tuple[int, ...] = ()
    cancelled_milli: tuple[int, ...] = ()
    speed_ns: int | None = None  # Of a resting child that was filled.
    cost_millibps: int | None = None  # Of a taking child that was filled.
    ack_ns: int | None = None  # From route to acknowledgement.
    take_ns: int | None = None  # From route to the first fill of a taking child.
    hidden: str = ""  # The tactic whose hidden quantity it teaches; empty where it teaches none.
    sent_lots: int = 0
    filled_lots: int = 0
    waited_milli: int = 0  # Part of its time that it waited for more than it got, 1e-3.


class Markout(NamedTuple):
    """Fills of a tactic and the sum of the midpoint's moves our way after them."""

    fills_milli: int = 0
    sum_millibps: int = 0

    def plus(self, other: "Markout", sign: int = 1) -> "Markout":
        """This with the fills of another, or without them where `sign` is -1."""
        return Markout(
            self.fills_milli + sign * other.fills_milli,
            self.sum_millibps + sign * other.sum_millibps,
        )


class Sizes(NamedTuple):
    """Counts of hidden quantity by class of lots, 1e-3 of a child; see `routing.dark_split`."""

    at_risk_milli: tuple[int, ...]
    ended_milli: tuple[int, ...]

    def plus(self, other: "Sizes", sign: int = 1) -> "Sizes":
        """This with the counts of another, or without them where `sign` is -1."""
        return Sizes(
            tuple(a + sign * b for a, b in zip(self.at_risk_milli, other[0], strict=True)),
            tuple(a + sign * b for a, b in zip(self.ended_milli, other[1], strict=True)),
        )


class Cell(NamedTuple):
    """Counts of a cell of a scorecard, 1e-3 of a child; see `routing.survival`."""

    at_risk_milli: tuple[int, ...]
    filled_milli: tuple[int, ...]
    cancelled_milli: tuple[int, ...]

    def plus(self, other: "Cell", sign: int = 1) -> "Cell":
        """This with the counts of another, or without them where `sign` is -1."""
        return Cell(
            tuple(a + sign * b for a, b in zip(self.at_risk_milli, other[0], strict=True)),
            tuple(a + sign * b for a, b in zip(self.filled_milli, other[1], strict=True)),
            tuple(a + sign * b for a, b in zip(self.cancelled_milli, other[2], strict=True)),
        )


@dataclass(slots=True)
class Pools:
    """The cells and markouts of several venues together."""

    kinds: dict[tuple[VenueKind, str], Cell] = field(default_factory=dict)  # By kind and cell.
    roots: dict[str, Cell] = field(default_factory=dict)  # By tactic; of a take by cell.
    markouts: dict[tuple[str, int], Markout] = field(default_factory=dict)  # (tactic, seconds).
    sizes: dict[tuple[VenueKind, str], Sizes] = field(default_factory=dict)  # By kind and tactic.


@dataclass(slots=True)
class Scorecard:
    """The knowledge of a venue from our own reports and the market seen by then."""

    version: int = 0
    samples: int = 0
    fill_ppm: int = 0
    speed_ns: int = 0
    cost_millibps: int = 0
    take_samples: int = 0
    kind: VenueKind = VenueKind.LIT
    cells: dict[str, Cell] = field(default_factory=dict)
    markouts: dict[tuple[str, int], Markout] = field(default_factory=dict)  # (tactic, seconds).
    acks_milli: int = 0
    acks_ns: int = 0
    takes_milli: int = 0
    takes_ns: int = 0
    sizes: dict[str, Sizes] = field(default_factory=dict)  # Hidden quantity, by tactic.
    # Of resting children: what was filled, and by cell what its kind's hazards expect, 1e-3 of one.
    filled_milli: int = 0
    expected_milli: dict[str, int] = field(default_factory=dict)
    fresh: list[Lesson] = field(default_factory=list)  # Of children since the last update.
    marked: list[tuple[str, int, int]] = field(default_factory=list)  # (tactic, seconds, 1e-3 bps).


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
