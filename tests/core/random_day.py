"""Random days of a whole shard, for tests of the invariants (design, section 3).

Hypothesis generates the inputs of clients, markets, venues and operators, correct and faulty ones,
for one real shard. After every step the invariants are checked on the state, and every `decide` is
watched: it must not change the state. At the end the sealed batches are folded into a fresh shard,
and the rounds are stepped again: the state, the chain and all bytes must be the same.
"""

import pickle
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from world import (
    HOUR,
    LIT,
    OPEN_NS,
    OTHER_LIT,
    SECOND,
    World,
    amend,
    cancel,
    cancel_rejected,
    children,
    correction,
    dark_venue,
    day_closed,
    day_opened,
    fill_report,
    fills,
    halt,
    instructed,
    kill,
    lift,
    market,
    not_sent,
    order,
    orders,
    parents,
    policy,
    px,
    quote,
    report,
    restriction,
    send_started,
    trade,
)

from engine import topology
from engine.core.allocation.claims import as_stated
from engine.core.controls import instructions
from engine.core.events import (
    BreakFlagged,
    BreakReason,
    ChildRouted,
    ChildTimeInForce,
    ChildType,
    ControlScope,
    ExecType,
    FillAllocated,
    FillBooked,
    FillBusted,
    FillCorrected,
    FillReallocated,
    Immediacy,
    MemberAmended,
    MemberJoined,
    OrderAccepted,
    OrderAmended,
    OrderAmendRequested,
    OrderCancelled,
    OrderCancelRequested,
    OrderChangeRejected,
    OrderRejected,
    OrdersCrossed,
    OrderSubmitted,
    OrderType,
    ParentAction,
    Router,
    Side,
    TimeInForce,
    Urgency,
    VenueKind,
)
from engine.core.orders import good_till_cancel
from engine.core.parents import aggregation, open_parts
from engine.core.routing import chances, scorecard
from engine.core.state.finished_store import FinishedStore, MemoryStore
from engine.core.state.limit_ladder import ABOVE_ALL_PX
from engine.core.state.model import Child, Order, Parent, Tranche
from engine.core.state.state import NEVER_NS, State
from engine.log.port import DLQ, STAGE_TOPICS

DAY_NS = 24 * HOUR
INDEX = st.integers(0, 99)
QTYS = st.sampled_from((1, 50, 100, 250, 900))
LIMITS = st.sampled_from((None, 99.90, 99.98, 100.00, 100.03, 100.25))
REQUESTS = (OrderSubmitted, OrderAmendRequested, OrderCancelRequested)
ANSWERS = (OrderAccepted, OrderRejected, OrderAmended, OrderCancelled, OrderChangeRejected)
ACTIONS = [action for action in ParentAction if action is not ParentAction.OTHER]
OVERFILLS = (BreakReason.VENUE_OVERFILL, BreakReason.BUST_AFTER_END)


# -------------------------------------------------------------------- decide is watched


