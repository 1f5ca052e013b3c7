"""The finished store on the disk: a snapshot finds the file that it names, or is not used."""

import gc
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import apsw
import pytest
from beside import EAGER, Beside, assert_all_the_same, day, files, restarted
from logged import Live, over_the_close
from world import (
    HOUR,
    bust,
    cancel,
    day_closed,
    day_opened,
    fills,
    order,
    quote,
)

from engine.core import events as e
from engine.core.state import fingerprint
from engine.core.state.model import Fill
from engine.log.embedded import EmbeddedLog
from engine.log.port import NewRecord
from engine.runtime.recovery import bloom, snapshot
from engine.runtime.recovery.finished_file import DiskStore, StoreError
from engine.runtime.recovery.recovery import recover, started
from engine.runtime.recovery.state_codec import UnusableError
from engine.runtime.replica import Replica
from engine.runtime.shard import Sealed
from engine.runtime.worker import Worker


@pytest.fixture(autouse=True)
def every_seal_states_a_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprint, "HASH_EVERY_BATCHES", 1)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    with EmbeddedLog(tmp_path / "log.db", 1) as log:
        found = Live(log, EAGER)
        yield found
        found.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "snapshots"


def evicted_fill(live: Live) -> Fill:
    """A fill whose order was finished and evicted."""
    state = live.shard.state
    return next(
        x for x in fills(state).values() if x.last_qty == 300 and x.fill_id not in state.fills
    )


def test_from_every_batch_a_restart_finds_evicted_parents(live: Live, tmp_path: Path) -> None:
    day(live)
    assert live.shard.state.store_totals.parents > 6
    for batch in range(0, live.shard.next_batch, 2):
        folder = tmp_path / str(batch)
        with closing(Beside(live.log, folder)) as beside:
            beside.follow(batch)
            assert_all_the_same(restarted(live.log, folder), live)


def test_a_bust_after_a_restart_is_shared_out_anew(live: Live, folder: Path) -> None:
    day(live)
    with closing(Beside(live.log, folder)) as beside:
        beside.follow()
    fill = evicted_fill(live)
    live.shard = restarted(live.log, folder)
    assert fill.fill_id not in live.shard.state.fills

    live.when(bust(fill.child, fill.executions[0][2]))

    assert fills(live.shard.state)[fill.fill_id].last_qty == 0
    assert_all_the_same(restarted(live.log, None), live)
    assert_all_the_same(restarted(live.log, folder), live)


def test_a_follower_ahead_of_it_hides_nothing_from_a_reader(live: Live, folder: Path) -> None:
    """The file grows and parents are removed from it while another process reads it."""
    day(live)
    with closing(Beside(live.log, folder)) as beside:
        beside.follow()
        fill = evicted_fill(live)
        found = restarted(live.log, folder)
        live.when(bust(fill.child, fill.executions[0][2])).when(order("x")).when(cancel("x"))
        beside.follow()

        assert fills(found.state)[fill.fill_id].last_qty == 300
        assert found.state.order_id_of("oms", "x") is None
        assert_all_the_same(restarted(live.log, folder), live)


def test_a_follower_that_begins_again_copies_what_was_there(live: Live, folder: Path) -> None:
    day(live)
    with closing(Beside(live.log, folder)) as beside:
        beside.follow(live.shard.next_batch - 5)
    (former,) = files(folder)

    with closing(Beside(live.log, folder)) as again:
        assert again.follower.next_batch == live.shard.next_batch - 4
        again.follow()
        (folder / former).unlink()

        assert_all_the_same(restarted(live.log, folder), live)


def test_a_folder_may_be_deleted_while_its_finished_store_is_read(live: Live, folder: Path) -> None:
    day(live)
    with closing(Beside(live.log, folder)) as beside:
        beside.follow()
    found = restarted(live.log, folder)

    shutil.rmtree(folder)

    assert_all_the_same(found, live)


def test_a_folder_may_be_cleared_under_a_follower(live: Live, folder: Path) -> None:
    day(live)
    with closing(Beside(live.log, folder)) as beside:
        beside.follow(live.shard.next_batch - 5)
        shutil.rmtree(folder)
        beside.follow()

        assert snapshot.paths(folder, 0)
        assert_all_the_same(restarted(live.log, folder), live)


# --------------------------------------------------------------------------- not used


def taken(live: Live, folder: Path) -> Path:
    """The finished store's file beside a snapshot, after its writer has ended."""
    with closing(Beside(day(live).log, folder)) as beside:
        beside.follow()
    (name,) = files(folder)
    return folder / name


