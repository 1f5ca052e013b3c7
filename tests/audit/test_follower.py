"""The follower folds what the workers seal, compares, and leaves snapshots for their restarts."""

import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pipeline import short_day

from engine.audit import follower as following
from engine.audit.follower import Follower
from engine.cli.application import execute
from engine.cli.exits import Exit
from engine.core.state import fingerprint
from engine.log import open_log
from engine.log.embedded import EmbeddedLog
from engine.log.port import Log, Record
from engine.runtime.recovery import snapshot
from engine.runtime.recovery.recovery import rebuilt, recover
from engine.runtime.replica import Replica, StateDiffersError
from engine.runtime.shard import Shard
from engine.runtime.shard_log import last_seal
from engine.runtime.worker import Worker

RULES = short_day.rules(1)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A short day, closed; every eighth seal states a hash."""
    folder = tmp_path_factory.mktemp("followed")
    made = short_day.make(folder / "day", rows=200, order_count=40)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fingerprint, "HASH_EVERY_BATCHES", 8)
        with EmbeddedLog(folder / "log.db", 1) as log:
            short_day.simulation(log, made, seed=7).run()
        yield folder / "log.db"


@pytest.fixture
def log(stored: Path) -> Iterator[Log]:
    with open_log(f"sqlite:{stored}", partitions=1) as found:
        yield found


def restarted(log: Log, folder: Path) -> Shard:
    steps = recover(log, 0, RULES, folder)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            shard: Shard = done.value
            return shard


@pytest.fixture
def followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], int]:
    """Plays a day whose every seal states a hash, with a follower beside it."""
    monkeypatch.setattr(fingerprint, "HASH_EVERY_BATCHES", 1)
    made = short_day.make(tmp_path / "day", rows=100, order_count=20)

    def follow(folder: Path) -> int:
        with EmbeddedLog(tmp_path / "log.db", 1) as log:
            follower = Follower(log, 0, RULES, folder, every=30)
            seen: list[int] = []
            day = short_day.simulation(log, made, 7, lambda _: seen.append(follower.fold_new()))
            day.run()
            follower.close()
            return sum(seen)

    return follow


def test_beside_the_shard_folding_comes_to_every_state_that_a_seal_states(
    followed: Callable[[Path], int], tmp_path: Path
) -> None:
    batches = followed(tmp_path / "snapshots")

    with open_log(f"sqlite:{tmp_path / 'log.db'}", partitions=1) as log:
        newest = last_seal(log, 0)
        assert newest is not None
        assert batches >= newest.batch
        assert restarted(log, tmp_path / "snapshots").state == rebuilt(log, 0, RULES).state


def test_a_worker_restarts_from_what_the_follower_left(log: Log, tmp_path: Path) -> None:
    follower = Follower(log, 0, RULES, tmp_path, every=50)
    following.run([follower], threading.Event().wait, once=True)

    found, expected = restarted(log, tmp_path), rebuilt(log, 0, RULES)

    assert snapshot.paths(tmp_path, 0)
    assert found.state == expected.state
    assert (found.next_batch, found.chain) == (expected.next_batch, expected.chain)


def test_a_follower_goes_on_from_its_own_snapshot(log: Log, tmp_path: Path) -> None:
    following.run([Follower(log, 0, RULES, tmp_path)], threading.Event().wait, once=True)

    again = Follower(log, 0, RULES, tmp_path)

    assert again.fold_new() == 0  # Its end was a close, of which it wrote one.
    again.close()


def test_a_fold_that_is_not_the_step_stops_the_follower(
    followed: Callable[[Path], int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a release would that sees more of the market when it decides than when it folds."""
    own = Replica._fold_fact  # noqa: SLF001

    def forgets(self: Replica, topic: str, record: Record) -> None:
        if topic != "market-data" or record.position % 20:
            own(self, topic, record)

    monkeypatch.setattr(Replica, "_fold_fact", forgets)

    with pytest.raises(StateDiffersError, match="the folded state differs"):
        followed(tmp_path / "snapshots")


def test_the_command_follows_to_the_end(stored: Path, tmp_path: Path) -> None:
    arguments = ["follower", "run", "--log", f"sqlite:{stored}", "--once"]
    config = tmp_path / "engine.toml"
    config.write_text("partitions = 1\n")

    code = execute([*arguments, "--config", str(config), "--snapshots", str(tmp_path / "it")])

    assert code == Exit.OK
    (path,) = snapshot.paths(tmp_path / "it", 0)
    with open_log(f"sqlite:{stored}", partitions=1) as log:
        newest = last_seal(log, 0)
    assert newest is not None
    assert snapshot.read_header(path).chain == newest.chain


def test_a_worker_says_where_it_begins(
    log: Log, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    following.run([Follower(log, 0, RULES, tmp_path)], threading.Event().wait, once=True)
    newest = last_seal(log, 0)
    assert newest is not None

    running = Worker(log, RULES, "worker", snapshots=tmp_path)
    running.on_rebuilt = running.stop
    with caplog.at_level(logging.INFO):
        running.run()

    assert f"shard 0: snapshot of batch {newest.batch}; 0 batches to fold" in caplog.text