def watched(decide: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, which fails if it changes the state."""

    def judge(state: State, *rest: Any) -> Any:  # noqa: ANN401
        before = pickle.dumps(state)
        events = decide(state, *rest)
        assert pickle.dumps(state) == before, f"{decide.__qualname__} changed the state"
        return events

    return judge


@contextmanager
def deciding_watched() -> Iterator[None]:
    """Every decide and planning step of the map is watched."""
    patch = pytest.MonkeyPatch()
    steps = {step: watched(step) for step in (*topology.GATHER, *topology.WORK, *topology.END)}
    decides = {kind: tuple(map(watched, found)) for kind, found in topology.DECIDE.items()}
    patch.setattr(topology, "DECIDE", decides)
    for name in ("GATHER", "WORK", "END"):
        patch.setattr(topology, name, tuple(steps[step] for step in getattr(topology, name)))
    for name in ("WHILE_HALTED", "REPEATED"):
        patch.setattr(topology, name, frozenset(steps[step] for step in getattr(topology, name)))
    patch.setattr(good_till_cancel, "resume_or_cancel", watched(good_till_cancel.resume_or_cancel))
    patch.setattr(scorecard, "update", watched(scorecard.update))
    try:
        yield
    finally:
        patch.undo()


# ---------------------------------------------------------------------------- what holds


def base_of(state: State) -> dict[str, tuple[int, int]]:
    """What each order has from parents that a close does not carry: crossed, allocated."""
    carried: Counter[str] = Counter()
    for parent in parents(state):
        for order_id, member in parent.members.items():
            assert not member.crossed_qty, "a cross is final, and is not carried by its parent"
            carried[order_id] += member.allocated_qty
    return {
        order_id: (found.crossed_qty, found.allocated_qty - carried[order_id])
        for order_id, found in state.orders.items()
    }


def check_orders(state: State, base: dict[str, tuple[int, int]]) -> None:
    """An order is crossed, allocated, withdrawn or open; open quantity is never lost."""
    known = orders(state)
    got: dict[str, list[int]] = {order_id: list(base.get(order_id, (0, 0))) for order_id in known}
    for parent in parents(state):
        for order_id, member in parent.members.items():
            got[order_id][0] += member.crossed_qty
            got[order_id][1] += member.allocated_qty
    for order_id, found in known.items():
        assert [found.crossed_qty, found.allocated_qty] == got[order_id], found
        assert min(found.open_qty, found.withdrawn_qty, *got[order_id]) >= 0, found
        check_membership(state, found)


def check_membership(state: State, found: Order) -> None:
    parent = state.parents.get(found.parent_id)
    if parent is not None:
        member = parent.members[found.order_id]
        assert member.is_active
        assert member.open_qty == found.open_qty, found
        assert (found.order_id in parent.pending) == (found.pending is not None)
    elif found.open_qty:
        assert found.terms.time_in_force is TimeInForce.GTC, f"lost: {found}"
        assert found.pending is None
    assert bool(found.parent_id) == (parent is not None)


def check_parent(state: State, parent: Parent) -> None:
    """The members' sums are the parent's, and its exposure is its live children's leaves."""
    members = parent.members.values()
    assert sum(m.crossed_qty for m in members) == parent.crossed_qty
    held_qty = sum(m.allocated_qty for m in members) + parent.error_qty
    assert held_qty + shares_of_ended(state, parent) == parent.filled_qty
    for member in members:
        assert min(member.open_qty, member.crossed_qty, member.allocated_qty) >= 0, member
        assert member.is_active or not member.open_qty
    if not parent.is_ended:
        assert sum(m.open_qty for m in members if m.is_active) == parent.open_qty
        assert sum(m.is_active for m in members) == parent.member_count
    check_stated_terms(parent)
    check_tranches(parent)
    assert sum(child.leaves_qty for child in parent.children.values()) == parent.exposure_qty
    assert all(child.is_live and child.leaves_qty > 0 for child in parent.children.values())
    assert not (parent.is_ended and parent.children), "no child outlives its parent"
    booked = [f for f in fills(state).values() if f.child.terms.parent_id == parent.parent_id]
    assert sum(fill.last_qty for fill in booked) == parent.filled_qty
    assert sum(fill.last_qty * fill.last_px for fill in booked) == parent.notional
    assert sum(fill.error_qty for fill in booked) == parent.error_qty
    for fill in booked:
        assert sum(fill.shares_qty) + fill.error_qty == fill.last_qty
        assert all(share_qty > 0 for share_qty in fill.shares_qty)


def check_tranches(parent: Parent) -> None:
    """The tranches' sums are the parent's; a claim is within its tranche's own words."""
    tranches = parent.tranches.values()
    assert sum(x.exposure_qty for x in tranches) == parent.exposure_qty
    assert sum(x.filled_qty for x in tranches) == parent.filled_qty
    assert sum(x.crossed_qty for x in tranches) == parent.crossed_qty
    if not parent.is_ended:
        assert sum(x.open_qty for x in tranches) == parent.open_qty
        assert sum(x.member_count for x in tranches) == parent.member_count
    for tranche in tranches:
        if not parent.is_ended:
            assert sum(m.open_qty for m in tranche.active_members()) == tranche.open_qty
        for member in tranche.active_members():
            check_constraints(parent, tranche, member.order)
    for child in (*parent.children.values(), *parent.ended_children):
        assert sum(cover.claim_qty for cover in child.covers) == child.terms.child_qty
        assert sum(cover.filled_qty for cover in child.covers) == child.filled_qty
        assert sum(cover.leaves_qty for cover in child.covers) == child.leaves_qty
    for fill in parent.fills:
        assert sum(fill.parts_qty) == fill.last_qty


def check_open_parts(state: State) -> None:
    """The kept sums of members are those that are added up anew."""
    for parent_id, kept in state.open_parts.items():
        tranches = state.parents[parent_id].tranches
        for number, found in kept.items():
            assert found == open_parts.added_up(tranches[number])
    for parent_id, kept in state.willing_parts.items():
        parent = state.parents[parent_id]
        for numbers, found in kept.items():
            some = [parent.tranches[number] for number in numbers]
            anew = open_parts.together([open_parts.added_up_willing(parent, x) for x in some])
            assert any(tranche.pending for tranche in some) or found == anew


def check_chances(state: State) -> None:
    """What is kept of venues and their kinds is what the scorecards say."""
    for key, found in state.chances.items():
        anew: Any
        if len(key) == 2:
            anew = chances.of_kind(state.pools, *key)
        else:
            kind, venue, cell = key
            anew = chances.known(state, kind, venue, cell, {})
        assert found == anew, key


def check_constraints(parent: Parent, tranche: Tranche, found: Order) -> None:
    """A member's own words are the tranche's."""
    terms = tranche.terms
    assert (terms.no_dark, terms.excluded_venues) == (
        found.terms.no_dark,
        found.terms.excluded_venues,
    )
    assert terms.end_ns == found.end_ns or found.pending is not None or parent.is_ended
    if found.limit_px is not None and not parent.is_ended:  # It may be amended in another one.
        sign = 1 if parent.terms.side is Side.BUY else -1
        assert tranche.limit_px is not None
        assert tranche.limit_px * sign <= found.limit_px * sign


def shares_of_ended(state: State, parent: Parent) -> int:
    """What a closed day's parent gave to orders that ended with that day; their shares remain."""
    if not parent.is_former:
        return 0
    booked = [f for f in fills(state).values() if f.child.terms.parent_id == parent.parent_id]
    shares = (x for f in booked for x in zip(f.order_ids, f.shares_qty, strict=True))
    return sum(share_qty for order_id, share_qty in shares if order_id not in parent.members)


def check_stated_terms(parent: Parent) -> None:
    """No more rests at a venue than is to be shown; an immediate order is out, or at its end."""
    terms, shown_qty = parent.terms, Counter[tuple[str, int]]()
    for child in parent.children.values():
        if child.terms.child_type is not ChildType.LIMIT:
            continue
        for cover in child.covers:
            display_qty = parent.tranches[cover.tranche].terms.display_qty
            shown_qty[child.terms.venue, cover.tranche] += cover.leaves_qty
            assert child.terms.time_in_force is ChildTimeInForce.IOC or (
                not display_qty or shown_qty[child.terms.venue, cover.tranche] <= display_qty
            )
    if terms.immediacy is not Immediacy.NONE:
        assert len(parent.members) == 1
        assert parent.is_ended or parent.exposure_qty or not parent.open_qty, parent


def check_breaks(state: State, flagged_qty: Counter[str]) -> None:
    """Open children and fills exceed the parent only by what was flagged as a break."""
    for parent in parents(state):
        beyond_qty = max(0, parent.exposure_qty - parent.open_qty) if not parent.is_ended else 0
        assert beyond_qty + parent.error_qty <= flagged_qty[parent.parent_id], parent


def check_children(state: State) -> None:
    live = [child for child in state.children.values() if child.is_live]
    for child in live:
        assert state.parents[child.terms.parent_id].children[child.child_id] is child
        own = state.books[child.terms.instrument_id].own[child.terms.venue, child.terms.side]
        px_found = own.places[child.child_id].px
        is_peg = child.terms.child_type is ChildType.MIDPOINT_PEG
        assert px_found in ((0, ABOVE_ALL_PX) if is_peg else (child.terms.limit_px,))
    for book in state.books.values():
        assert sum(map(len, book.own.values())) == len(live)


def check_store(state: State) -> None:
    """A parent and its objects are together, in the indices or the store; the totals are right."""
    for parent in (*state.parents.values(), *state.parents_ended.values()):
        assert all(state.orders[x] is m.order for x, m in parent.members.items())
        assert all(state.children[x.child_id] is x for x in parent.ended_children)
        assert all(state.fills[x.fill_id] is x for x in parent.fills)
    own = [order for name, order in orders(state).items() if name not in state.orders]
    assert not any(order.open_qty for order in own)
    stored = [*state.finished.parents(state.orders)]
    found = state.store_totals
    assert (found.parents, found.orders) == (len(stored), len(own))
    assert found.order_ids == sum(1 + len(order.change_ids) for order in own)
    assert found.children == sum(len(parent.ended_children) for parent in stored)
    assert found.fills == sum(len(parent.fills) for parent in stored)
    assert found.filled_qty == sum(parent.filled_qty for parent in stored)
    assert found.notional == sum(parent.notional for parent in stored)
    assert found.allocated_qty == sum(order.allocated_qty for order in own)
    assert set(state.orders) == set(state.order_ids.values())
    assert set(state.ended) == set(state.parents_ended)


def check_indices(state: State) -> None:
    """The indices over open parents hold what a walk over all of them finds."""
    sides: dict[tuple[str, Side], list[str]] = {}
    offers: dict[tuple[str, ...], set[str]] = {}
    limited: dict[tuple[str, Side], set[str]] = {}
    for parent_id, parent in state.parents.items():
        terms = parent.terms
        side = (terms.instrument_id, terms.side)
        sides.setdefault(side, []).append(parent_id)
        if parent.consenting and parent.pool_qty > 0 and terms.immediacy is not Immediacy.FOK:
            key = (*side, terms.currency, terms.capacity, terms.settlement)
            offers.setdefault(key, set()).add(parent_id)
            place = state.offers[key].places[parent_id]
            assert place.px in (parent.limit_px, 0, ABOVE_ALL_PX)
            assert place.group == (*parent.clients, "")[0 if len(parent.clients) == 1 else -1]
        for tranche in parent.tranches.values():
            if parent.is_released and tranche.limit_px is not None:
                name = aggregation.watched_name(parent, tranche)
                limited.setdefault(side, set()).add(name)
                ladder = state.books[terms.instrument_id].limited[terms.side]
                assert ladder.places[name].px == tranche.limit_px
    assert offers == {key: {*ladder.places} for key, ladder in state.offers.items()}
    assert limited == {
        (instrument_id, side): {*ladder.places}
        for instrument_id, book in state.books.items()
        for side, ladder in book.limited.items()
        if ladder.places
    }
    found = {side: [parent_id for _, parent_id in aged] for side, aged in state.by_side.items()}
    assert sides == {side: ids for side, ids in found.items() if ids}


def check_routes(world: World) -> None:
    """A child respects the words of all that it works for; nothing that is stopped sends."""
    for routed in world.all_of(ChildRouted):
        parent = world.state.parent(routed.parent_id)
        sign = 1 if routed.side is Side.BUY else -1
        assert routed.limit_px % px(0.01) == 0
        assert not world.state.halted
        assert not instructions.is_paused(parent)
        assert instructions.bars(parent, routed.venue) is None
        killed = world.state.controls.killed
        assert (ControlScope.FIRM, "") not in killed
        for number, claim_qty in as_stated(routed.claims, routed.child_qty).items():
            tranche = parent.tranches[number]
            assert claim_qty > 0
            assert tranche.limit_px is None or routed.limit_px * sign <= tranche.limit_px * sign
            assert routed.venue not in tranche.terms.excluded_venues
            is_lit = world.state.reference.venues[routed.venue].kind is VenueKind.LIT
            assert is_lit or not tranche.terms.no_dark
            assert tranche.terms.start_ns <= routed.at_ns < tranche.terms.end_ns
            assert not any((ControlScope.CLIENT, c) in killed for c in tranche.clients)


def check_instructions(world: World) -> None:
    """Nothing crosses for a paused parent, and none under instruction has later orders."""
    for cross in world.all_of(OrdersCrossed):
        for parent_id in (cross.buy_parent_id, cross.sell_parent_id):
            assert not instructions.is_paused(world.state.parent(parent_id))
    for joined in world.all_of(MemberJoined):
        parent = world.state.parent(joined.parent_id)
        if instructions.is_instructed(parent):
            assert parent.members[joined.order_id].stays, joined


def parts(state: State) -> str:
    """Every order, fill and parent, in the indices or the store; by id."""
    known = [replace(x, homes=0, is_shared=False) for x in orders(state).values()]
    ended = [(x.parent_id, x.filled_qty, x.notional, x.error_qty) for x in parents(state)]
    booked = sorted(fills(state).values(), key=lambda fill: fill.fill_id)
    return repr((sorted(known, key=lambda order: order.order_id), booked, sorted(ended)))


# ---------------------------------------------------------------------------- a random day


UNTIMED = settings(deadline=None, suppress_health_check=list(HealthCheck))
SHORT_DAYS = settings(UNTIMED, max_examples=40, stateful_step_count=25, derandomize=True)


class RandomDay(RuleBasedStateMachine):
    """Any input, in any order."""

    world: World
    # The store of the shard that steps through the day again, with another age of eviction.
    other_store: Callable[[], FinishedStore] = MemoryStore

    def __init__(self) -> None:
        super().__init__()
        self._watch = deciding_watched()
        self._watch.__enter__()
        self.count = 0
        self.day = 0
        self.reports: list[Any] = []  # Booked today.
        self.requests: list[Any] = []  # Accepted or noted today.
        self.base: dict[str, tuple[int, int]] = {}
        self.flagged_qty: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()  # By the id of the request; one source speaks.
        self.answered: Counter[str] = Counter()

    def teardown(self) -> None:
        self._watch.__exit__(None, None, None)
        if not hasattr(self, "world"):
            return
        self.world.given(restriction(restricted=False))  # Any control seals an open batch.
        folded = self.world.folded()
        assert repr(folded.state) == repr(self.world.state)
        assert parts(folded.state) == parts(self.world.state)
        assert folded.chain == self.world.shard.chain
        self.evicted_at_other_times()
        again = self.world.stepped_again()
        assert [x.seal for x in again] == [x.sealed.seal for x in self.world.batches]
        assert [x.records for x in again] == [x.sealed.records for x in self.world.batches]

    def evicted_at_other_times(self) -> None:
        """The store and the age of eviction change no decision: not a byte of any event."""
        world = self.world
        other = world.fresh_shard(type(self).other_store())
        other.state.evict_after_ns = 0 if world.evict_after_ns else NEVER_NS
        again = world.stepped_again(other)
        for one, found in zip(again, (x.sealed for x in world.batches), strict=True):
            assert one.events == found.events
            for topic in (*STAGE_TOPICS, DLQ):
                assert one.records.get(topic) == found.records.get(topic)
        assert parts(other.state) == parts(world.state)
        other.state.finished.close()

    @initialize(
        evict_after_ns=st.sampled_from((0, 0, 30 * SECOND, NEVER_NS)),
        window=st.sampled_from((0, 10)),
        router=st.sampled_from((Router.AUTO, Router.SEQUENTIAL, Router.PARALLEL)),
        join_until_ppm=st.sampled_from((0, 500_000, 1_000_000)),
    )
    def begin(self, evict_after_ns: int, window: int, router: Router, join_until_ppm: int) -> None:
        chosen = policy(window_ns=window * SECOND, router=router, join_until_ppm=join_until_ppm)
        self.world = World(evict_after_ns=evict_after_ns).given(*market(), dark_venue(), chosen)
        resting = [
            order("a", 900, limit_px=px(99.98), must_complete=True, end_ns=self.soon_ns()),
            order("b", 250, limit_px=px(99.98), must_complete=True, end_ns=self.soon_ns()),
        ]
        self.step(*resting)
        self.requests += resting

    def step(self, *inputs: Any, after_ns: int = 0) -> None:  # noqa: ANN401
        """One round, and what must hold of what it did."""
        world = self.world
        limits = {o.order_id: (o.terms.side, o.limit_px) for o in world.state.orders.values()}
        live = {child.child_id for child in world.children()}
        world.when(*inputs, after_ns=after_ns)
        self.asked.update(x.cl_ord_id for x in inputs if isinstance(x, REQUESTS))
        self.answered.update(
            x.cl_ord_id for x in world.events if isinstance(x, ANSWERS) and x.cl_ord_id
        )
        check_routes(world)
        check_instructions(world)
        for booked in world.all_of(FillAllocated):
            self.check_limits(booked, limits, live)
        # What a late fill or a correction gives to orders that have moved on is theirs, and no
        # break; children that cover it elsewhere are cancelled in the same batch.
        for booked in world.all_of(FillAllocated):
            self.flagged_qty[booked.parent_id] += sum(booked.other_shares_qty)
        for revised in world.all_of(FillReallocated):
            more_qty = sum(share.share_qty for share in revised.after)
            more_qty -= sum(share.share_qty for share in revised.before)
            self.flagged_qty[revised.parent_id] += max(0, more_qty)
        for moved in world.all_of(MemberAmended):
            if moved.fill_id:
                self.flagged_qty[moved.parent_id] += max(0, -moved.change_qty)
        for flag in world.all_of(BreakFlagged):
            if flag.reason in OVERFILLS:
                child = children(world.state)[flag.child_id]
                self.flagged_qty[child.terms.parent_id] += flag.break_qty

    def check_limits(
        self,
        booked: FillAllocated,
        limits: dict[str, tuple[Side, int | None]],
        live: set[str],
    ) -> None:
        """No member shares in a fill of a child that was priced through the member's limit."""
        child = fills(self.world.state)[booked.fill_id].child
        if child.child_id not in live:
            return  # A late fill: the members may have changed since.
        for order_id in booked.order_ids:
            side, limit_px = limits[order_id]
            sign = 1 if side is Side.BUY else -1
            assert limit_px is None or child.terms.limit_px * sign <= limit_px * sign, booked

    # Clients.

    @rule(
        sides=st.lists(st.sampled_from(Side), min_size=1, max_size=3),
        order_qty=QTYS,
        limit=LIMITS,
        client=st.sampled_from(("c1", "c2", "c3")),
        urgency=st.sampled_from(Urgency),
        at_once=st.sampled_from((True, True, True, False)),
        is_gtc=st.booleans(),
        consent=st.booleans(),
        immediacy=st.sampled_from((*[Immediacy.NONE] * 3, Immediacy.IOC, Immediacy.FOK)),
        display_qty=st.sampled_from((0, 0, 100)),
        no_dark=st.booleans(),
        excluded=st.sampled_from(((), (), (LIT,), (OTHER_LIT,))),
        later_s=st.sampled_from((0, 0, 0, 40)),
    )
    def submit(
        self,
        sides: list[Side],
        order_qty: int,
        limit: float | None,
        client: str,
        urgency: Urgency,
        at_once: bool,  # noqa: FBT001
        is_gtc: bool,  # noqa: FBT001
        consent: bool,  # noqa: FBT001
        immediacy: Immediacy,
        display_qty: int,
        no_dark: bool,  # noqa: FBT001
        excluded: tuple[str, ...],
        later_s: int,
    ) -> None:
        if immediacy is not Immediacy.NONE:
            is_gtc, display_qty, later_s = False, 0, 0
        asked = []
        for side in sides:
            self.count += 1
            asked.append(
                order(
                    f"o{self.count}",
                    order_qty,
                    side=side,
                    limit_px=None if limit is None else px(limit),
                    client_id=client,
                    urgency=urgency,
                    must_complete=at_once,
                    end_ns=self.soon_ns() if at_once else None,
                    time_in_force=TimeInForce.GTC if is_gtc else TimeInForce.DAY,
                    crossing_consent=consent,
                    immediacy=immediacy,
                    display_qty=min(display_qty, order_qty),
                    no_dark=no_dark,
                    excluded_venues=excluded,
                    start_ns=self.world.now_ns + later_s * SECOND if later_s else None,
                )
            )
        self.step(*self.fresh(), *asked)
        state = self.world.state
        self.requests += [x for x in asked if state.order_id_of(x.source, x.cl_ord_id)]

    def fresh(self) -> list[Any]:
        """A market that one can trade in, now."""
        return [quote(venue, received_ns=self.world.now_ns) for venue in (LIT, OTHER_LIT)]

    def soon_ns(self) -> int:
        """A time that orders of the same minute share."""
        return (self.world.now_ns // (100 * SECOND) + 1) * 100 * SECOND

    @precondition(lambda self: bool(orders(self.world.state)))
    @rule(
        which=INDEX,
        order_qty=st.none() | QTYS,
        limit=LIMITS,
        time_in_force=st.none() | st.sampled_from(TimeInForce),
        display_qty=st.sampled_from((None, None, 0, 100)),
    )
    def amend_order(
        self,
        which: int,
        order_qty: int | None,
        limit: float | None,
        time_in_force: TimeInForce | None,
        display_qty: int | None,
    ) -> None:
        said: dict[str, Any] = {
            "order_qty": order_qty,
            "limit_px": None if limit is None else px(limit),
            "order_type": None if limit is None else OrderType.LIMIT,
            "time_in_force": time_in_force,
            "display_qty": display_qty,
        }
        self.change(which, lambda name, new: amend(name, cl_ord_id=new, **said))

    @precondition(lambda self: bool(orders(self.world.state)))
    @rule(which=INDEX)
    def cancel_order(self, which: int) -> None:
        self.change(which, lambda name, new: cancel(name, cl_ord_id=new))

    def change(self, which: int, build: Callable[[str, str], Any]) -> None:
        known = list(orders(self.world.state).values())
        self.count += 1
        asked = build(known[which % len(known)].cl_ord_id, f"r{self.count}")
        self.step(asked)
        if self.world.state.order_id_of(asked.source, asked.cl_ord_id):
            self.requests.append(asked)

    # The market.

    @rule(
        venue=st.sampled_from((LIT, OTHER_LIT)),
        bid=st.sampled_from((0, 99.90, 99.99, 100.00, 100.20)),
        spread=st.sampled_from((0.01, 0.02, 0.10)),
        ask_qty=st.sampled_from((0, 100, 1_000)),
    )
    def see_quote(self, venue: str, bid: float, spread: float, ask_qty: int) -> None:
        seen = quote(venue, bid, bid + spread, ask_qty=ask_qty, received_ns=self.world.now_ns)
        self.step(seen)

    @rule(last_qty=st.integers(1, 100_000))
    def see_trade(self, last_qty: int) -> None:
        self.step(trade(last_qty, received_ns=self.world.now_ns))

    @rule(seconds=st.sampled_from((1, 10, 60, 600)))
    def wait(self, seconds: int) -> None:
        now_ns = self.world.now_ns + seconds * SECOND
        fresh = [quote(venue, received_ns=now_ns) for venue in (LIT, OTHER_LIT)]
        self.step(*fresh, after_ns=seconds * SECOND)

    # Venues.

    def child(self, which: int, *, is_live: bool) -> Child:
        known = list(children(self.world.state).values())
        live = self.world.children() if is_live else []
        return (live or known)[which % len(live or known)]

    @precondition(lambda self: bool(children(self.world.state)))
    @rule(
        which=INDEX,
        is_live=st.sampled_from((True, True, True, False)),
        qty=st.sampled_from((1, 40, 100, 10**4)),
        is_over=st.sampled_from((False, False, False, True)),
    )
    def fill(self, which: int, is_live: bool, qty: int, is_over: bool) -> None:  # noqa: FBT001
        child = self.child(which, is_live=is_live)
        self.count += 1
        most = qty if is_over else min(qty, child.leaves_qty)
        self.book(fill_report(child, max(1, most), f"E{self.count}"))

    @precondition(lambda self: bool(children(self.world.state)))
    @rule(
        which=INDEX,
        is_live=st.booleans(),
        kind=st.sampled_from(
            (ExecType.NEW, ExecType.CANCELED, ExecType.EXPIRED, ExecType.REJECTED, ExecType.UNKNOWN)
        ),
    )
    def report_on(self, which: int, is_live: bool, kind: ExecType) -> None:  # noqa: FBT001
        self.count += 1
        self.step(report(self.child(which, is_live=is_live), kind, f"R{self.count}"))

    @precondition(lambda self: self.world.children())
    @rule()
    def confirm_cancels(self) -> None:
        asked = [child for child in self.world.children() if child.is_cancelling]
        self.step(*(report(child, ExecType.CANCELED) for child in asked))

    @precondition(lambda self: self.world.children())
    @rule()
    def race_of_fill_and_cancel(self) -> None:
        both: list[Any] = []
        for child in self.world.children():
            self.count += 1
            part = fill_report(child, max(1, child.leaves_qty // 2), f"E{self.count}")
            both += [part, report(child, ExecType.CANCELED)]
        self.step(*both)

    @precondition(lambda self: bool(children(self.world.state)))
    @rule(which=INDEX, kind=st.sampled_from((cancel_rejected, not_sent, send_started)))
    def gateway_says(self, which: int, kind: Callable[[Child], Any]) -> None:
        self.step(kind(self.child(which, is_live=True)))

    @precondition(lambda self: bool(fills(self.world.state)))
    @rule(
        which=INDEX, qty=st.none() | st.sampled_from((1, 60, 150, 10**4)), cents=st.integers(-2, 2)
    )
    def bust_or_correct(self, which: int, qty: int | None, cents: int) -> None:
        known = list(fills(self.world.state).values())
        fill = known[which % len(known)]
        self.count += 1
        said: dict[str, Any] = {
            "exec_ref_id": fill.executions[0][2],
            "exec_id": f"C{self.count}",
            "last_px": fill.last_px + cents * px(0.01),
        }
        if qty is None:
            self.book(report(fill.child, ExecType.TRADE_CANCEL, **said))
        else:
            self.book(correction(fill.child, qty, **said))

    def book(self, one: Any) -> None:  # noqa: ANN401
        self.step(one)
        if any(self.world.all_of(kind) for kind in (FillBooked, FillBusted, FillCorrected)):
            self.reports.append(one)

    @rule(which=INDEX, child_id=st.sampled_from(("", "0-0", "nobody")))
    def lie(self, which: int, child_id: str) -> None:
        if children(self.world.state):
            child = self.child(which, is_live=False)
            self.step(fill_report(child, 10, f"L{which}", child_id=child_id))

    @precondition(lambda self: self.reports or self.requests)
    @rule(which=INDEX)
    def resend(self, which: int) -> None:
        """A resend changes nothing; a resent request is refused."""
        known = [*self.reports, *self.requests]
        one = known[which % len(known)]
        topic = "venue-reports" if one in self.reports else "orders"
        cause = f"{topic}:{self.world.shard.resume(topic).position}"
        before = parts(self.world.state)
        breaks = len(self.world.state.breaks)
        self.world.when(one)
        led_to = [event for event in self.world.events if event.cause == cause]
        told: list[type] = [] if topic == "venue-reports" else [OrderRejected, OrderChangeRejected]
        assert all(type(event) in told for event in led_to), led_to
        assert len(led_to) == bool(told)
        assert len(self.world.state.breaks) == breaks
        if len(led_to) == len(self.world.events):
            assert parts(self.world.state) == before

    # Operators.

    @rule(
        scope=st.sampled_from(
            (
                (ControlScope.FIRM, ""),
                (ControlScope.CLIENT, "c1"),
                (ControlScope.CLIENT, "c2"),
                (ControlScope.VENUE, LIT),
                (ControlScope.INSTRUMENT, "AAPL"),
            )
        ),
        what=st.sampled_from(("kill", "halt", "lift", "release", "release", "release")),
    )
    def operate(self, scope: tuple[ControlScope, str], what: str) -> None:
        if what == "release":
            held = self.world.state.controls.killed
            self.step(lift(), *(kill(ControlScope(s), name, engaged=False) for s, name in held))
        elif what == "lift":
            self.step(kill(*scope, engaged=False))
        else:
            self.step(halt() if what == "halt" else kill(*scope))

    @precondition(lambda self: bool(parents(self.world.state)))
    @rule(
        which=INDEX,
        action=st.sampled_from(tuple(ACTIONS)),
        urgency=st.sampled_from(Urgency),
        venue=st.sampled_from((LIT, LIT, OTHER_LIT, "NOWHERE")),
    )
    def instruct(self, which: int, action: ParentAction, urgency: Urgency, venue: str) -> None:
        known = list(self.world.state.parents) or [x.parent_id for x in parents(self.world.state)]
        is_of_venue = action in instructions.OF_VENUES
        said = {
            "urgency": urgency if action is ParentAction.URGENCY else None,
            "venue": venue if is_of_venue else "",
        }
        self.step(instructed(known[which % len(known)], action, **said))

    @rule(is_now=st.sampled_from((False, False, False, True)))
    def close(self, is_now: bool) -> None:  # noqa: FBT001
        if is_now:
            self.end_of_day()

    def end_of_day(self) -> None:
        world = self.world
        self.step(day_closed(20180102 + self.day))
        self.day += 1
        self.reports, self.requests = [], []
        assert not world.children()
        self.base = base_of(world.state)
        assert not world.state.store_totals.parents
        assert all(found.open_qty > 0 for found in world.state.orders.values())
        open_ns = OPEN_NS + self.day * DAY_NS
        now_ns = open_ns + HOUR
        opened = day_opened(20180102 + self.day, open_ns)
        self.step(opened, quote(received_ns=now_ns), after_ns=now_ns - world.now_ns)

    @invariant()
    def everything_holds(self) -> None:
        if not hasattr(self, "world"):
            return
        state = self.world.state
        check_orders(state, self.base)
        for parent in parents(state):
            check_parent(state, parent)
        check_open_parts(state)
        check_chances(state)
        check_breaks(state, self.flagged_qty)
        check_children(state)
        check_store(state)
        check_indices(state)
        self.check_answers(state)

    def check_answers(self, state: State) -> None:
        """Every request has one final answer, or is noted and waits for it."""
        waiting = Counter(
            found.pending.cl_ord_id for found in state.orders.values() if found.pending is not None
        )
        assert self.asked == self.answered + waiting
