"""A close carries the facts in force, and the next day starts from these alone."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import apsw
import pytest
from logged import (
    RULES,
    EarlierShard,
    Live,
    an_earlier_release,
    assert_same,
    morning,
    over_the_close,
    read_seals,
    recovered,
)
from world import (
    CLOSE_NS,
    HOUR,
    SECOND,
    Raw,
    World,
    allotment,
    curve,
    day_closed,
    day_opened,
    fees,
    instrument,
    kill,
    make,
    market,
    order,
    px,
    quote,
    restriction,
    risk_limit,
    tick_table,
    trading,
    venue,
    writer_key,
)

from engine.audit import verification
from engine.audit.verification import Bounds
from engine.core import events as e
from engine.core.day import carry_forward
from engine.core.orders import corporate_actions
from engine.core.partition import partition_of
from engine.core.state.state import Controls, Reference
from engine.log import codec
from engine.log.embedded import EmbeddedLog
from engine.log.embedded.file import pack_headers
from engine.log.port import ALL_TOPICS, DLQ, JOURNAL, CorruptLogError
from engine.runtime.recovery import last_close
from engine.runtime.replica import positions_in
from engine.runtime.shard import Shard


def another_day(live: Live, day: int) -> Live:
    """The day's close, and the morning after."""
    live.when(day_closed(day), order("late"), after_ns=8 * HOUR)
    open_ns = live.now_ns + 16 * HOUR
    live.when(day_opened(day + 1, open_ns), quote(received_ns=open_ns), after_ns=16 * HOUR)
    return live.when(order(f"n{day}", 900, limit_px=px(99.95)), after_ns=SECOND)


EVERYTHING: tuple[Any, ...] = (
    *(fees(), tick_table((0, 10_000_000)), curve((0, HOUR), (1,)), restriction("MSFT")),
    *(kill(), risk_limit(max_order_qty=9), allotment(5), instrument("MSFT")),
    *(writer_key(), writer_key(number=2, from_day=20180103), writer_key("T2", 3)),
    *(venue("LATER", effective_day=20180105), instrument("MSFT", effective_day=20180106)),
    *(
        make(
            e.CorporateActionDefined,
            action_id=action_id,
            instrument_id="MSFT",
            new_qty=2,
            old_qty=1,
            effective_day=day,
        )
        for action_id, day in (("A1", 20180107), ("A0", 20180102))
    ),
)


@pytest.fixture
def live(tmp_path: Path) -> Any:  # noqa: ANN401  Closed by the fixture.
    with EmbeddedLog(tmp_path / "log.db", 1) as log:
        found = Live(log)
        yield found
        found.close()


def test_all_that_stands_at_a_close_stands_after_it() -> None:
    world = trading(*EVERYTHING)
    reference, controls = world.state.reference, world.state.controls

    world.at(CLOSE_NS, day_closed())

    assert world.state.reference is not reference
    corporate_actions.settle(reference, 20180102)
    assert world.state.reference == reference
    assert world.state.controls == controls
    assert world.folded().state == world.state
    assert all(getattr(reference, field.name) for field in fields(Reference))
    assert all(getattr(controls, field.name) for field in fields(Controls))


def test_what_was_lifted_is_not_carried() -> None:
    lifted = (kill(engaged=False), restriction("MSFT", restricted=False))
    world = trading(kill(), restriction("MSFT")).given(*lifted).at(CLOSE_NS, day_closed())

    world.then_no(e.KillSwitchCarried, e.RestrictionCarried)


@pytest.mark.parametrize(("kind", "fact"), carry_forward.FACT_OF.items())
def test_what_is_carried_of_a_fact_has_all_of_its_fields(kind: type, fact: type) -> None:
    carried = {field.name: field.type for field in fields(kind)}

    assert carried == {
        **{field.name: field.type for field in fields(fact)},
        **dict.fromkeys(("seq", "at_ns"), int),
        "cause": str,
    }
    told = make(fact)
    (again,) = carry_forward.as_events(kind, [told])
    assert carry_forward.fact_of(again) == told


def test_a_shard_carries_its_own_instruments_and_no_others() -> None:
    rules = replace(RULES, settings_text=RULES.settings_text[:-1] + ', "partitions": 8}')
    names = [f"I{n:02}" for n in range(40)]
    carried: list[str] = []
    for number in range(8):
        shard = Shard(number, replace(rules, partitions=8))
        told = World()._record  # noqa: SLF001
        inputs = [told("reference", instrument(name)) for name in names]
        controls = [told("controls", day_closed())]
        sealed = shard.step({"reference": inputs, "controls": controls}, CLOSE_NS)
        assert sealed is not None
        mine = [x.instrument_id for x in sealed.events if isinstance(x, e.InstrumentCarried)]
        assert [partition_of(name.encode(), 8) for name in mine] == [number] * len(mine)
        assert list(shard.state.reference.instruments) == mine
        carried += mine

    assert sorted(carried) == names


def test_the_name_of_the_log_before_changes_nothing() -> None:
    state = trading().state
    before = repr(state)
    carry_forward.on_log_continued(state, e.LogContinued(partitions=3, closes=()))
    assert repr(state) == before


# --------------------------------------------------------------------- nothing before is read


