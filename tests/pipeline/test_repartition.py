"""A closed log goes on in another one with more shards or fewer, with all that it carried."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import apsw
import duckdb
import pytest
from pipeline import desk, fresh_log, in_process
from pipeline.succession import (
    ALLOTTED_CUR,
    FILLED_QTY,
    NAMES,
    ORDER_QTY,
    Day,
    close_day,
    closed,
    holds,
    last,
    next_day,
    proved,
    recovered,
    reopened,
    rules,
)

import projections
from engine.audit import archiving, repartition
from engine.cli.application import execute
from engine.core import events as e
from engine.core.partition import partition_of
from engine.log import codec, open_log
from engine.log.port import (
    CorruptLogError,
    EngineError,
    LeaseLostError,
    Log,
    LogLeftError,
    NotEmptyError,
)
from engine.runtime import first_batches
from engine.runtime.recovery import last_close
from engine.runtime.replica import Replica
from engine.runtime.shard_log import ShardLog, events_of
from engine.runtime.worker import Worker


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Day]:
    folder = tmp_path_factory.mktemp("days")
    return {count: closed(f"sqlite:{folder}/{count}.db", count) for count in (1, 3, 8)}


@pytest.fixture
def days(made: dict[int, Day], tmp_path: Path) -> dict[int, Day]:
    """Copies: one log alone goes on from a close, so each test needs logs that were not left."""
    return {count: copied(day, tmp_path, f"old-{count}.db") for count, day in made.items()}


@pytest.mark.parametrize(("before", "after"), [(8, 3), (3, 8), (1, 2)])
def test_what_was_carried_is_filled_in_a_log_with_another_number_of_shards(
    before: int, after: int, days: dict[int, Day], tmp_path: Path
) -> None:
    day, url = days[before], f"sqlite:{tmp_path}/new.db"
    assert reopened(day, url, after).is_new
    holds(day, url, after)

    next_day(url, after)

    assert [proof.difference for proof in proved(url, after)] == [None] * after
    with open_log(url, partitions=after) as log:
        rejected = in_process.events(log, "ingest", e.OrderRejected)
        assert {x.cl_ord_id for x in rejected} == {f"g-{name}" for name in NAMES}
        assert {x.reason for x in rejected} == {e.RejectReason.DUPLICATE_ORDER}
        for number in range(after):
            state = recovered(log, number).state
            assert not state.orders
            assert sum(x.allotted_notional_cur for x in state.controls.allotments.values()) in (
                before * ALLOTTED_CUR // after,
                before * ALLOTTED_CUR // after + 1,
            )
        projections.rebuild(log, tmp_path / "p.duckdb")
    with closing(duckdb.connect(str(tmp_path / "p.duckdb"))) as connection:
        violated = "select name, violations from invariants where violations > 0"
        assert connection.execute(violated).fetchall() == []
        states = "select status, open_qty, allocated_qty, count(*) from order_state group by all"
        rest = ORDER_QTY - FILLED_QTY
        assert sorted(connection.execute(states).fetchall()) == [
            ("FILLED", 0, rest, len(NAMES) - 1),
            ("FILLED", 0, ORDER_QTY, 1),  # Its fill in the old log was busted in the new one.
        ]


# -------------------------------------------------------------------------- what is refused


def test_run_again_it_finds_that_it_was_done(days: dict[int, Day], tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path}/new.db"
    first, again = reopened(days[3], url, 2), reopened(days[3], url, 2)
    assert (first.is_new, again.is_new) == (True, False)
    assert [seal.chain for seal in first.seals] == [seal.chain for seal in again.seals]
    holds(days[3], url, 2)


def test_a_log_that_was_left_takes_no_order_and_no_worker_resumes_what_it_carried(
    days: dict[int, Day], tmp_path: Path
) -> None:
    day, url = days[3], f"sqlite:{tmp_path}/new.db"
    assert reopened(day, url, 2).is_new
    with open_log(url, partitions=2) as new, open_log(day.url, partitions=3) as old:
        assert old.identity.left_for == new.identity.log_id
        publisher = desk.Publisher(old, desk.OMS)
        with pytest.raises(LogLeftError, match=new.identity.log_id):
            publisher.send(desk.day_opened(time.time_ns()))
        running = Worker(old, rules(3), "worker")
        with pytest.raises(LogLeftError, match="resumed twice"):
            running.run()
        assert not in_process.events(old, "ingest", e.OrderResumed)
    with pytest.raises(LogLeftError, match="one log alone goes on"):
        reopened(day, f"sqlite:{tmp_path}/third.db", 2)
    next_day(url, 2)
    with open_log(url, partitions=2) as new:
        assert len(in_process.events(new, "ingest", e.OrderResumed)) == len(NAMES)


def test_a_log_that_holds_anything_else_is_not_begun(days: dict[int, Day], tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path}/new.db"
    with open_log(url, partitions=2) as log:
        desk.Publisher(log, desk.OMS).send(*desk.reference(NAMES[:1]))
    with pytest.raises(NotEmptyError, match="holds records already"):
        reopened(days[3], url, 2)


def test_inputs_that_no_batch_has_taken_are_named(days: dict[int, Day], tmp_path: Path) -> None:
    day = copied(days[3], tmp_path)
    with open_log(day.url, partitions=3) as log:
        publisher = desk.Publisher(log, desk.OMS)
        publisher.send(desk.quote(NAMES[0], "A", time.time_ns()), desk.policy())
    shard = partition_of(NAMES[0].encode(), 3)
    with pytest.raises(repartition.NotClosedError) as found:
        reopened(day, f"sqlite:{tmp_path}/new.db", 2)
    assert f"1 records of market-data wait for a batch of shard {shard}" in str(found.value)
    for number in range(3):
        assert f"1 records of controls wait for a batch of shard {number}" in str(found.value)

    with (
        open_log(day.url, partitions=3) as log,
        in_process.worker(in_process.opener(day.url, 3)) as running,
    ):  # As the message says: let them be consumed, and close again.
        publisher = desk.Publisher(log, desk.OMS)
        close_day(log, publisher, running, desk.DAY)
    assert reopened(day, f"sqlite:{tmp_path}/new.db", 2).is_new


def test_a_log_that_was_never_closed_and_one_at_work_are_refused(tmp_path: Path) -> None:
    day = Day(f"sqlite:{tmp_path}/open.db", 2)
    with pytest.raises(repartition.NotClosedError, match="shard 0 was not closed"):
        reopened(day, f"sqlite:{tmp_path}/new.db", 3)
    with in_process.worker(in_process.opener(day.url, 2)) as running:
        with open_log(day.url, partitions=2) as log:
            desk.Publisher(log, desk.OMS).send(*desk.controls(1))
            in_process.until(lambda: in_process.taken(log, "controls", 1), "its work", running)
        with pytest.raises(LeaseLostError):
            reopened(day, f"sqlite:{tmp_path}/new.db", 3)


def test_a_worker_that_took_over_while_the_log_was_proved_is_found(
    days: dict[int, Day], tmp_path: Path
) -> None:
    """The leases expire while a proof hangs; a worker decides meanwhile and has ended before it."""
    day = copied(days[3], tmp_path)

    def on_shard(number: int) -> None:
        if number < day.partitions - 1:
            return
        with (
            open_log(day.url, partitions=3) as log,
            in_process.worker(in_process.opener(day.url, 3)) as running,
        ):
            desk.Publisher(log, desk.OMS).send(desk.cancel(f"g-{NAMES[0]}", NAMES[0]))
            in_process.until(
                lambda: in_process.events(log, "ingest", e.OrderCancelled), "its work", running
            )

    url = f"sqlite:{tmp_path}/new.db"
    with (
        open_log(day.url, partitions=3, session_timeout_ms=500) as old,
        open_log(url, partitions=2) as new,
    ):
        with pytest.raises(LeaseLostError, match="lost while the log was proved"):
            repartition.repartition(old, new, rules(2), on_shard)
        assert new.last("journal", 0) is None


def test_what_comes_while_the_log_is_proved_is_found(days: dict[int, Day], tmp_path: Path) -> None:
    day = copied(days[3], tmp_path)
    with (
        open_log(day.url, partitions=3) as old,
        open_log(f"sqlite:{tmp_path}/new.db", partitions=2) as new,
    ):

        def on_shard(number: int) -> None:
            if number == day.partitions - 1:
                desk.Publisher(old, desk.OMS).send(desk.cancel(f"g-{NAMES[0]}", NAMES[0]))

        with pytest.raises(EngineError, match="1 records of orders wait"):
            repartition.repartition(old, new, rules(2), on_shard)
        assert new.last("journal", 0) is None


def copied(day: Day, folder: Path, name: str = "copy.db") -> Day:
    """A copy of a log that a test may write to."""
    source = Path(day.url.removeprefix("sqlite:"))
    target = folder / name
    connection = apsw.Connection(str(source))
    connection.execute("vacuum into ?", (str(target),))
    connection.close()
    return Day(f"sqlite:{target}", day.partitions)


@pytest.mark.parametrize("kind", [e.OrderCarried, e.PolicyCarried, e.PolicySet])
def test_a_first_batch_that_was_changed_is_found(
    kind: type, days: dict[int, Day], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "new.db"
    url, old = f"sqlite:{path}", days[3].url
    reopened(days[3], url, 1)
    assert verified(url, "--opened-from", old) == 0
    assert "every byte was compared" in capsys.readouterr().out
    assert verified(url) == 0
    assert "--opened-from proves" in capsys.readouterr().out

    connection = apsw.Connection(str(path))
    rows: list[tuple[int, bytes]] = connection.execute("select id, value from record").fetchall()  # type: ignore[assignment]
    for row_id, value in rows:
        if codec.is_a(kind, value):
            changed = value[:-1] + bytes([value[-1] ^ 2])
            connection.execute("update record set value = ? where id = ?", (changed, row_id))
            break
    connection.close()

    assert verified(url) == 3
    assert verified(url, "--opened-from", old) == 3
    capsys.readouterr()
    assert verified(url, "--opened-from", old, "-o", "json") == 3
    report = json.loads(capsys.readouterr().out)
    assert report["verified"] is False
    assert report["opening"]["problems"]


@pytest.mark.parametrize("changed", [{0, 1}, {1}])
def test_a_first_batch_that_goes_on_elsewhere_in_the_inputs_is_found(
    changed: set[int], days: dict[int, Day], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No chain covers a log's offsets; a worker would start at the wrong record."""
    path = tmp_path / "new.db"
    url = f"sqlite:{path}"
    taken = reopened(days[3], url, 2)
    connection = apsw.Connection(str(path))
    for seal in (taken.seals[number] for number in changed):
        moved = tuple(replace(entry, next_offset=entry.next_offset + 1) for entry in seal.resume)
        written = (codec.encode(replace(seal, resume=moved)), codec.encode(seal))
        connection.execute("update record set value = ? where value = ?", written)
        assert connection.changes() == 1
    connection.close()

    assert verified(url, partitions=2) == 3
    assert "resume of" in capsys.readouterr().out
    with (
        open_log(days[3].url, partitions=3) as old,
        open_log(url, partitions=2) as new,
    ):
        found = repartition.problems(new, old, rules(2))
    assert any("at other offsets than" in problem for problem in found) == (changed == {1})


