"""Folding a log gives the live state, or an error that names the record."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st
from logged import RULES, Live, assert_same, morning, over_the_close, read_seals, recovered
from world import (
    HOUR,
    LIT,
    MINUTE,
    SECOND,
    Raw,
    amend,
    cancel,
    day_closed,
    day_opened,
    halt,
    kill,
    lift,
    market,
    order,
    px,
    quote,
    report,
    trade,
)

from engine.audit import verification
from engine.core import events as e
from engine.core.state import fingerprint
from engine.log import codec
from engine.log.embedded import EmbeddedLog
from engine.log.port import (
    ALL_TOPICS,
    DLQ,
    INPUT_TOPICS,
    JOURNAL,
    OUTPUT_TOPICS,
    STAGE_TOPICS,
    CorruptLogError,
    NewRecord,
    Record,
)
from engine.runtime import shard_log
from engine.runtime.recovery.recovery import Progress, recover
from engine.runtime.shard import Rules, Shard
from engine.runtime.shard_log import last_seal


@pytest.fixture(autouse=True, scope="module")
def every_seal_states_a_hash() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fingerprint, "HASH_EVERY_BATCHES", 1)
        yield


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    with EmbeddedLog(tmp_path / "log.db", 1) as log:
        found = Live(log)
        yield found
        found.close()


# ----------------------------------------------------------------------------- the same


def test_a_shard_starts_empty_on_an_empty_log(live: Live) -> None:
    assert_same(recovered(live.log), Shard(0, RULES))
    assert last_seal(live.log, 0) is None
    assert read_seals(live.log) == []


def test_after_every_batch_recovery_comes_to_the_live_state(live: Live) -> None:
    def at_each_step(step: Callable[[Live], Live]) -> None:
        original = live.when

        def checked(*inputs: Any, after_ns: int = 0) -> Live:  # noqa: ANN401
            original(*inputs, after_ns=after_ns)
            assert_same(recovered(live.log), live.shard)
            return live

        live.when = checked  # type: ignore[method-assign]
        step(live)
        live.when = original  # type: ignore[method-assign]

    at_each_step(morning)
    at_each_step(over_the_close)
    at_each_step(over_the_close)


INPUTS = st.one_of(
    st.builds(
        order,
        st.sampled_from(["a", "b", "c", "d"]),
        st.integers(0, 900),
        side=st.sampled_from(list(e.Side)),
        client_id=st.sampled_from(["c1", "c2", "c3"]),
        urgency=st.sampled_from(list(e.Urgency)),
        limit_px=st.none() | st.sampled_from([px(99.98), px(100.01), px(100.03)]),
        time_in_force=st.sampled_from(list(e.TimeInForce)),
    ),
    st.builds(amend, st.sampled_from(["a", "b"]), order_qty=st.integers(1, 900)),
    st.builds(cancel, st.sampled_from(["a", "b", "c"])),
    st.builds(kill, engaged=st.booleans()),
    st.sampled_from([halt(), lift(), trade(500), quote(LIT, 100.01, 100.03), Raw("orders", b"x")]),
    st.just(day_closed()),
)
ROUNDS = st.lists(
    st.tuples(
        st.lists(INPUTS, max_size=4),
        st.integers(0, 3 * MINUTE),
        st.sampled_from([None, e.ExecType.TRADE, e.ExecType.CANCELED, e.ExecType.UNKNOWN]),
    ),
    max_size=8,
)


@settings(deadline=None, max_examples=25)
@for_all(rounds=ROUNDS)
def test_whatever_happens_recovery_comes_to_the_live_state(
    tmp_path_factory: pytest.TempPathFactory,
    rounds: list[tuple[list[Any], int, e.ExecType | None]],
) -> None:
    with EmbeddedLog(tmp_path_factory.mktemp("log") / "log.db", 1) as log:
        live = Live(log).when(*market())
        for number, (inputs, after_ns, answer) in enumerate(rounds):
            said = {"last_qty": 10, "last_px": px(100.00)} if answer is e.ExecType.TRADE else {}
            reports = [
                report(child, answer, f"{child.child_id}/{number}", **said)
                for child in live.children()
                if answer is not None
            ]
            live.when(*inputs, *reports, quote(received_ns=live.now_ns), after_ns=after_ns)
            if live.shard.state.day is None:
                opened_ns = live.now_ns + MINUTE
                live.when(day_opened(20180103, opened_ns), after_ns=MINUTE)
        live.when(after_ns=SECOND)  # Old enough: nothing stays open.

        assert_same(recovered(log), live.shard)
        live.close()


def test_what_was_not_sealed_is_read_again(live: Live) -> None:
    live.when(*market())
    position = live.shard.resume("market-data").position

    live.when(quote(LIT, 100.01, 100.03), after_ns=SECOND // 100)

    assert live.shard.resume("market-data").position == position + 1
    assert recovered(live.log).resume("market-data").position == position


def test_recovery_goes_on_from_a_close_that_is_the_end_of_the_log(live: Live) -> None:
    morning(live).when(day_closed(), after_ns=HOUR)

    found = recovered(live.log)

    assert_same(found, live.shard)
    assert found.state.day is None


def test_progress_counts_batches(live: Live) -> None:
    morning(live)

    found = list(recover(live.log, 0, RULES))

    total = len(read_seals(live.log))
    assert found == [Progress(n, total) for n in range(1, total + 1)]


def test_a_new_release_recovers_an_old_ones_day(live: Live) -> None:
    over_the_close(morning(live))

    found = recovered(live.log, replace(RULES, release="next", python="4"))

    assert found.state == live.shard.state
    assert found.chain == live.shard.chain


def test_a_new_release_goes_on_with_an_old_ones_day_and_each_proves_its_own(live: Live) -> None:
    """An upgrade in the middle of a day."""
    later = replace(RULES, release="next")
    morning(live)
    handed_over = live.shard.next_batch

    live.shard = recovered(live.log, later)
    over_the_close(live)

    assert_same(recovered(live.log, later), live.shard)
    total = live.shard.next_batch
    old, new = proved(live.log, RULES), proved(live.log, later)
    assert (old.decided, new.decided) == (handed_over, total - handed_over)
    assert old.difference is new.difference is None
    assert (old.batches, old.chain) == (new.batches, new.chain) == (total, live.shard.chain)


def proved(log: EmbeddedLog, rules: Rules) -> verification.Proof:
    steps = verification.verify(log, 0, rules)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            proof: verification.Proof = done.value
            return proof


def test_a_worker_that_gives_up_a_recovery_closes_its_readers(live: Live) -> None:
    steps = recover(morning(live).log, 0, RULES)
    next(steps)

    steps.close()

    assert_same(recovered(live.log), live.shard)


def test_the_last_seal_is_the_newest(live: Live) -> None:
    morning(live)

    assert last_seal(live.log, 0) == read_seals(live.log)[-1]
    assert [seal.batch for seal in read_seals(live.log)] == list(range(live.shard.next_batch))


def test_a_partition_is_read_in_bounded_pieces(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shard_log, "READ_RECORDS", 3)
    over_the_close(morning(live))

    assert_same(recovered(live.log), live.shard)


# ---------------------------------------------------------------------------- corruption

Held = dict[str, list[Record]]


def held(log: EmbeddedLog) -> Held:
    return {topic: list(log.reader(topic, 0).read(100_000)) for topic in ALL_TOPICS}


def recovered_after(change: Callable[[Held], None], live: Live, path: Path) -> Shard:
    """Recovery's error on a copy of the log in which something was changed."""
    records = held(live.log)
    change(records)
    with EmbeddedLog(path / "copy.db", 1) as copy:
        for topic in INPUT_TOPICS:
            copy.append(topic, [NewRecord(0, *record[2:]) for record in records[topic]])
        leases = copy.leases("forger")
        (lease,) = leases.poll(0).gained
        writer = copy.writer(lease)
        writer.commit(
            {
                topic: [NewRecord(0, *record[2:]) for record in records[topic]]
                for topic in OUTPUT_TOPICS
                if records[topic]
            }
        )
        writer.close()
        leases.close()
        return recovered(copy)