def test_a_snapshot_whose_finished_store_is_too_short_is_not_used(
    live: Live, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As after a power cut, when the newest of its transactions are gone."""
    with closing(Beside(day(live).log, folder)) as beside:
        beside.follow(live.shard.next_batch - 5)
        copied = {x.name: x.read_bytes() for x in folder.glob("*.shelf*")}
        beside.follow(live.shard.next_batch - 1)
    for name, content in copied.items():
        (folder / name).write_bytes(content)

    assert_all_the_same(restarted(live.log, folder), live)
    assert caplog.text.count("was not written up to it") == 1  # The one before is whole.


@pytest.mark.parametrize("content", [None, b"", b"no database " * 1_000])
def test_a_snapshot_whose_finished_store_is_no_database_is_not_used(
    live: Live, folder: Path, caplog: pytest.LogCaptureFixture, content: bytes | None
) -> None:
    path = taken(live, folder)
    for one in folder.glob("*.shelf*"):
        one.unlink()
    if content is not None:
        path.write_bytes(content)

    assert_all_the_same(restarted(live.log, folder), live)
    assert f"is not used: its finished store {path.name} cannot be read" in caplog.text


def test_a_snapshot_names_no_file_elsewhere(live: Live, folder: Path) -> None:
    path = taken(live, folder)
    mark = snapshot.read_state(snapshot.paths(folder, 0)[0], 0).finished

    for file in (f"../{path.name}", str(path)):
        with pytest.raises(UnusableError, match="names no finished store"):
            DiskStore().restore(mark._replace(file=file), folder)  # type: ignore[attr-defined]


def test_what_was_damaged_is_found_and_no_more_offered(live: Live, folder: Path) -> None:
    path = taken(live, folder)
    with closing(apsw.Connection(str(path))) as file:
        file.execute("update item set content = cast(content || 'x' as blob)")
    found = restarted(live.log, folder)

    with pytest.raises(StoreError, match="Nothing was written; the shard is folded again"):
        fills(found.state)

    assert not path.exists()
    assert_all_the_same(restarted(live.log, folder), live)


def test_a_worker_that_meets_damage_begins_again_without_it(
    tmp_path: Path, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with EmbeddedLog(tmp_path / "log.db", 1) as log:
        live = Live(log, EAGER)
        path = taken(live, folder)
        live.close()
        fill = evicted_fill(live)
        late = live.world._record("venue-reports", bust(fill.child, fill.executions[0][2]))  # noqa: SLF001
        log.append("venue-reports", [NewRecord(0, *late[2:])])
        with closing(apsw.Connection(str(path))) as file:
            file.execute("update item set content = cast(content || 'x' as blob)")
        worker = Worker(log, EAGER, "worker", snapshots=folder, clock_ns=lambda: live.now_ns)

        def on_sealed(sealed: Sealed) -> None:
            if any(isinstance(event, e.FillBusted) for event in sealed.events):
                worker.stop()

        worker.on_sealed = on_sealed
        worker.run()

        assert "the shard is folded again" in caplog.text
        assert fills(restarted(log, None).state)[fill.fill_id].last_qty == 0


def test_a_store_in_memory_takes_no_snapshot_that_names_a_file(live: Live, folder: Path) -> None:
    taken(live, folder)
    plain = Replica(0, EAGER.release, EAGER.python)

    with started(live.log, plain, folder).shard_log:
        assert plain.next_batch == 0


def test_a_finished_store_of_this_process_alone_is_in_no_snapshot(
    live: Live, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    day(live)
    (tmp_path / "file").touch()

    with closing(Beside(live.log, tmp_path / "file")) as beside:
        with pytest.raises(OSError, match="exists"):
            beside.follow(live.shard.next_batch - 1)
        with pytest.raises(OSError, match="exists"):
            beside.follower.state.finished.retain()

    assert "no finished store beside the snapshots" in caplog.text


# ---------------------------------------------------------------------------- no leaks


def handles() -> int:
    gc.collect()
    return len([*Path("/proc/self/fd").iterdir()])


def test_rebuilding_again_and_again_leaves_no_file_and_no_handle(live: Live, folder: Path) -> None:
    day(live)
    with closing(Beside(live.log, folder)) as beside:
        beside.follow()
        restarted(live.log, folder).state.finished.close()
        before, there = handles(), files(folder)
        for _ in range(20):
            restarted(live.log, folder).state.finished.close()
            steps = recover(live.log, 0, EAGER)
            next(steps)
            steps.close()  # As if its shard were lost meanwhile.

    assert handles() <= before
    assert files(folder) == there


def test_a_days_finished_store_is_deleted_after_its_close(live: Live, folder: Path) -> None:
    with closing(Beside(day(live).log, folder)) as beside:
        beside.follow()
        first = files(folder)
        live.when(day_closed(), after_ns=HOUR)
        live.when(day_opened(20180103, live.now_ns), quote(received_ns=live.now_ns))
        live.when(order("n1", settlement="N")).when(cancel("n1"))
        beside.follow()

        assert first not in (files(folder), [])
        assert len(files(folder)) == 1
        assert_all_the_same(restarted(live.log, folder), live)


def test_a_worker_restarts_over_the_close(live: Live, folder: Path) -> None:
    day(live)
    with closing(Beside(live.log, folder)) as beside:
        beside.follow()
    live.shard = restarted(live.log, folder)

    over_the_close(live)

    assert live.shard.state.store_totals.parents == 0
    assert_all_the_same(restarted(live.log, folder), live)


def test_the_filter_says_no_to_most_of_what_is_not_there() -> None:
    known = bytearray(bloom.FILTER_BYTES)
    keys = [f"o3 oms{n}" for n in range(100_000)]

    bloom.remember(known, keys)

    assert all(bloom.may_know(known, key) for key in keys)
    assert sum(bloom.may_know(known, f"o3 omt{n}") for n in range(100_000)) < 100
