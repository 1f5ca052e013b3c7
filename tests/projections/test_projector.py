"""A projection is the log's and nothing else: followed, killed or rebuilt, it is the same."""

import random
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import apsw
import duckdb
import pyarrow.parquet
import pytest
from projection_world import Day, World, at, make, px, trade

import projections
from engine.core import events as e
from engine.log.embedded import EmbeddedLog
from engine.log.port import CorruptLogError
from projections import loader, projector

HERE = Path(__file__).parent


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EmbeddedLog]:
    with EmbeddedLog(tmp_path / "log.db", 2) as log:
        yield log


def fingerprints(path: Path) -> Mapping[str, str]:
    with closing(projections.connect(path)) as connection:
        return projections.fingerprints(connection)


def count(path: Path, table: str) -> int:
    with closing(projections.connect(path)) as connection:
        return len(connection.execute(f"select 1 from {table}").fetchall())  # noqa: S608


def stop_now() -> bool:
    return True


def write_batches(world: World, batches: int) -> None:
    """Batches of a few quotes, each with an event."""
    for number in range(batches):
        for venue in ("Q", "X", "P"):
            quote = make(e.QuoteObserved, venue=venue, instrument_id="AAPL", bid_px=px(number))
            world.input(quote)
        world.emit("plan:", e.ScorecardUpdated, venue="Q", version=number)
        world.seal(at("10:00:00") + number)


def test_follow_and_rebuild_give_identical_tables(log: EmbeddedLog, tmp_path: Path) -> None:
    world = World(log)
    followed, rebuilt = tmp_path / "f.duckdb", tmp_path / "r.duckdb"
    projections.follow(log, followed, stop=stop_now)
    Day(world)
    projections.follow(log, followed, stop=stop_now)
    write_batches(world, 5)
    projections.follow(log, followed, stop=stop_now)
    projections.rebuild(log, rebuilt)
    world.close()
    assert fingerprints(followed) == fingerprints(rebuilt)
    assert count(rebuilt, "quote_observed") == 15


def test_a_follower_killed_anywhere_goes_on_where_it_was(log: EmbeddedLog, tmp_path: Path) -> None:
    world = World(log)
    Day(world)
    write_batches(world, 300)
    followed, rebuilt = tmp_path / "f.duckdb", tmp_path / "r.duckdb"
    arguments = [sys.executable, str(HERE / "follower.py"), str(tmp_path / "log.db"), str(followed)]
    chance = random.Random(7)  # noqa: S311  A place to kill is no secret.
    for _ in range(4):
        with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as follower:  # noqa: S603  Our script.
            assert follower.stdin
            assert follower.stdout
            for _ in range(chance.randint(1, 4)):
                assert follower.stdout.readline(), "one line a transaction"
                follower.stdin.write(b"\n")  # It waits for this before the next one.
                follower.stdin.flush()
            time.sleep(chance.random() * 0.05)  # Into the middle of the next transaction.
            follower.kill()
    assert 0 < count(followed, "batch_sealed") < 309  # At most 20 transactions, of 10 batches each.
    projections.follow(log, followed, stop=stop_now)
    projections.rebuild(log, rebuilt)
    world.close()
    assert fingerprints(followed) == fingerprints(rebuilt)


def test_two_shards_load_shared_inputs_once(log: EmbeddedLog, tmp_path: Path) -> None:
    world, other = World(log, 0), World(log, 1)
    Day(world)
    other.read_shared(world)
    other.emit("plan:", e.ScorecardUpdated, venue="Q")
    other.seal(at("16:00:01"))
    projections.rebuild(log, tmp_path / "p.duckdb")
    world.close()
    other.close()
    assert count(tmp_path / "p.duckdb", "policy_set") == 1
    assert count(tmp_path / "p.duckdb", "batch_sealed") == 10


def test_what_no_batch_has_consumed_is_not_loaded(log: EmbeddedLog, tmp_path: Path) -> None:
    world = World(log)
    write_batches(world, 1)
    trade(world, "10:00:00", 100.0)
    projections.rebuild(log, tmp_path / "p.duckdb")
    world.close()
    assert count(tmp_path / "p.duckdb", "quote_observed") == 3
    assert count(tmp_path / "p.duckdb", "trade_observed") == 0


def test_an_unreadable_input_is_in_the_dlq_and_in_no_event_table(
    log: EmbeddedLog, tmp_path: Path
) -> None:
    world = World(log)
    Day(world)
    projections.rebuild(log, tmp_path / "p.duckdb")
    world.close()
    with closing(projections.connect(tmp_path / "p.duckdb")) as connection:
        dead = connection.execute("select topic, input_position, reason, raw from dlq").fetchall()
        refused = connection.execute("select topic, input_position from input_rejected").fetchall()
        orders = connection.execute("select position from order_submitted").fetchall()
    assert dead == [("orders", 3, "UNREADABLE", b"\x00\x00\x00\x00\x01\xff")]
    assert refused == [("orders", 3)]
    assert sorted(orders) == [(0,), (1,), (2,), (4,)]


def test_an_input_says_who_sent_it(log: EmbeddedLog, tmp_path: Path) -> None:
    world = World(log)
    Day(world)
    projections.rebuild(log, tmp_path / "p.duckdb")
    world.close()
    with closing(projections.connect(tmp_path / "p.duckdb")) as connection:
        query = "select sender, sender_number from order_submitted order by position"
        assert connection.execute(query).fetchone() == ("oms", 0)


def test_a_gap_in_seq_stops_the_loader(log: EmbeddedLog, tmp_path: Path) -> None:
    world = World(log)
    write_batches(world, 2)
    world.skip_seq()
    write_batches(world, 1)
    world.close()
    with pytest.raises(CorruptLogError, match="expected batch 2 from seq 2"):
        projections.rebuild(log, tmp_path / "p.duckdb")