def forged(record: Record, **said: Any) -> Record:  # noqa: ANN401
    """The record with another event in it."""
    topic = "orders" if isinstance(said.get("order_qty"), int) else "fills"
    event = codec.decode(topic, record.value)
    return record._replace(value=codec.encode(replace(event, **said)))


def test_a_faithful_copy_is_recovered(live: Live, tmp_path: Path) -> None:
    over_the_close(morning(live))

    found = recovered_after(lambda _: None, live, tmp_path)

    assert found.chain == live.shard.chain
    assert found.state == live.shard.state


def lose_an_event(records: Held) -> None:
    del records["fills"][0]


def lose_the_last_event(records: Held) -> None:
    del records["aggregation"][-1]


def change_an_event(records: Held) -> None:
    at = next(n for n, r in enumerate(records["fills"]) if b"E0" in r.value)
    records["fills"][at] = forged(records["fills"][at], last_px=px(1.00))


def change_a_key(records: Held) -> None:
    records["slices"][0] = records["slices"][0]._replace(key=b"MSFT")


def swap_two_events(records: Held) -> None:
    kept = records["aggregation"]
    kept[0], kept[1] = kept[1], kept[0]


def change_a_dead_letter(records: Held) -> None:
    records[DLQ][0] = records[DLQ][0]._replace(value=b"other")


def lose_a_dead_letter(records: Held) -> None:
    del records[DLQ][0]


def break_an_event(records: Held) -> None:
    records["routes"][0] = records["routes"][0]._replace(value=b"\x00junk")


def change_an_input(records: Held) -> None:
    records["orders"][0] = forged(records["orders"][0], order_qty=7_000)


def change_an_inputs_time(records: Held) -> None:
    records["market-data"][0] = records["market-data"][0]._replace(timestamp_ms=1)


def lose_inputs(records: Held) -> None:
    del records["orders"][-2:]


def lose_a_seal(records: Held) -> None:
    del records[JOURNAL][2]


def lose_the_first_seal(records: Held) -> None:
    del records[JOURNAL][0]


