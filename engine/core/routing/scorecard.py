"""Scorecards: what each venue did with our children, from our own reports and the market by then.

The chance of a fill is learned as survival (`survival`): a resting child teaches the hazard of a
fill in each span of its time at rest, and one that is taken back teaches nothing beyond that. A
take teaches the part of it that was hit, and a miss counts as nothing hit. Both by cell, the state
of the market in which the child was routed (`cells`).

A midpoint peg also teaches what its venue hid, by how many lots of it were filled (`dark_split`).

`chances` estimates from these counts what to expect of a child.

A version counts the updates, each of which states the new counts of what it changed; every route
names the version that it relied on, its cell and the chance that it expected. So the estimates can
be made again as of any decision from the events alone. At a close a part of every count is
forgotten, half in five days.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from engine.core.events import (
    ChildTimeInForce,
    CloseReason,
    ScorecardCarried,
    ScorecardCell,
    ScorecardMarkout,
    ScorecardSize,
    ScorecardUpdated,
    VenueKind,
)
from engine.core.routing import cells, chances, dark_split, survival
from engine.core.routing.chances import KIND_MILLI, NO_REST, SPEED_PRIOR_NS
from engine.core.routing.survival import CHILD_MILLI
from engine.core.state.model import Cell, Child, Lesson, Markout, Pools, Scorecard, Sizes
from engine.core.state.state import State
from engine.core.units import NS_PER_S, PPM

WEIGHT = 8  # One part in eight for the newest sample of cost and speed; guess.
TYPICAL_NS = 60 * NS_PER_S  # The time at rest that `fill_ppm` of an update is about.
# Of each count at a close, 2 ** (-1 / 5): half is left after five days; guess, as venues change
# their fees and routing within weeks.
KEPT_PPM = 870_551

# Ends of a child that never was at its venue.
NOT_THERE = (CloseReason.NOT_SENT,)


def markout_millibps(state: State, venue: str, tactic: str, horizon_s: int) -> int | None:
    """Mean move of the midpoint our way after a fill, 1e-3 bps; floor; None before the first."""
    card = state.scorecards.get(venue)
    found = None if card is None else card.markouts.get((tactic, horizon_s))
    if found is None or not found.fills_milli:
        return None
    return found.sum_millibps * CHILD_MILLI // found.fills_milli


# ----------------------------------------------------------------------------- lessons


def lesson(child: Child, reason: CloseReason | None, end_ns: int, lot_qty: int) -> Lesson | None:
    """The sample of a child that ended now; None if it never was at its venue.

    `lot_qty` is the round lot of its instrument. A route of a release without cells teaches cost
    and speed alone.
    """
    if reason in NOT_THERE:
        return None
    terms, filled_qty = child.terms, child.filled_qty
    part_ppm = max(0, min(PPM, filled_qty * PPM // terms.child_qty))
    first_ns = child.first_fill_ns - child.routed_ns if child.first_fill_ns >= 0 else None
    rested_ns = max(0, end_ns - child.routed_ns)
    is_take = terms.time_in_force is ChildTimeInForce.IOC
    counts: Iterable[tuple[int, ...]] = ((), (), ())
    if terms.cell and cells.is_take(terms.cell):
        hit = CHILD_MILLI * part_ppm // PPM
        counts = ((CHILD_MILLI,), (hit,), (CHILD_MILLI - hit,))
    elif terms.cell:
        counts = survival.counts_of(first_ns, rested_ns, part_ppm)
    at_risk_milli, filled_milli, cancelled_milli = counts
    costed_qty = child.costed_qty if is_take else 0
    is_acked = child.acknowledged_ns >= 0
    sent_lots, filled_lots = dark_split.lots_of(terms.child_qty, filled_qty, lot_qty)
    return Lesson(
        cell=terms.cell,
        at_risk_milli=at_risk_milli,
        filled_milli=filled_milli,
        cancelled_milli=cancelled_milli,
        speed_ns=None if is_take else first_ns,
        cost_millibps=child.cost_millibps_qty // costed_qty if costed_qty else None,
        ack_ns=child.acknowledged_ns - child.routed_ns if is_acked else None,
        take_ns=first_ns if is_take else None,
        hidden=cells.hidden_of(terms.cell),
        sent_lots=sent_lots,
        filled_lots=filled_lots,
        waited_milli=CHILD_MILLI if is_take else dark_split.waited_milli(rested_ns),
    )


def smoothed(old: int, new: int) -> int:
    """Exponential smoothing in integers; rounds down."""
    return old + (new - old) // WEIGHT


# ------------------------------------------------------------------------------ decide


def update(state: State) -> tuple[ScorecardUpdated, ...]:
    """One update for each venue of which children ended since its last one, with what they teach.

    A markout alone waits for it: no batch is sealed only to say one.
    """
    return tuple(
        updated(state, venue, state.scorecards[venue])
        for venue in sorted(state.scorecards)
        if state.scorecards[venue].fresh
    )


def updated(state: State, venue: str, card: Scorecard) -> ScorecardUpdated:
    """The card with its fresh lessons; of cells and markouts those that they changed."""
    defined = state.reference.venues.get(venue)
    kind = card.kind if defined is None else defined.kind
    changed: dict[str, Cell] = {}
    sizes: dict[str, Sizes] = {}
    speed_ns = card.speed_ns if card.version else SPEED_PRIOR_NS
    cost = card.cost_millibps if card.take_samples else None
    for sample in card.fresh:
        if sample.cell:
            taught = Cell(sample.at_risk_milli, sample.filled_milli, sample.cancelled_milli)
            before = changed.get(sample.cell) or card.cells.get(sample.cell)
            changed[sample.cell] = taught if before is None else before.plus(taught)
        if sample.hidden:
            shown = dark_split.counts_of(sample.sent_lots, sample.filled_lots, sample.waited_milli)
            known = sizes.get(sample.hidden) or card.sizes.get(sample.hidden)
            sizes[sample.hidden] = shown if known is None else known.plus(shown)
        if sample.speed_ns is not None:
            speed_ns = smoothed(speed_ns, sample.speed_ns)
        if sample.cost_millibps is not None:
            cost = sample.cost_millibps if cost is None else smoothed(cost, sample.cost_millibps)
    fill_ppm = card.fill_ppm
    if not card.version or not all(cells.is_take(cell) for cell in changed):
        fill_ppm = typical_ppm(state.pools, kind, {**card.cells, **changed})
    acks_ns = [sample.ack_ns for sample in card.fresh if sample.ack_ns is not None]
    takes_ns = [sample.take_ns for sample in card.fresh if sample.take_ns is not None]
    costs = sum(sample.cost_millibps is not None for sample in card.fresh)
    return ScorecardUpdated(
        venue=venue,
        version=card.version + 1,
        samples=card.samples + len(card.fresh),
        fill_ppm=fill_ppm,
        speed_ns=speed_ns,
        cost_millibps=cost or 0,
        take_samples=card.take_samples + costs,
        kind=kind,
        cells=cell_records(changed),
        markouts=markout_records(marked(card)),
        acks_milli=card.acks_milli + CHILD_MILLI * len(acks_ns),
        acks_ns=card.acks_ns + sum(acks_ns),
        takes_milli=card.takes_milli + CHILD_MILLI * len(takes_ns),
        takes_ns=card.takes_ns + sum(takes_ns),
        sizes=size_records(sizes),
    )


def typical_ppm(pools: Pools, kind: VenueKind, own: Mapping[str, Cell]) -> int:
    """Chance of a fill within a minute, all cells of a venue together, shrunk to all venues."""
    tactic = cells.POST if kind is VenueKind.LIT else cells.PEG
    found = NO_REST
    for cell, counts in own.items():
        if cells.tactic_of(cell) == tactic:
            found = found.plus(counts)
    hazards = survival.hazards_ppm(*found[:2], chances.root_hazards(pools, tactic), KIND_MILLI)
    return survival.filled_within_ppm(hazards, TYPICAL_NS)


def marked(card: Scorecard) -> dict[tuple[str, int], Markout]:
    """The sums of markouts that fresh ones changed."""
    changed: dict[tuple[str, int], Markout] = {}
    for tactic, horizon_s, moved in card.marked:
        key = (tactic, horizon_s)
        before = changed.get(key) or card.markouts.get(key, Markout())
        changed[key] = Markout(before.fills_milli + CHILD_MILLI, before.sum_millibps + moved)
    return changed


def cell_records(found: Mapping[str, Cell]) -> tuple[ScorecardCell, ...]:
    return tuple(
        ScorecardCell(
            cell=cell,
            at_risk_milli=x.at_risk_milli,
            filled_milli=x.filled_milli,
            cancelled_milli=x.cancelled_milli,
        )
        for cell, x in sorted(found.items())
    )


def size_records(found: Mapping[str, Sizes]) -> tuple[ScorecardSize, ...]:
    return tuple(
        ScorecardSize(tactic=tactic, at_risk_milli=x.at_risk_milli, ended_milli=x.ended_milli)
        for tactic, x in sorted(found.items())
    )


def markout_records(found: Mapping[tuple[str, int], Markout]) -> tuple[ScorecardMarkout, ...]:
    return tuple(
        ScorecardMarkout(
            tactic=tactic,
            horizon_s=horizon_s,
            fills_milli=x.fills_milli,
            sum_millibps=x.sum_millibps,
        )
        for (tactic, horizon_s), x in sorted(found.items())
    )


def carried(venue: str, card: Scorecard) -> ScorecardCarried:
    """The card as the next day starts from it: all counts, a part of each forgotten."""
    return ScorecardCarried(
        venue=venue,
        version=card.version,
        samples=card.samples,
        fill_ppm=card.fill_ppm,
        speed_ns=card.speed_ns,
        cost_millibps=card.cost_millibps,
        take_samples=card.take_samples,
        kind=card.kind,
        cells=cell_records({cell: forgotten(x) for cell, x in card.cells.items()}),
        markouts=markout_records(
            {key: Markout(kept(x[0]), kept(x[1])) for key, x in card.markouts.items()}
        ),
        acks_milli=kept(card.acks_milli),
        acks_ns=kept(card.acks_ns),
        takes_milli=kept(card.takes_milli),
        takes_ns=kept(card.takes_ns),
        sizes=size_records(
            {
                tactic: Sizes(*(tuple(map(kept, x)) for x in found))
                for tactic, found in card.sizes.items()
            }
        ),
    )


def forgotten(cell: Cell) -> Cell:
    """A cell with the part of its counts that a close keeps."""
    return Cell(*(tuple(map(kept, counts)) for counts in cell))


def kept(count: int) -> int:
    """The part of a count or sum that a close keeps; rounds down."""
    return count * KEPT_PPM // PPM


# ------------------------------------------------------------------------------ evolve


def on_updated(state: State, event: ScorecardUpdated) -> None:
    card = card_of(event)
    former = state.scorecards.get(event.venue) or Scorecard(kind=event.kind)
    changed = card.cells
    card.cells = {**former.cells, **changed}
    card.markouts = {**former.markouts, **card.markouts}
    taught = card.sizes
    card.sizes = {**former.sizes, **taught}
    card.expected_milli = former.expected_milli
    card.filled_milli = filled_at_rest_milli(card.cells)
    state.scorecards[event.venue] = card
    state.chances.clear()
    for key in [(x.tactic, x.horizon_s) for x in event.markouts]:
        before_fills = former.markouts.get(key, Markout())
        add_markout(state.pools, key, card.markouts[key].plus(before_fills, -1))
    if former.kind is event.kind:
        for cell, now in changed.items():
            before = former.cells.get(cell)
            add(state.pools, event.kind, cell, now if before is None else now.plus(before, -1))
        for tactic, shown in taught.items():
            known = former.sizes.get(tactic)
            more = shown if known is None else shown.plus(known, -1)
            add_sizes(state.pools, event.kind, tactic, more)
        expect_anew(state.pools, state.scorecards, event.kind, changed)
    else:  # Reference data has changed its kind.
        state.pools = pooled(state.scorecards)


def on_carried(state: State, event: ScorecardCarried) -> None:
    card = card_of(event)
    card.filled_milli = filled_at_rest_milli(card.cells)
    state.carried.scorecards[event.venue] = card


def card_of(event: ScorecardUpdated | ScorecardCarried) -> Scorecard:
    """The card that an event states; an update states only the cells that changed."""
    return Scorecard(
        version=event.version,
        samples=event.samples,
        fill_ppm=event.fill_ppm,
        speed_ns=event.speed_ns,
        cost_millibps=event.cost_millibps,
        take_samples=event.take_samples,
        kind=event.kind,
        cells={
            x.cell: Cell(x.at_risk_milli, x.filled_milli, x.cancelled_milli) for x in event.cells
        },
        markouts={
            (x.tactic, x.horizon_s): Markout(x.fills_milli, x.sum_millibps) for x in event.markouts
        },
        acks_milli=event.acks_milli,
        acks_ns=event.acks_ns,
        takes_milli=event.takes_milli,
        takes_ns=event.takes_ns,
        sizes={x.tactic: Sizes(x.at_risk_milli, x.ended_milli) for x in event.sizes},
    )


def filled_at_rest_milli(own: Mapping[str, Cell]) -> int:
    """The filled part of resting children, in all cells."""
    return sum(sum(x.filled_milli) for cell, x in own.items() if not cells.is_take(cell))


def pooled(scorecards: Mapping[str, Scorecard]) -> Pools:
    """The pools of several cards, in which each gets what its kind expects of it."""
    pools = Pools()
    for card in scorecards.values():
        card.expected_milli = {}
        for cell, counts in card.cells.items():
            add(pools, card.kind, cell, counts)
        for key, found in card.markouts.items():
            add_markout(pools, key, found)
        for tactic, sizes in card.sizes.items():
            add_sizes(pools, card.kind, tactic, sizes)
    for kind in VenueKind:
        own = dict.fromkeys(c for x in scorecards.values() if x.kind is kind for c in x.cells)
        expect_anew(pools, scorecards, kind, own)
    return pools


def add(pools: Pools, kind: VenueKind, cell: str, counts: Cell) -> None:
    """Add counts of a venue to the pools of its kind and of all."""
    root = cell if cells.is_take(cell) else cells.tactic_of(cell)
    before = pools.roots.get(root)
    pools.roots[root] = counts if before is None else before.plus(counts)
    if root != cell:
        before = pools.kinds.get((kind, cell))
        pools.kinds[kind, cell] = counts if before is None else before.plus(counts)


def add_markout(pools: Pools, key: tuple[str, int], found: Markout) -> None:
    """Add fills of a venue to those of all venues, by tactic and horizon."""
    pools.markouts[key] = pools.markouts.get(key, Markout()).plus(found)


def add_sizes(pools: Pools, kind: VenueKind, tactic: str, more: Sizes) -> None:
    """Add counts of hidden quantity of a venue to those of its kind."""
    before = pools.sizes.get((kind, tactic))
    pools.sizes[kind, tactic] = more if before is None else before.plus(more)


def expect_anew(
    pools: Pools, scorecards: Mapping[str, Scorecard], kind: VenueKind, changed: Iterable[str]
) -> None:
    """Count anew what the kind's hazards expect of each of its venues in the cells that changed."""
    for cell in changed:
        if cells.is_take(cell):
            continue
        hazards = chances.kind_hazards(pools, kind, cell)
        for card in scorecards.values():
            own = card.cells.get(cell) if card.kind is kind else None
            if own is not None:
                expected = sum(n * h for n, h in zip(own.at_risk_milli, hazards, strict=True))
                card.expected_milli[cell] = expected // PPM


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {
    ScorecardUpdated: on_updated,
    ScorecardCarried: on_carried,
}