def test_a_seq_that_stands_twice_stops_the_loader(log: EmbeddedLog, tmp_path: Path) -> None:
    world = World(log)
    world.emit("plan:", e.ScorecardUpdated, venue="Q")
    world.emit("plan:", e.ScorecardUpdated, venue="X")
    world.repeat_seq()
    world.seal(at("10:00:00"))
    world.close()
    with pytest.raises(CorruptLogError, match="out of order"):
        projections.rebuild(log, tmp_path / "p.duckdb")


def test_a_topic_shorter_than_its_seal_stops_the_loader(
    log: EmbeddedLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "COUNTED_RECORDS_WAIT_S", 0.05)
    world = World(log)
    write_batches(world, 1)
    world.claim_more_inputs()
    world.emit("plan:", e.ScorecardUpdated, venue="Q")
    world.seal(at("10:00:01"))
    world.close()
    with pytest.raises(CorruptLogError, match="market-data ends at position 3"):
        projections.rebuild(log, tmp_path / "p.duckdb")


def test_a_projection_of_a_copy_that_went_on_otherwise_is_made_anew_and_says_so(
    log: EmbeddedLog, tmp_path: Path
) -> None:
    """A copy has the id of its log; a log of another id is found by that."""
    path = tmp_path / "p.duckdb"
    with EmbeddedLog(tmp_path / "other.db", 2):
        pass
    with closing(apsw.Connection(str(tmp_path / "other.db"))) as connection:
        connection.execute("update identity set log_id = ?", (log.identity.log_id,))
    with EmbeddedLog(tmp_path / "other.db", 2) as other:
        world = World(other)
        Day(world)
        projections.follow(other, path, stop=stop_now)
        world.close()
    world = World(log)
    write_batches(world, 2)
    world.close()
    notices: list[str] = []
    stats = projections.follow(log, path, stop=stop_now, notice=notices.append)
    assert "another log filled it" in stats.rebuilt_because
    assert notices == [stats.rebuilt_because]
    assert count(path, "order_submitted") == 0
    assert count(path, "quote_observed") == 6


@pytest.mark.parametrize(("name", "value"), [("partitions", "3"), ("format", "0"), ("log", "x")])
def test_another_meta_is_a_reason_to_rebuild(
    log: EmbeddedLog, tmp_path: Path, name: str, value: str
) -> None:
    path = tmp_path / "p.duckdb"
    projections.follow(log, path, stop=stop_now)
    with closing(duckdb.connect(str(path))) as connection:
        change = "update projection_meta set value = ? where name = ?"
        connection.execute(change, [value, name])
    stats = projections.follow(log, path, stop=stop_now)
    assert f"made with {name} '{value}'" in stats.rebuilt_because
    assert not projections.follow(log, path, stop=stop_now).rebuilt_because


def test_readers_get_a_snapshot_and_parquet(log: EmbeddedLog, tmp_path: Path) -> None:
    world = World(log)
    live, public = tmp_path / "live.duckdb", tmp_path / "it's public"
    for _ in range(2):  # The second publication replaces the first.
        write_batches(world, 2)
        projections.follow(log, live, publish_to=public, stop=stop_now)
    world.close()
    assert fingerprints(public / "snapshot.duckdb") == fingerprints(live)
    rows = pyarrow.parquet.read_table(public / "parquet" / "quote_observed.parquet")
    assert rows.num_rows == 12
    assert len(list(public.glob(".parquet-*"))) == 1
    assert not (public / "parquet" / "fill_booked.parquet").exists()


def test_a_follower_publishes_when_there_are_new_batches(log: EmbeddedLog, tmp_path: Path) -> None:
    world = World(log)
    public = tmp_path / "public"
    asked = []

    def stop() -> bool:
        asked.append((public / "snapshot.duckdb").exists())
        if len(asked) == 1:
            write_batches(world, 1)
        return len(asked) > 3

    projections.follow(
        log, tmp_path / "p.duckdb", publish_to=public, publish_every_s=0.0, stop=stop
    )
    world.close()
    assert asked[0] is False
    assert asked[-1] is True
    assert count(public / "snapshot.duckdb", "batch_sealed") == 1


def test_a_second_projector_on_one_file_gets_the_reason(log: EmbeddedLog, tmp_path: Path) -> None:
    path = tmp_path / "p.duckdb"
    projections.rebuild(log, path)
    held = "import duckdb, sys, time; c = duckdb.connect(sys.argv[1]); print(1, flush=True); "
    script = held + "time.sleep(60)"
    holder = subprocess.Popen(  # noqa: S603  Our own line.
        [sys.executable, "-c", script, path], stdout=subprocess.PIPE
    )
    assert holder.stdout
    holder.stdout.readline()
    try:
        with pytest.raises(projections.ProjectionError, match="Stop the projector"):
            projections.follow(log, path, stop=stop_now)
        with pytest.raises(projections.ProjectionError, match="read its snapshot"):
            projections.connect(path)
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()


def test_a_projection_that_is_not_there_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(projections.ProjectionError, match="does not exist"):
        projections.connect(tmp_path / "none.duckdb")


def test_progress_counts_batches_up_to_the_journals(log: EmbeddedLog, tmp_path: Path) -> None:
    world = World(log)
    write_batches(world, 4)
    world.close()
    seen: list[projections.Progress] = []
    stats = projections.rebuild(log, tmp_path / "p.duckdb", seen.append)
    assert seen[-1] == projector.Progress(batches=4, batches_total=4, rows=stats.rows)
    assert stats.rows == 4 * 5