def break_a_seal(records: Held) -> None:
    records[JOURNAL][1] = records[JOURNAL][1]._replace(value=b"")


def change_a_seal(records: Held) -> None:
    record = records[JOURNAL][1]
    seal = codec.decode(JOURNAL, record.value)
    records[JOURNAL][1] = record._replace(value=codec.encode(replace(seal, now_ns=1)))


def cut_the_journal(records: Held) -> None:
    del records[JOURNAL][-1]


def lose_the_journal(records: Held) -> None:
    del records[JOURNAL][:]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lose_an_event, r"partition 0 of fills: .* batch \d+ do not have the digest"),
        (lose_the_last_event, r"partition 0 of aggregation: ends 1 records short"),
        (change_an_event, r"partition 0 of fills: .* batch \d+ do not have the digest"),
        (change_a_key, r"partition 0 of slices: .* batch \d+ do not have the digest"),
        (swap_two_events, r"partition 0 of aggregation: .* batch \d+ do not have the digest"),
        (change_a_dead_letter, r"partition 0 of dlq: .* batch \d+ do not have the digest"),
        (lose_a_dead_letter, r"partition 0 of dlq: ends 1 records short"),
        (break_an_event, r"shard 0: routes at offset 0 cannot be read"),
        (change_an_input, r"shard 0: batch 1 consumed other orders than"),
        (change_an_inputs_time, r"shard 0: batch 0 consumed other market-data than"),
        (lose_inputs, r"partition 0 of orders: ends 2 records short"),
        (lose_a_seal, r"shard 0: seal 3 begins at seq \d+ .*, expected batch 2"),
        (lose_the_first_seal, r"shard 0: seal 1 begins at seq \d+ .*, expected batch 0 at seq 0"),
        (break_a_seal, r"shard 0: journal at offset 1 cannot be read"),
        (change_a_seal, r"shard 0: seal 1 does not have the chain it states"),
        (cut_the_journal, r"shard 0: \S+ holds records after the last seal, batch \d+"),
        (lose_the_journal, r"shard 0: \S+ holds records but the journal has no seal"),
    ],
)
def test_a_log_that_contradicts_itself_is_refused_with_the_place(
    change: Callable[[Held], None], words: str, live: Live, tmp_path: Path
) -> None:
    morning(live).when(order("z1"), order("z2"))

    with pytest.raises(CorruptLogError, match=words):
        recovered_after(change, live, tmp_path)


def change_a_control_of_yesterday(records: Held) -> None:
    change_a_policy(records, "controls", e.PolicySet)


def change_a_policy_that_was_carried(records: Held) -> None:
    change_a_policy(records, "ingest", e.PolicyCarried)


def change_a_policy(records: Held, topic: str, kind: type) -> None:
    at, record = next((n, r) for n, r in enumerate(records[topic]) if codec.is_a(kind, r.value))
    event = codec.decode(topic, record.value)
    records[topic][at] = record._replace(value=codec.encode(replace(event, min_slice_qty=7)))


def change_what_was_carried(records: Held) -> None:
    at, carried = next(
        (n, r)
        for n, r in enumerate(records["ingest"])
        if isinstance(codec.decode("ingest", r.value), e.OrderCarried)
    )
    event = codec.decode("ingest", carried.value)
    records["ingest"][at] = carried._replace(value=codec.encode(replace(event, order_qty=9)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (change_a_policy_that_was_carried, r"partition 0 of ingest: .* do not have the digest"),
        (change_what_was_carried, r"partition 0 of ingest: .* batch \d+ do not have the digest"),
        (lose_an_event, r"fills partition 0 has position \d+ there"),
        (cut_the_journal, r"holds records after the last seal"),
    ],
)
def test_what_matters_of_a_closed_day_is_proved_too(
    change: Callable[[Held], None], words: str, live: Live, tmp_path: Path
) -> None:
    over_the_close(morning(live))

    with pytest.raises(CorruptLogError, match=words):
        recovered_after(change, live, tmp_path)


@pytest.mark.parametrize("change", [change_an_event, change_a_control_of_yesterday, break_a_seal])
def test_what_is_not_needed_of_a_closed_day_is_not_read(
    change: Callable[[Held], None], live: Live, tmp_path: Path
) -> None:
    over_the_close(morning(live))

    found = recovered_after(change, live, tmp_path)

    assert found.state == live.shard.state  # Verification finds it; recovery need not.


@pytest.mark.parametrize("topic", STAGE_TOPICS)
def test_a_row_that_is_missing_in_the_file_is_found(topic: str, live: Live, tmp_path: Path) -> None:
    morning(live)
    connection = apsw.Connection(str(tmp_path / "log.db"))
    query = "select min(record.id) from record join topic on topic_id = id >> 56 where name = ?"
    ((row_id,),) = connection.execute(query, (f"{topic}",)).fetchall()
    ((ids,),) = connection.execute("select count(*) from record where id = ?", (row_id,))
    assert ids == 1
    connection.execute("delete from record where id = ?", (row_id,))
    connection.close()

    with pytest.raises(CorruptLogError, match=topic):
        recovered(live.log)
