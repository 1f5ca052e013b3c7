"""The state hash of a seal: a hash of a sample of the shard's state, another sample each time.

A process that folds the log must reach the same state as the worker that decided, or fold and step
are not the same loop. To prove that all day long, every HASH_EVERY_BATCHES seals and each close
carry a hash: of the sizes of all indices, of the newest entries of each, of the totals of the
finished store, and of a sample. The sample is one control or reference record, the book of one
instrument, and the live parents of another with their members, orders and children. A sample is
bounded, so no batch waits long for it; over a day every part is sampled in turn. At a close, where
little is left and no order waits, the hash covers everything.

The hash names an event in the state by its seq: the seal's digests cover its bytes already. The
hashed content is text, the same for one release and one Python version.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, islice
from operator import attrgetter
from typing import Any, NamedTuple

from engine.core.state.limit_ladder import Aged, SortedKeys
from engine.core.state.model import (
    AMENDABLE,
    Basis,
    Book,
    Child,
    Fill,
    Member,
    Order,
    Parent,
    Scorecard,
    Tranche,
)
from engine.core.state.state import State

HASH_EVERY_BATCHES = 128
NEWEST = 4  # Entries of each index.
OBJECTS_MAX = 64  # Parents, members and children of one sample.

Plain = tuple[object, ...]

FACTS = (  # Indices of facts: an entry changes only with the next fact of its name.
    *("reference.instruments", "reference.ticks", "reference.venues", "reference.fees"),
    *("reference.calendars", "reference.curves", "reference.waiting", "reference.actions"),
    "reference.settled",
    *("controls.killed", "controls.limits"),
    *("controls.allotments", "controls.mandates", "controls.restricted", "controls.numbers"),
    "controls.writer_keys",
)
INDICES = (
    *("narrowed", "lowered", "spent_notional", "dealings", "positions", "halted", "suspended"),
    *("sessions_down", "sessions_up", "venue_status", "orders", "order_ids", "refused"),
    *("parents_ended", "children", "fills", "executions", "scorecards", "ended", "breaks"),
    *("pools.kinds", "pools.roots", "pools.sizes", "pools.markouts"),
    *("more_breaks", "session_days", "flagged", "rates", "unplaced", "unjudged", "judging"),
    *("carried.orders", "carried.parents", "carried.scorecards", "carried.breaks"),
    *("carried.more_breaks", "carried.venue_status", "carried.sessions_down", "exposed", "idle"),
)
SIZED = ("books", "parents", "joinable", "by_side", "offers", "reached", "unpriced")
COUNTERS = (
    *("shard", "settings_text", "settings.quote_age_max_ns", "settings.limit_band_px"),
    *("settings.tape_includes_own", "next_seq", "sealed_ns", "touched", "late", "carried_facts"),
    *("slices", "sliced"),
    *("is_closing", "sealed_seq", "seals", "day_seq", "evict_after_ns", "store_totals", "review"),
    "controls.closed_day",
)
_facts, _indices, _sized = attrgetter(*FACTS), attrgetter(*INDICES), attrgetter(*SIZED)
_counters = attrgetter(*COUNTERS)
_of_order = attrgetter(
    *("order_id", "terms.seq", "cl_ord_id", "order_qty", "limit_px", "start_ns", "end_ns"),
    *("crossed_qty", "allocated_qty", "withdrawn_qty", "notional", "is_expired", "parent_id"),
    *("change_ids", "homes", "is_shared", "is_over", "parent_ids", "held_ns", "held_for"),
    *("action_ids", "held_action_id", "adjusted_ns"),
    *(f"terms.{name}" for name in AMENDABLE),
)
_of_pending = attrgetter("cl_ord_id", "change", "order_qty", "limit_px", *AMENDABLE)
_of_member = attrgetter(
    *("member_qty", "crossed_qty", "allocated_qty", "left_qty", "is_active"),
    *("tranche", "joined_epoch", "left_epoch", "stays"),
)
_of_child = attrgetter(
    *("child_id", "terms.seq", "routed_ns", "leaves_qty", "epoch", "filled_qty", "first_fill_ns"),
    *(
        "cost_millibps_qty",
        "costed_qty",
        "is_acknowledged",
        "acknowledged_ns",
        "is_cancelling",
        "is_unknown",
    ),
    *("is_live", "is_closed", "missing_qty", "gaps", "disputed_qty", "notional", "answer_by_ns"),
    *("unanswered_since_ns", "asked", "refused", "is_silent", "holders", "counted_qty", "covers"),
)
_of_fill = attrgetter(
    *("fill_id", "child.child_id", "last_qty", "last_px", "order_ids", "shares_qty", "error_qty"),
    *("executions", "parts_qty"),
)
_of_tranche = attrgetter(
    *(
        "number",
        "terms.seq",
        "benchmark",
        "limit_px",
        "member_count",
        "join_epoch",
        "open_qty",
        "exposure_qty",
    ),
    *("filled_qty", "crossed_qty", "released_ns", "base", "plan"),
)
_of_parent = attrgetter(
    *("parent_id", "seq", "terms.seq", "due_ns", "window_end_ns", "end_ns", "epoch", "open_qty"),
    *("exposure_qty",),
    *("filled_qty", "crossed_qty", "error_qty", "notional", "is_released", "is_ended", "is_former"),
    *("member_count", "released_ns", "arrival_mid_px", "base", "aggressiveness_ppm"),
    *("held_until_ns", "is_told_silent", "paused_until_ns", "instructions"),
    *("joined_ns", "waited_ns", "recalibration_id"),
)
_of_book = attrgetter(
    *("volume_qty", "notional", "last_px", "last_px_ns", "px_ns", "priced_ns", "own_filled_qty"),
    *("own_notional", "fruitless", "used", "missed", "good_px", "good_spread_px", "good_ns"),
    *("good_due_ns", "low_px", "high_px", "evidence", "asked", "marks", "mark_due_ns"),
)
_of_quote = attrgetter("bid_px", "bid_qty", "ask_px", "ask_qty", "received_ns")
_of_scorecard = attrgetter(
    *("version", "samples", "fill_ppm", "speed_ns", "cost_millibps", "take_samples", "fresh"),
    *("kind", "cells", "markouts", "acks_milli", "acks_ns", "takes_milli", "takes_ns"),
    *("sizes", "filled_milli", "expected_milli", "marked"),
)


class Sample(NamedTuple):
    """The instruments that a hash covers in detail; empty names where there are none."""

    book: str = ""
    parents: str = ""

    def __str__(self) -> str:
        """For people."""
        parts = (("the book of", self.book), ("the parents of", self.parents))
        return " and ".join(f"{what} {name}" for what, name in parts if name) or "no instrument"


def is_due(batch: int) -> bool:
    """Whether the seal of this batch carries a hash even if it closes no day."""
    return batch % HASH_EVERY_BATCHES == 0


def sample(state: State, batch: int) -> Sample:
    """The instruments that the hash of this batch covers in detail."""
    number = batch // HASH_EVERY_BATCHES
    side = _nth(state.by_side, number)
    return Sample(_nth(state.books, number) or "", "" if side is None else side[0])


def fingerprint(state: State, batch: int, *, whole: bool = False) -> bytes:
    """The hash of the state after a seal, or of all of it with `whole`; SHA-256."""
    number = batch // HASH_EVERY_BATCHES
    count = None if whole else NEWEST
    side = _nth(state.by_side, number)
    name = _nth(state.books, number)
    content = (
        _counters(state),
        None if state.day is None else state.day.day,
        None if state.controls.policy is None else state.controls.policy.policy_id,
        [len(index) for index in _sized(state)],
        [_newest(index, count) for index in _indices(state)],
        _of_facts(_facts(state), number, whole=whole),
        None if name is None else (name, of_book(state.books[name])),
        None if side is None else (side, _of_parents(state, state.by_side[side], number)),
    )
    return hashlib.sha256(repr(content).encode()).digest()


def _nth(index: Mapping[Any, object], number: int) -> Any:  # noqa: ANN401  A key of the index.
    """The key of this number, modulo the size; None in an empty index."""
    return next(islice(index, number % len(index), None)) if index else None


def _newest(index: Mapping[Any, object], count: int | None) -> Plain:
    """The size of an index, and its newest entries."""
    last = islice(reversed(index.items()), count)  # type: ignore[call-overload]
    return (len(index), [(key, plain(value)) for key, value in last])


def _of_facts(facts: Sequence[Mapping[Any, object]], number: int, *, whole: bool) -> Plain:
    """The size of each index; with `whole` all entries, else one entry of one index."""
    sizes = [len(index) for index in facts]
    if whole:
        return (sizes, *facts)
    index = facts[number % len(facts)]
    key = _nth(index, number // len(facts))
    return (sizes, key, index.get(key))


def _of_parents(state: State, aged: SortedKeys[Aged], number: int) -> list[Plain]:
    """Up to OBJECTS_MAX objects of an instrument and side, from another parent on each time."""
    first = number % max(1, len(aged))
    rotated = (state.parents[parent_id] for _, parent_id in aged.from_place(first))
    return list(islice(chain.from_iterable(map(_objects, rotated)), OBJECTS_MAX))


def _objects(parent: Parent) -> Iterator[Plain]:
    yield of_parent(parent)
    for child in parent.children.values():
        yield _of_child(child)
    for member in reversed(parent.members.values()):
        yield of_member(member)


def of_order(order: Order) -> Plain:
    pending = order.pending
    return (_of_order(order), None if pending is None else _of_pending(pending))


def of_member(member: Member) -> Plain:
    return (_of_member(member), of_order(member.order))


def of_parent(parent: Parent) -> Plain:
    plan = parent.plan
    return (
        _of_parent(parent),
        None if plan is None else plan.seq,
        [
            len(index)
            for index in (parent.members, parent.consenting, parent.clients, parent.children)
        ],
        (len(parent.ended_children), len(parent.fills)),
        list(islice(parent.pending, NEWEST)),
        [of_tranche(tranche) for tranche in parent.tranches.values()],
    )


def of_tranche(tranche: Tranche) -> Plain:
    return (
        _of_tranche(tranche),
        [len(index) for index in (tranche.members, tranche.clients, tranche.pending)],
        None if tranche.basis is None else of_basis(tranche.basis),
        [(epoch, of_basis(basis)) for epoch, basis in tranche.older.items()],
    )


def of_basis(basis: Basis) -> Plain:
    last = [column[-NEWEST:] for column in (basis.order_ids, basis.qtys, basis.held)]
    return (len(basis.members), *last)


def of_book(book: Book) -> Plain:
    return (
        _of_book(book),
        [(venue, _of_quote(quote)) for venue, quote in book.quotes.items()],
        [(venue, _of_quote(quote)) for venue, quote in book.doubted.items()],
        [(venue, _of_quote(quote)) for venue, quote in book.unknown.items()],
        list(book.seen),
        [(key, len(own), list(islice(own.places, NEWEST))) for key, own in book.own.items()],
        [len(ladder) for ladder in book.limited.values()],
        [(side, len(ids), list(islice(ids, NEWEST))) for side, ids in book.takers.items()],
        len(book.print_ids),
        list(islice(reversed(book.print_ids), NEWEST)),
    )


OF: Mapping[type, Callable[[Any], Plain]] = {
    Order: of_order,
    Child: _of_child,
    Fill: _of_fill,
    Parent: of_parent,
    Scorecard: _of_scorecard,
}


def plain(value: Any) -> object:  # noqa: ANN401  Any value of an index.
    """The hashed form of an entry: its counters, the seq of an event, or the value itself."""
    of = OF.get(type(value))
    if of is not None:
        return of(value)
    return getattr(value, "seq", value)
