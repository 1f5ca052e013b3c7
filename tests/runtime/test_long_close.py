"""A close of a day with much open takes several batches, and means the same as one of a batch."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from logged import GTC, Live, assert_same, morning, over_the_close, read_seals, recovered
from world import (
    CLOSE_NS,
    MINUTE,
    World,
    at_once,
    day_closed,
    day_opened,
    fill_report,
    order,
    policy,
    px,
    report,
    trading,
)

from engine.core import events as e
from engine.core.day import trading_day
from engine.log.embedded import EmbeddedLog
from engine.log.port import SHARED_TOPICS
from engine.runtime.replica import Replica

PARENTS = 5


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trading_day, "CLOSED_MAX", 2)


def at_work() -> World:
    """Parents with a child each, and one order that outlives the day."""
    world = trading(policy(router=e.Router.SEQUENTIAL))
    world.given(
        *(
            at_once(f"o{n}", 100, limit_px=px(99.00 - n), settlement=f"T{n}")
            for n in range(PARENTS - 1)
        )
    )
    world.given(at_once("gtc", 600, limit_px=px(90.00), settlement="G", **GTC))
    first, *_, last = world.children()
    world.given(fill_report(first, 30), fill_report(last, 40, "E2"))
    assert len(world.state.parents) == PARENTS
    return world


def closing_batches(world: World) -> list[tuple[e.SealKind, int]]:
    """Of each batch from the close on: its kind, and the parents that it ended."""
    first = next(
        n
        for n, batch in enumerate(world.batches)
        if any(getattr(x, "control", "") == "DayClosed" for x in batch.sealed.events)
    )
    return [
        (
            batch.sealed.seal.kind,
            sum(isinstance(x, e.ParentEnded) for x in batch.sealed.events),
        )
        for batch in world.batches[first:]
    ]


def test_a_batch_of_a_close_ends_a_bounded_number_of_parents() -> None:
    world = at_work().at(CLOSE_NS - MINUTE, day_closed())
    normal, close = e.SealKind.NORMAL, e.SealKind.CLOSE

    assert closing_batches(world) == [(normal, 2), (normal, 2), (close, 1)]
    assert next(iter(world.state.orders.values())).cl_ord_id == "gtc"
    assert not world.state.is_closing
    assert world.folded().state == world.state
    assert repr(world.folded().state) == repr(world.state)
    assert [x.seal.chain for x in world.stepped_again()] == [
        x.sealed.seal.chain for x in world.batches
    ]


def told(world: World) -> Counter[str]:
    """What the last round told, without the places of the events and the positions before them."""
    found = Counter[str]()
    for event in world.events:
        if isinstance(event, e.PositionsCarried):
            continue
        fields = {name: getattr(event, name) for name in type(event).__slots__}
        found[repr((type(event), {**fields, "seq": 0, "cause": ""}))] += 1
    return found


def test_a_close_of_several_batches_tells_the_same_as_one_of_a_batch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    long = at_work().at(CLOSE_NS - MINUTE, day_closed())
    monkeypatch.undo()
    short = at_work().at(CLOSE_NS - MINUTE, day_closed())

    assert len(short.batches) == len(long.batches) - 2
    assert told(long) == told(short)


def test_what_comes_meanwhile_waits_for_the_next_day() -> None:
    world = at_work()
    child = world.children()[-1]
    late = (report(child, e.ExecType.CANCELED), order("late"), day_opened(20180103, CLOSE_NS))
    world.at(CLOSE_NS - MINUTE, day_closed(), *late)

    closes = [n for n, x in enumerate(world.batches) if x.sealed.seal.kind is e.SealKind.CLOSE]
    assert closes == [len(world.batches) - 2]
    assert not any(world.batches[closes[0]].inputs.values())
    assert world.state.day is not None
    assert world.folded().state == world.state


def test_a_closed_day_is_skipped_over_all_of_its_batches() -> None:
    world = at_work().at(CLOSE_NS - MINUTE, day_closed())
    found = Replica(0, "1", "3")
    for batch in world.batches:
        shared = {topic: batch.inputs.get(topic, ()) for topic in SHARED_TOPICS}
        found.skip(batch.sealed.seal, shared, batch.sealed.events)

    assert found.state == world.state


def test_a_shard_that_is_lost_between_two_batches_goes_on_with_the_close(tmp_path: Path) -> None:
    with EmbeddedLog(tmp_path / "log.db", 1) as log:
        live = morning(Live(log))
        live.when(
            *(at_once(f"r{n}", 100, limit_px=px(98.00 - n), settlement=f"R{n}") for n in range(4))
        )
        live.now_ns = CLOSE_NS
        closed: Any = live.world._record("controls", day_closed())  # noqa: SLF001
        live.publish("controls", closed)
        sealed = live.step()
        assert sealed is not None
        assert sealed.seal.kind is e.SealKind.NORMAL

        assert_same(recovered(log), live.shard)
        live.shard = recovered(log)
        assert live.shard.next_due_ns() is not None
        kinds = []
        while live.shard.state.is_closing:
            sealed = live.step()
            assert sealed is not None
            kinds.append(sealed.seal.kind)
        assert kinds[-1] is e.SealKind.CLOSE
        assert_same(recovered(log), live.shard)
        live.close()


def test_the_next_day_begins_from_a_close_of_several_batches(tmp_path: Path) -> None:
    with EmbeddedLog(tmp_path / "log.db", 1) as log:
        live = morning(Live(log))
        live.when(
            *(at_once(f"r{n}", 100, limit_px=px(98.00 - n), settlement=f"R{n}") for n in range(4))
        )
        over_the_close(live)

        assert sum(seal.kind is e.SealKind.CLOSE for seal in read_seals(log)) == 1
        assert_same(recovered(log), live.shard)
        live.close()
