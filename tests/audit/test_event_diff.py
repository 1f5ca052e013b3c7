"""Two releases' events of one batch, side by side: what departs is told, and its echoes are not."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

import schemas
from engine.audit.event_diff import CELLS_MAX, Pair, pairs
from engine.core.events import (
    CancelReason,
    ChildCancelRequested,
    FillAllocated,
    HaltReason,
    InstrumentHalted,
    StageEvent,
    stamp,
)
from schemas import compatibility

SHARD = 3
FIRST_SEQ = 100
REPORT, PLAN = "venue-reports:7", "plan:3-50"


def stamped(*events: tuple[StageEvent, str]) -> list[StageEvent]:
    """The events of a batch, as the loop stamps them."""
    for seq, (event, cause) in enumerate(events, start=FIRST_SEQ):
        stamp(event, seq, 1, cause)
    return [event for event, _ in events]


def cancel(child_id: str = "3-60", **said: Any) -> ChildCancelRequested:  # noqa: ANN401
    fields = {"parent_id": "3-50", "venue": "N", "reason": CancelReason.AWAY_FROM_TOUCH}
    return ChildCancelRequested(child_id=child_id, repeats=0, **{**fields, **said})


def allocated(fill_id: str, last_qty: int = 100) -> FillAllocated:
    return FillAllocated(
        fill_id=fill_id,
        parent_id="3-50",
        epoch=1,
        last_qty=last_qty,
        last_px=1,
        order_ids=("3-1", "3-2"),
        shares_qty=(last_qty, 0),
        error_qty=0,
        child_epoch=1,
        other_order_ids=(),
        other_shares_qty=(),
    )


def halted(text: str) -> InstrumentHalted:
    return InstrumentHalted(instrument_id="XXX", reason=HaltReason.FAULT, text=text)


def compared(
    recorded: Sequence[StageEvent],
    decided: Sequence[StageEvent],
    **said: Any,  # noqa: ANN401
) -> list[Pair]:
    return [pair for pair in pairs(SHARD, recorded, decided, **said) if not pair.is_same]


def test_the_same_events_are_the_same() -> None:
    was = stamped((cancel(), PLAN), (allocated("3-70"), REPORT))
    now = stamped((cancel(), PLAN), (allocated("3-70"), REPORT))

    assert compared(was, now) == []


def test_every_field_that_differs_is_named() -> None:
    was = stamped((allocated("3-70", 100), REPORT))
    now = stamped((allocated("3-70", 200), REPORT))

    (pair,) = compared(was, now)

    assert pair.fields == ("last_qty", "shares_qty")


def test_one_event_more_is_one_departure_though_all_ids_after_it_move() -> None:
    was = stamped((cancel("3-60"), REPORT), (allocated("3-100"), PLAN), (cancel("3-101"), PLAN))
    now = stamped(
        (cancel("3-55", venue="T"), REPORT),
        (cancel("3-60"), REPORT),
        (allocated("3-101"), PLAN),
        (cancel("3-102"), PLAN),
    )

    (pair,) = compared(was, now)

    assert (pair.recorded, pair.decided) == (None, now[0])


def test_what_belongs_to_a_new_parent_is_found_under_the_id_that_it_has() -> None:
    """A plan's cause names its parent, and that is an id of the batch too."""
    was = stamped((allocated("3-9"), REPORT), (cancel("3-60"), "plan:3-100"))
    now = stamped(
        (halted("first"), "orders:1"), (allocated("3-9"), REPORT), (cancel("3-60"), "plan:3-101")
    )

    (pair,) = compared(was, now)

    assert pair.decided is now[0]


@pytest.mark.parametrize(("named", "differs"), [("3-102", False), ("3-101", True), ("3-100", True)])
def test_an_id_that_is_now_another_events_is_not_the_same(named: str, *, differs: bool) -> None:
    """With one event more in front, what was 3-101 is 3-102, and 3-101 is what was 3-100."""
    was = stamped((halted("A"), PLAN), (halted("B"), PLAN), (allocated("3-101"), PLAN))
    now = stamped(
        (halted("X"), PLAN), (halted("A"), PLAN), (halted("B"), PLAN), (allocated(named), PLAN)
    )

    alone, *more = compared(was, now)

    assert (alone.recorded, alone.decided) == (None, now[0])
    assert [pair.fields for pair in more] == ([("fill_id",)] if differs else [])