def forget(path: Path, shard: Shard, close: last_close.Close) -> int:
    """Delete the records before the close's own; returns how many they were.

    The last one of each topic stays: the file counts offsets and positions by it.
    """
    connection = apsw.Connection(str(path))
    ids: Any = connection.execute("select name, topic_id from topic").fetchall()
    names: dict[str, int] = dict(ids)
    counts = {entry.topic: entry.record_count for entry in close.seal_record.seal.outputs}
    for topic in ALL_TOPICS:
        first = names[topic] << 56
        start = close.starts.get(topic) or shard.resume(topic)
        own = 1 if topic == JOURNAL else counts.get(topic, 0)
        connection.execute(
            "delete from record where id >= ? and id < ? and position < ?",
            (first, first + (1 << 56), start.position - own - 1),
        )
    deleted = connection.total_changes()
    connection.close()
    return deleted


def test_a_recovery_reads_nothing_before_the_last_close(live: Live, tmp_path: Path) -> None:
    another_day(over_the_close(morning(live).when(*EVERYTHING)), 20180103)
    close = last_close.last_close(live.log, 0)
    assert close is not None
    at_close = Shard(0, RULES)
    last_close.started_after(live.log, at_close, close).close()

    assert forget(tmp_path / "log.db", at_close, close) > 100

    assert_same(recovered(live.log), live.shard)
    another_day(live, 20180104)  # And the same bytes are written from there on.
    assert_same(recovered(live.log), live.shard)


def test_batches_of_one_millisecond_are_told_apart(live: Live) -> None:
    morning(live).when(Raw("orders", source="lost"), after_ns=HOUR)
    live.when(order("n1"), Raw("orders", source="lost"), Raw("controls"), day_closed())
    at = live.shard.next_batch - 1
    live.when(Raw("orders", source="lost"), order("n2"), instrument("MSFT"))

    close = last_close.last_close(live.log, 0)

    assert close is not None
    assert close.seal_record.seal.batch <= at
    assert live.shard.next_batch > close.seal_record.seal.batch + 1
    assert_same(recovered(live.log), live.shard)


def test_dead_letters_that_lost_their_headers_are_found_as_damage(
    live: Live, tmp_path: Path
) -> None:
    morning(live).when(order("n1"), day_closed(), after_ns=HOUR)
    live.when(Raw("orders", source="lost"), order("n2"))  # In the millisecond of the close.
    assert_same(recovered(live.log), live.shard)
    connection = apsw.Connection(str(tmp_path / "log.db"))
    rows: Any = connection.execute("select topic_id from topic where name = ?", (DLQ,)).fetchall()
    number: int = rows[0][0]
    lost = (pack_headers(()), number << 56, (number + 1) << 56)
    connection.execute("update record set headers = ? where id >= ? and id < ?", lost)
    assert connection.changes() > 0
    connection.close()

    with pytest.raises(CorruptLogError, match=DLQ):
        recovered(live.log)


def test_a_close_that_is_older_than_what_is_known_is_not_looked_for(live: Live) -> None:
    over_the_close(morning(live))
    close = last_close.last_close(live.log, 0)
    assert close is not None

    assert last_close.last_close(live.log, 0, close.seal_record.seal.batch) is None
    assert last_close.last_close(live.log, 0, close.seal_record.seal.batch - 1) is not None


def test_a_log_without_a_close_has_none_to_begin_at(live: Live) -> None:
    assert last_close.last_close(live.log, 0) is None
    assert last_close.last_close(morning(live).log, 0) is None


@pytest.mark.parametrize("bounds", [Bounds(day=20180102), Bounds(day=20180103), Bounds(first=12)])
def test_a_day_alone_is_decided_again_from_what_the_close_before_it_says(
    live: Live, bounds: Bounds
) -> None:
    """The days before and after it are skipped, their orders and quotes unread."""
    another_day(over_the_close(morning(live)), 20180103)
    steps = verification.verify(live.log, 0, RULES, bounds)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            proof: verification.Proof = done.value
            break

    assert proof.difference is None
    assert proof.decided == proof.asked > 0
    assert proof.batches == live.shard.next_batch


# -------------------------------------------------------------------------- an earlier release


def test_the_close_of_an_earlier_release_is_passed_over_as_before(live: Live) -> None:
    live.shard = EarlierShard(0, RULES)
    with an_earlier_release():
        another_day(over_the_close(morning(live).when(*EVERYTHING)), 20180103)
    told = [x for record in live.log.reader("ingest", 0).read(9_999) for x in [decoded(record)]]
    assert positions_in(told) is None
    assert not any(isinstance(event, tuple(carry_forward.EVOLVE)) for event in told)
    assert last_close.last_close(live.log, 0) is None
    found = recovered(live.log)
    assert_same(found, live.shard)
    assert len(found.state.reference.instruments) == 2

    live.shard = found  # This release goes on, and recovery starts from its own close.
    another_day(live, 20180104)
    assert last_close.last_close(live.log, 0) is not None
    assert_same(recovered(live.log), live.shard)


def decoded(record: Any) -> Any:  # noqa: ANN401  Any event of ingest.
    return codec.decode("ingest", record.value)


def test_an_older_close_after_a_newer_one_is_passed_over_too(live: Live) -> None:
    over_the_close(morning(live).when(*market(), *EVERYTHING))
    live.shard = recovered(live.log)
    earlier = EarlierShard(0, RULES)
    earlier.__dict__.update(live.shard.__dict__)
    live.shard = earlier
    with an_earlier_release():
        another_day(live, 20180103)

    assert [seal.kind for seal in read_seals(live.log)].count(e.SealKind.CLOSE) == 2
    assert_same(recovered(live.log), live.shard)
