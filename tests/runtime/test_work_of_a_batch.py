"""The work of a batch depends on what it touches, and not on the number of open parents.

The work is counted in bytecodes, so that the tests say the same on every machine.
"""

import sys
from collections.abc import Callable
from datetime import date, timedelta
from types import FrameType
from typing import Any

import pytest
from world import (
    CENT,
    LIT,
    OTHER_LIT,
    World,
    at_once,
    cancel,
    fill_report,
    order,
    policy,
    px,
    quote,
    trading,
)

from engine.core import events as e
from engine.core.state import fingerprint
from engine.core.state.model import Child

FEW, MANY = 60, 600
UNLIMITED = dict.fromkeys(("parent_routes_max", "venue_routes_max"), 10**9)


def bytecodes(work: Callable[[], Any]) -> int:
    """The bytecodes that a call runs."""
    count = 0

    def trace(frame: FrameType, what: str, _: object) -> Any:  # noqa: ANN401  A trace function.
        nonlocal count
        frame.f_trace_opcodes = True
        count += what == "opcode"
        return trace

    former = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(former)
    return count


def resting(number: int, **said: Any) -> e.OrderSubmitted:  # noqa: ANN401
    """An order that shares no parent; four in five have a child, one waits inside."""
    none: dict[str, Any] = {} if number % 5 else {"excluded_venues": (LIT, OTHER_LIT)}
    limit_px = px(99.00) - number % 40 * CENT
    end_ns = at_once().end_ns
    assert end_ns is not None
    settles = date(2018, 1, 3) + timedelta(days=number)
    none |= {"settl_date": int(f"{settles:%Y%m%d}"), "end_ns": end_ns + number}
    return at_once(f"o{number}", 100, limit_px=limit_px, **none, **said)


def opened(parents: int) -> World:
    world = trading(policy(**UNLIMITED))
    world.given(*(resting(number) for number in range(parents)))
    world.given()  # What was due at once and had no room.
    assert len(world.state.parents) == parents
    assert len(world.children()) == parents * 4 // 5
    return world


def first_child(world: World) -> Child:
    return world.children()[0]


INPUTS: dict[str, Callable[[World], Any]] = {
    "order": lambda _: at_once("new", 100, limit_px=px(99.00)),
    "sale": lambda _: order("new", 100, side=e.Side.SELL, client_id="c2", limit_px=px(101.00)),
    "sale of the same client": lambda _: order("new", 100, side=e.Side.SELL, limit_px=px(98.00)),
    "quote": lambda _: quote(LIT, 100.00, 100.01),
    "fill": lambda world: fill_report(first_child(world), 10),
    "cancel": lambda _: cancel("o1"),
}


@pytest.mark.parametrize("what", INPUTS)
def test_the_work_of_a_batch_is_the_same_beside_ten_times_as_many_parents(what: str) -> None:
    few, many = (work_of(opened(parents), INPUTS[what]) for parents in (FEW, MANY))
    assert few * 0.98 <= many <= few * 1.02  # Their ids and seqs have other lengths.


def work_of(world: World, made: Callable[[World], Any]) -> int:
    found = made(world)
    return bytecodes(lambda: world.when(found))


def test_a_state_hash_costs_the_same_beside_ten_times_as_many_parents() -> None:
    few, many = (work_of_hash(opened(parents)) for parents in (FEW, MANY))
    assert many <= few * 1.1


def work_of_hash(world: World) -> int:
    return bytecodes(lambda: fingerprint.fingerprint(world.state, 128 * 59))


def test_the_count_tells_a_walk_over_all_parents() -> None:
    few, many = (work_of_walk(opened(parents)) for parents in (FEW, MANY))
    assert many > few * 9


def work_of_walk(world: World) -> int:
    return bytecodes(lambda: [x for x in world.state.parents.values() if x.pool_qty < 0])