def test_an_event_less_stands_alone_and_the_nearest_of_its_type_are_compared() -> None:
    was = stamped((cancel("3-60", venue="N"), PLAN), (cancel("3-61", venue="T"), PLAN))
    now = stamped((cancel("3-61", venue="T", reason=CancelReason.HALT), PLAN))

    alone, changed = compared(was, now)

    assert (alone.recorded, alone.decided) == (was[0], None)
    assert (changed.recorded, changed.decided, changed.fields) == (was[1], now[0], ("reason",))


def test_the_same_events_in_another_order_differ_in_their_place() -> None:
    was = stamped((cancel("3-60"), PLAN), (cancel("3-61"), PLAN))
    now = stamped((cancel("3-61"), PLAN), (cancel("3-60"), PLAN))

    assert [pair.fields for pair in compared(was, now)] == [("seq",), ("seq",)]


def test_an_event_that_names_a_later_one_is_the_same_as_itself() -> None:
    was = stamped((cancel("3-101"), PLAN), (allocated("3-70"), PLAN), (cancel("3-101"), PLAN))
    now = stamped((cancel("3-101"), PLAN), (allocated("3-70"), PLAN), (cancel("3-101"), PLAN))

    assert compared(was, now) == []


def test_a_later_event_that_differs_makes_what_names_it_differ() -> None:
    was = stamped((cancel("3-101"), PLAN), (allocated("3-70"), PLAN))
    now = stamped((cancel("3-101"), PLAN), (halted("news"), PLAN))

    found = compared(was, now)

    assert [pair.fields for pair in found if pair.recorded and pair.decided] == [("child_id",)]
    assert {type(pair.event) for pair in found} == {
        ChildCancelRequested,
        FillAllocated,
        InstrumentHalted,
    }


def test_the_same_event_of_another_cause_differs_in_its_cause() -> None:
    was, now = stamped((cancel(), PLAN)), stamped((cancel(), REPORT))

    assert [pair.fields for pair in compared(was, now)] == [("cause",)]


def test_long_lists_are_compared_type_by_type() -> None:
    count = CELLS_MAX // 10
    was = stamped(*((cancel(f"3-{n}"), PLAN) for n in range(count)))
    now = stamped(*((cancel(f"3-{n}", venue="T"), PLAN) for n in range(count - 1)))

    found = compared(was, now)

    assert [pair.fields for pair in found[:-1]] == [("venue",)] * (count - 1)
    assert (found[-1].recorded, found[-1].decided) == (was[-1], None)


def test_a_field_that_one_release_does_not_know_is_not_compared() -> None:
    was, now = stamped((cancel(venue="N"), PLAN)), stamped((cancel(venue="T"), PLAN))

    assert compared(was, now, unknown=frozenset({"ChildCancelRequested.venue"})) == []
    assert compared(was, now, unknown=frozenset({"FillAllocated.venue"})) != []


def test_what_was_recorded_of_a_fault_stands_however_it_is_worded() -> None:
    was = stamped((halted("release 1"), REPORT))
    now = stamped((halted("release 2"), REPORT))

    assert compared(was, now, faults=(REPORT,)) == []
    assert [pair.fields for pair in compared(was, now)] == [("text",)]


def test_fields_of_nested_records_have_paths() -> None:
    paths = compatibility.field_paths(schemas.schema("routes-ChildRouted"))

    assert {"ChildRouted.venue", "ChildRouted.runners_up.venue"} <= paths


CAUSES = (REPORT, PLAN, "orders:1")
EVENTS = st.lists(
    st.tuples(
        st.one_of(
            st.builds(cancel, st.sampled_from(["3-60", "3-100", "3-101"])),
            st.builds(allocated, st.just("3-70"), st.integers(1, 3)),
        ),
        st.sampled_from(CAUSES),
    ),
    max_size=8,
)


@for_all(EVENTS, EVENTS)
def test_every_event_has_one_place(
    recorded: list[tuple[StageEvent, str]], decided: list[tuple[StageEvent, str]]
) -> None:
    was, now = stamped(*recorded), stamped(*decided)

    found = pairs(SHARD, was, now)

    assert sorted(pair.recorded.seq for pair in found if pair.recorded) == [x.seq for x in was]
    assert sorted(pair.decided.seq for pair in found if pair.decided) == [x.seq for x in now]
    assert all(type(pair.recorded) is type(pair.decided) for pair in found if pair.fields)
    assert all(pair.is_same for pair in pairs(SHARD, was, was))
    assert (was == now) == all(pair.is_same for pair in found)
