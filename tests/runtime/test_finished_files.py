"""The files of finished stores after a crash, on a full disk, or without a log."""

import os
import resource
import shutil
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import apsw
import pytest
from beside import Beside, assert_all_the_same, files, restarted
from logged import RULES, Live, morning
from world import SECOND, at_once, bust, cancel, fill_report, order, px, quote

from engine.audit.follower import Follower
from engine.core.state import fingerprint
from engine.log.embedded import EmbeddedLog
from engine.runtime.recovery import finished_file, snapshot
from engine.runtime.recovery.finished_file import StoreError

SOON = replace(RULES, evict_after_ns=2 * SECOND)


@pytest.fixture(autouse=True)
def every_seal_states_a_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprint, "HASH_EVERY_BATCHES", 1)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    with EmbeddedLog(tmp_path / "log.db", 1) as log:
        found = Live(log, SOON)
        yield found
        found.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "snapshots"


@pytest.fixture
def evictions(live: Live) -> tuple[int, int]:
    """Two batches of quotes alone, at each of whose seals a parent is evicted."""
    morning(live)
    live.when(order("a", limit_px=px(80), settlement="A"))
    live.when(order("a1", limit_px=px(90), settlement="B"), after_ns=SECOND).when(cancel("a1"))
    live.when(order("a2", limit_px=px(91), settlement="C"), after_ns=SECOND).when(cancel("a2"))
    first_seq, found = live.shard.state.next_seq, []
    for _ in range(12):
        stored = live.shard.state.store_totals.parents
        live.when(quote(received_ns=live.now_ns), after_ns=3 * SECOND // 10)
        if live.shard.state.store_totals.parents > stored:
            found.append(live.shard.next_batch - 1)
    assert live.shard.state.next_seq == first_seq
    first, second = found[-2:]
    return first, second


def finished(live: Live, name: str) -> None:
    """An order that is finished, and after a while evicted."""
    live.when(order(name, limit_px=px(85), settlement="D"), after_ns=SECOND).when(cancel(name))
    later(live)


def later(live: Live) -> None:
    """Finished parents are evicted."""
    for _ in range(2):  # The first opens a batch, the second finds it old enough to be sealed.
        live.when(quote(received_ns=live.now_ns), after_ns=3 * SECOND)


@contextmanager
def no_snapshot_of(folder: Path, batch: int) -> Iterator[None]:
    """The folder takes no snapshot of this batch: a folder has its name."""
    draft = folder / f".shard-0000-batch-{batch:012}{snapshot.SUFFIX}.{os.getpid()}"
    draft.mkdir(parents=True)
    yield
    draft.rmdir()


# ------------------------------------------------------------------------ evictions without events


def test_a_crash_before_the_snapshot_of_a_later_eviction_stops_no_process(
    live: Live, folder: Path, evictions: tuple[int, int]
) -> None:
    """Its file holds more than the snapshot before counts."""
    with closing(Beside(live.log, folder, SOON)) as beside:
        beside.follow(evictions[0])
        newest = beside.follow(evictions[1])
    newest.unlink()
    finished(live, "a3")

    with closing(Follower(live.log, 0, SOON, folder)) as follower:
        assert follower.fold_new()
        assert follower.state == live.shard.state
    assert_all_the_same(restarted(live.log, folder, SOON), live)


def test_a_snapshot_that_was_not_written_stops_no_process(
    live: Live, folder: Path, evictions: tuple[int, int]
) -> None:
    """Its file holds more than the snapshot before counts; later the log does not answer."""
    with closing(Beside(live.log, folder, SOON)) as beside:
        beside.follow(evictions[0])
        with no_snapshot_of(folder, evictions[1]), pytest.raises(OSError, match="directory"):
            beside.follow(evictions[1])

        with closing(Beside(live.log, folder, SOON)) as again:
            again.follow()
            assert again.follower.state == live.shard.state
            assert_all_the_same(restarted(live.log, folder, SOON), live)


def test_a_snapshot_whose_finished_store_fails_twice_is_not_used(
    live: Live, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Damage is copied with the file, and would be found each time anew."""
    morning(live)
    live.when(quote(received_ns=live.now_ns))
    live.when(at_once("a1", 600, limit_px=px(99.98), settlement="A1"))
    found = live.children()
    child = found[-1]  # Of the last order, whose parent is finished then.
    live.when(*(fill_report(x, x.leaves_qty, f"E{x.child_id}") for x in found))
    later(live)
    with closing(Beside(live.log, folder, SOON)) as beside:
        beside.follow(live.shard.next_batch - 1)
    (name,) = files(folder)
    with closing(apsw.Connection(str(folder / name))) as file:
        file.execute("update item set content = cast(content || 'x' as blob)")
    live.when(bust(child, f"E{child.child_id}"))

    with closing(Follower(live.log, 0, SOON, folder)) as follower:
        for _ in range(2):
            with pytest.raises(StoreError, match="do not have their checksum"):
                follower.fold_new()
            assert all(x.name.startswith(name) for x in folder.glob("*.shelf*"))

        assert follower.fold_new()
        assert follower.state == live.shard.state
    assert "is not used: its finished store failed twice" in caplog.text


# ------------------------------------------------------------------------------------- looking


def test_parents_that_are_looked_at_in_turns_are_read_once(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finished_file, "PEEKED_MAX", 2)
    morning(live)
    for n in range(3):
        finished(live, f"a{n}")
    with closing(restarted(live.log, None, SOON).state.finished) as found:
        one, two, three = [x.parent_id for x in found.parents({})][-3:]
        first = found.peek(one, {})
        assert found.peek(two, {}) is found.peek(two, {}) is not first
        assert found.peek(one, {}) is first

        found.peek(three, {})

        assert found.peek(one, {}) is first
        again = found.peek(two, {})
        assert again is found.peek(two, {})
        assert found.peek(one, {}) is first


def test_a_store_knows_its_parents_and_no_other_id(live: Live) -> None:
    morning(live)
    finished(live, "a")
    with closing(restarted(live.log, None, SOON).state.finished) as found:
        *_, parent = found.parents({})
        assert found.knows(parent.parent_id, {})
        assert not found.knows(next(iter(parent.members)), {})
        assert not found.knows("0-999999", {})


# ------------------------------------------------------------------------------ what is left


def test_an_outage_of_the_log_leaves_no_copy_behind(live: Live, folder: Path) -> None:
    morning(live)
    finished(live, "a1")
    with closing(Follower(live.log, 0, SOON, folder)) as follower:
        follower.fold_new()
        follower.write_snapshot()
    there = files(folder)
    assert len(there) == 1

    for _ in range(3):
        with closing(Follower(live.log, 0, SOON, folder)) as follower:
            follower.fold_new()
            assert len(files(folder)) == 2

    assert files(folder) == there
    assert_all_the_same(restarted(live.log, folder, SOON), live)


# ---------------------------------------------------------------- a folder that takes no file


@contextmanager
def no_file_beyond(limit_bytes: int) -> Iterator[None]:
    """As on a full disk: no file is written beyond this size."""
    former = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, former)


def test_a_folder_that_takes_its_file_later_has_snapshots_again(
    live: Live, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A disk that is full at the first eviction, and still full when a snapshot is due."""
    morning(live)
    live.when(*(order(f"a{n}", limit_px=px(80 + n / 8), settlement=f"T{n}") for n in range(80)))
    live.when(*(cancel(f"a{n}") for n in range(80)))
    later(live)
    folder.mkdir()
    with closing(Follower(live.log, 0, SOON, folder)) as follower:
        with no_file_beyond(0):
            follower.fold_new()
        assert follower.state == live.shard.state
        text = "no finished store beside the snapshots: the snapshots' folder takes no file"
        assert text in caplog.text
        with no_file_beyond(64 * 1024), pytest.raises(OSError, match="takes no file"):
            follower.state.finished.retain()
        assert not [*folder.iterdir()]

        finished(live, "b1")
        follower.fold_new()
        follower.write_snapshot()

        assert len(files(folder)) == 1
    assert snapshot.paths(folder, 0)
    assert_all_the_same(restarted(live.log, folder, SOON), live)


def test_a_folder_that_went_for_a_while_has_snapshots_again(live: Live, folder: Path) -> None:
    morning(live)
    finished(live, "a1")
    with closing(Follower(live.log, 0, SOON, folder)) as follower:
        follower.fold_new()
        follower.write_snapshot()
        shutil.rmtree(folder)
        folder.touch()
        with pytest.raises(OSError, match="exists"):
            follower.state.finished.retain()
        folder.unlink()
        finished(live, "a2")
        follower.fold_new()
        follower.write_snapshot()
    assert snapshot.paths(folder, 0)
    assert_all_the_same(restarted(live.log, folder, SOON), live)


def test_a_folder_in_which_nothing_opens_leaves_the_finished_store_to_its_process(
    live: Live, folder: Path
) -> None:
    """Its path is longer than SQLite opens."""
    deep = folder.joinpath(*["d" * 200] * 5)
    morning(live)
    finished(live, "a1")
    with closing(Follower(live.log, 0, SOON, deep)) as follower:
        follower.fold_new()
        assert follower.state == live.shard.state
        with pytest.raises(OSError, match="takes no file"):
            follower.state.finished.retain()


def test_a_finished_store_without_a_folder_is_in_no_snapshot(live: Live) -> None:
    morning(live)
    finished(live, "a1")

    with (
        closing(restarted(live.log, None, SOON).state.finished) as found,
        pytest.raises(OSError, match="this process's alone"),
    ):
        found.retain()