def test_a_close_without_one_of_its_events_is_none_to_begin_at(
    days: dict[int, Day], tmp_path: Path
) -> None:
    url = f"sqlite:{tmp_path}/new.db"
    reopened(days[3], url, 1)
    with open_log(url, partitions=1) as log, ShardLog(log, 0) as shard_log:
        (seal, _), *_ = shard_log.seals()
        events = events_of(seal, shard_log.outputs(seal), 0)
    follower = Replica(0, seal.release, seal.python)
    follower.start_at_close(seal, events)
    kinds = (e.OrderCarried, e.PositionsCarried)
    for gone in (next(x for x in events if isinstance(x, kind)) for kind in kinds):
        left = [event for event in events if event is not gone]
        with pytest.raises(CorruptLogError, match="does not hold the events"):
            Replica(0, seal.release, seal.python).start_at_close(seal, left)

    first_batches.continued_from(0, seal, events)
    for other in (replace(seal, state_hash=b""), replace(seal, kind=e.SealKind.NORMAL)):
        with pytest.raises(CorruptLogError, match="is no close"):
            first_batches.continued_from(0, other, events)


def test_a_first_batch_of_another_program_is_found_with_the_old_log(
    days: dict[int, Day], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is consistent: only the log that it names shows that it carries another state."""
    other = copied(days[3], tmp_path)
    with (
        open_log(other.url, partitions=3) as log,
        in_process.worker(in_process.opener(other.url, 3)) as running,
    ):
        publisher = desk.Publisher(log, desk.OMS)
        publisher.send(desk.cancel(f"g-{NAMES[0]}", NAMES[0]))
        close_day(log, publisher, running, desk.DAY)
    url = f"sqlite:{tmp_path}/new.db"
    reopened(other, url, 2)

    assert verified(url, partitions=2) == 0
    assert verified(url, "--opened-from", other.url, partitions=2) == 0
    assert verified(url, "--opened-from", days[3].url, partitions=2) == 3
    assert "goes on from another close of shard" in capsys.readouterr().err
    assert verified(url, "--opened-from", days[3].url, "-o", "json", partitions=2) == 3
    report = json.loads(capsys.readouterr().out)
    assert (report["verified"], report["differences"]) == (False, [])
    assert any("another close of shard" in problem for problem in report["opening"]["problems"])


def verified(url: str, *more: str, partitions: int = 1) -> int:
    os.environ["METAORDER_PARTITIONS"] = str(partitions)
    try:
        return int(execute(["verify", "--log", url, "--jobs", "1", *more]))
    finally:
        del os.environ["METAORDER_PARTITIONS"]


def test_such_a_log_is_archived_and_the_archive_proves_the_same(
    days: dict[int, Day], tmp_path: Path
) -> None:
    url = f"sqlite:{tmp_path}/new.db"
    reopened(days[3], url, 2)
    with open_log(url, partitions=2) as log:
        assert archiving.archive(log, tmp_path / "archive") == 1
    archived = f"archive:{tmp_path}/archive"
    assert verified(archived, "--opened-from", days[3].url, partitions=2) == 0


def closed_batch(number: int, log: Log) -> int:
    """The batch of a shard's last close; a worker may have adopted a configuration since."""
    close = last_close.last_close(log, number)
    assert close is not None
    return close.seal_record.seal.batch


def test_an_archive_of_the_old_log_proves_it_though_an_idle_worker_sealed_more(
    days: dict[int, Day], tmp_path: Path
) -> None:
    """An archive ends with the close; ids still go on above those of later adoptions."""
    day = copied(days[3], tmp_path)
    with open_log(day.url, partitions=3) as log:
        closed_at = [closed_batch(number, log) for number in range(3)]
        opened = in_process.opener(day.url, 3)
        with in_process.worker(opened, clock_ns=time.time_ns) as running:  # The day may be old.
            in_process.until(
                lambda: all(last(x, log).batch > closed_at[x] for x in range(3)),
                "an adopted configuration of each",
                running,
            )
        adopted = [last(number, log) for number in range(3)]
        assert archiving.archive(log, tmp_path / "archive") == 1
    url = f"sqlite:{tmp_path}/new.db"
    taken = reopened(day, url, 2)

    assert taken.seals[0].first_seq == max(seal.next_seq for seal in adopted)
    holds(day, url, 2)
    archive = f"archive:{tmp_path}/archive"
    assert verified(url, "--opened-from", day.url, partitions=2) == 0
    assert verified(url, "--opened-from", archive, partitions=2) == 0


def test_a_refusal_leaves_no_new_log_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("METAORDER_PARTITIONS", "2")
    with open_log(f"sqlite:{tmp_path}/old.db", partitions=2):
        pass
    (tmp_path / "folder").mkdir()
    to_new = ("log", "repartition", "--log", f"sqlite:{tmp_path}/old.db", "--partitions", "3")

    assert execute([*to_new, "--to", f"sqlite:{tmp_path}/new.db"]) == 1
    assert "shard 0 was not closed" in capsys.readouterr().err
    assert not (tmp_path / "new.db").exists()
    assert execute([*to_new, "--to", f"sqlite:{tmp_path}/folder/../old.db"]) == 2
    assert "--to names the old log" in capsys.readouterr().err


# ------------------------------------------------------------------------------------ kills


def command(day: Day, url: str, partitions: int) -> list[str]:
    return [
        *(sys.executable, "-c", "from engine.cli.application import main; main()"),
        *("log", "repartition", "--log", day.url),
        *("--to", url, "--partitions", str(partitions)),
    ]


def test_killed_at_any_moment_the_new_log_is_whole_or_empty(
    made: dict[int, Day], days: dict[int, Day], tmp_path: Path
) -> None:
    environment = {**os.environ, "METAORDER_PARTITIONS": "3"}
    began_s = time.monotonic()
    subprocess.run(  # noqa: S603  Our own command.
        command(days[3], f"sqlite:{tmp_path}/timed.db", 2), env=environment, check=True
    )
    took_s = time.monotonic() - began_s
    for number in range(6):
        url = f"sqlite:{tmp_path}/new-{number}.db"
        old = copied(made[3], tmp_path, f"old-{number}-of-a-kill.db")
        running = subprocess.Popen(command(old, url, 2), env=environment)  # noqa: S603  As above.
        time.sleep(took_s * (0.5 + number / 10))
        running.send_signal(signal.SIGKILL)
        running.wait()
        with open_log(url, partitions=2) as log:
            seals = [log.last("journal", shard) for shard in range(2)]
            held = sum(len(log.reader(topic, 0).read(1)) for topic in ("controls", "reference"))
            assert seals.count(None) in (0, 2)
            assert held == (0 if seals[0] is None else 2)
        reopened_after_a_kill(old, url)


def reopened_after_a_kill(day: Day, url: str) -> None:
    """Its lease must expire first: a dead owner cannot be told from a slow one sooner."""
    deadline_s = time.monotonic() + in_process.PATIENCE_S
    while True:
        try:
            reopened(day, url, 2)
        except LeaseLostError:
            assert time.monotonic() < deadline_s
            time.sleep(0.2)
        else:
            break
    holds(day, url, 2)


@pytest.mark.kafka
def test_on_kafka_too(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    day = closed(fresh_log.url(request, tmp_path, fresh_log.KAFKA, 3), 3)
    url = fresh_log.url(request, tmp_path, fresh_log.KAFKA, 2)
    assert reopened(day, url, 2).is_new
    holds(day, url, 2)
    assert not reopened(day, url, 2).is_new

    next_day(url, 2)

    assert [found.difference for found in proved(url, 2)] == [None, None]
    with open_log(url, partitions=2) as log:
        assert not any(recovered(log, number).state.orders for number in range(2))
