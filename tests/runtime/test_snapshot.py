"""A snapshot brings back the very state that was folded, or is not used, with a reason."""

import logging
import os
import pickle
import random
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from logged import RULES, Live, assert_same, morning, over_the_close, read_seals, recovered
from world import HOUR, SECOND, day_closed, day_opened, order, quote

from engine.core.state import fingerprint
from engine.core.state.state import State
from engine.log.embedded import EmbeddedLog
from engine.log.port import BEGINNING, Reader, Record, Start
from engine.runtime.recovery import snapshot
from engine.runtime.recovery.recovery import fold, folded, recover, started
from engine.runtime.recovery.state_codec import UnusableError, dumped
from engine.runtime.replica import Replica
from engine.runtime.shard import Rules, Shard
from engine.runtime.shard_log import SealRecord, ShardLog


@pytest.fixture(autouse=True)
def every_seal_states_a_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprint, "HASH_EVERY_BATCHES", 1)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    with EmbeddedLog(tmp_path / "log.db", 1) as log:
        found = Live(log)
        yield found
        found.close()


def taken(log: EmbeddedLog, folder: Path, batches: Sequence[int], rules: Rules = RULES) -> None:
    """Fold the log, and write snapshots after these batches."""
    follower = Replica(0, rules.release, rules.python)
    with started(log, follower, None).shard_log as shard_log:
        for seal_record in whole(follower, shard_log):
            if seal_record.seal.batch in batches:
                place = snapshot.SnapshotHeader.of(follower, shard_log, seal_record)
                snapshot.write(folder, place, follower.state)


def whole(follower: Replica, shard_log: ShardLog) -> Iterator[SealRecord]:
    """Fold every batch, those of closed days too, as a follower beside the shard does."""
    for seal_record in shard_log.seals():
        fold(follower, shard_log, seal_record.seal)
        yield seal_record


def restarted(log: EmbeddedLog, folder: Path, rules: Rules = RULES) -> Shard:
    steps = recover(log, 0, rules, folder)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            shard: Shard = done.value
            return shard


# ------------------------------------------------------------------------------ the same


def alike(one: Any, other: Any, seen: dict[int, int]) -> bool:  # noqa: ANN401
    """Whether both are the same graph of objects, shared references included."""
    if type(one) is not type(other):
        return False
    if is_dataclass(one) or isinstance(one, dict | list):
        if id(one) in seen:
            return seen[id(one)] == id(other)
        seen[id(one)] = id(other)
    if is_dataclass(one):
        names = [f.name for f in fields(one) if f.compare]
        return all(alike(getattr(one, n), getattr(other, n), seen) for n in names)
    if isinstance(one, dict):
        pairs = zip(one.items(), other.items(), strict=False)
        return len(one) == len(other) and all(alike(x, y, seen) for x, y in pairs)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(
            alike(x, y, seen) for x, y in zip(one, other, strict=True)
        )
    return bool(one == other)


def assert_alike(found: State, state: State) -> None:
    seen: dict[int, int] = {}
    assert alike(state, found, seen)
    assert len({*seen.values()}) == len(seen)  # And different objects are different there.
    assert found == state
    assert repr(found) == repr(state)


def test_at_every_batch_a_snapshot_is_the_folded_state(live: Live) -> None:
    over_the_close(over_the_close(morning(live)))
    follower = Replica(0, RULES.release, RULES.python)

    with started(live.log, follower, None).shard_log as shard_log:
        for _ in whole(follower, shard_log):
            found = snapshot.loaded(dumped(follower.state))
            assert_alike(found, follower.state)
            for parent in found.parents.values():
                assert all(m.order is found.orders[x] for x, m in parent.members.items())


def test_from_every_batch_recovery_comes_to_the_live_shard(live: Live, tmp_path: Path) -> None:
    over_the_close(over_the_close(morning(live)))

    for batch in range(live.shard.next_batch):
        folder = tmp_path / str(batch)
        taken(live.log, folder, [batch])
        found = restarted(live.log, folder)
        assert_same(found, live.shard)
        assert_alike(found.state, live.shard.state)


def test_who_recovered_from_a_snapshot_goes_on_as_if_nothing_had_been(
    live: Live, tmp_path: Path
) -> None:
    morning(live)
    taken(live.log, tmp_path, [live.shard.next_batch - 1])
    kept = live.shard
    live.shard = restarted(live.log, tmp_path)

    over_the_close(live)

    assert_same(recovered(live.log), live.shard)
    assert live.shard is not kept


@pytest.mark.parametrize("cache", ["views", "open_parts", "willing_parts", "chances"])
def test_a_cache_is_no_part_of_it(live: Live, cache: str) -> None:
    morning(live)
    getattr(live.shard.state, cache)["AAPL"] = "worked out"

    assert getattr(snapshot.loaded(dumped(live.shard.state)), cache) == {}


# ------------------------------------------------------------------------------- flat


class CountingReader:
    """A reader that counts its records in its log."""

    def __init__(self, reader: Reader, log: "Counting") -> None:
        self._reader = reader
        self._log = log

    @property
    def next(self) -> Start:
        return self._reader.next

    def read(self, max_records: int) -> Sequence[Record]:
        found = self._reader.read(max_records)
        self._log.read_records += len(found)
        return found

    def at_end(self) -> bool:
        return self._reader.at_end()

    def close(self) -> None:
        self._reader.close()


class Counting(EmbeddedLog):
    """The embedded log, and how many records were read of it."""

    read_records = 0

    def reader(  # type: ignore[override]  # Another class with the port's methods.
        self, topic: str, partition: int, start: Start = BEGINNING
    ) -> Reader:
        return CountingReader(super().reader(topic, partition, start), self)


def test_what_a_restart_reads_does_not_grow_with_the_closed_days(
    live: Live, tmp_path: Path
) -> None:
    folder = tmp_path / "snapshots"
    morning(live)
    read: list[int] = []

    for day in range(20180102, 20180107):
        live.when(day_closed(day), after_ns=HOUR).when(day_opened(day + 1, live.now_ns + HOUR))
        live.when(quote(received_ns=live.now_ns), order(f"o{day}"), after_ns=HOUR)
        restarted(live.log, folder)  # Leaves a snapshot of the last close.
        with Counting(tmp_path / "log.db", 1) as log:
            assert_same(restarted(log, folder), live.shard)
            read.append(log.read_records)

    assert len({*read[1:]}) == 1, read


def test_recovery_leaves_a_snapshot_of_the_last_close_only(live: Live, tmp_path: Path) -> None:
    over_the_close(over_the_close(morning(live)))
    closes = [seal.batch for seal in read_seals(live.log) if seal.kind.value == "CLOSE"]

    restarted(live.log, tmp_path / "snapshots")

    (path,) = snapshot.paths(tmp_path / "snapshots", 0)
    assert snapshot.read_header(path).batch == closes[-1]


# --------------------------------------------------------------------------- not used


def path_of(folder: Path) -> Path:
    (path,) = snapshot.paths(folder, 0)
    return path


def test_it_says_which_snapshot_it_takes_and_which_not(
    live: Live, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    last = morning(live).shard.next_batch - 1
    taken(live.log, tmp_path, [1, last])
    newest = snapshot.paths(tmp_path, 0)[0]
    newest.write_bytes(newest.read_bytes()[:-1])

    with caplog.at_level(logging.INFO):
        found = list(recover(live.log, 0, RULES, tmp_path))

    assert f"{newest.name} is not used: its bytes do not have their digest" in caplog.text
    assert "snapshot of batch 1" in caplog.text
    assert [now.done for now in found] == list(range(3, last + 2))


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"release": "next"}, "of release test, expected next"),
        ({"python": "4"}, "of Python 3, expected 4"),
    ],
)
def test_other_codes_snapshot_is_passed_by(
    other: dict[str, Any],
    words: str,
    live: Live,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    morning(live)
    taken(live.log, tmp_path, [3])

    found = restarted(live.log, tmp_path, replace(RULES, **other))

    assert found.state == live.shard.state
    assert words in caplog.text


def test_another_layout_of_the_state_is_passed_by(
    live: Live, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    morning(live)
    taken(live.log, tmp_path, [3])
    monkeypatch.setattr(snapshot, "LAYOUT", "0123456789abcdef")

    assert_same(restarted(live.log, tmp_path), live.shard)
    assert "expected 0123456789abcdef" in caplog.text


def test_another_logs_snapshot_is_passed_by(
    live: Live, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    morning(live)
    with EmbeddedLog(tmp_path / "other.db", 1) as log:
        other = Live(log)
        other.now_ns += SECOND
        morning(other).when(*(order(f"z{n}") for n in range(3)))
        taken(log, tmp_path / "snapshots", [3, other.shard.next_batch - 1])
        other.close()

    assert_same(restarted(live.log, tmp_path / "snapshots"), live.shard)
    assert "another chain at batch 3" in caplog.text or "no seal where its batch 3" in caplog.text


def test_a_snapshot_beyond_the_logs_end_is_passed_by(
    live: Live, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    morning(live)
    taken(live.log, tmp_path / "snapshots", [live.shard.next_batch - 1])

    with EmbeddedLog(tmp_path / "new.db", 1) as log:
        found = restarted(log, tmp_path / "snapshots")

    assert_same(found, Shard(0, RULES))
    assert "is not used: the log" in caplog.text


def test_another_shards_snapshot_is_passed_by(
    live: Live, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    morning(live)
    taken(live.log, tmp_path, [3])
    path = path_of(tmp_path)
    place = snapshot.read_header(path)._replace(shard=1)
    path.unlink()
    moved = snapshot.write(tmp_path, place, live.shard.state)
    moved.rename(path)

    assert_same(restarted(live.log, tmp_path), live.shard)
    assert "is of shard 1, expected 0" in caplog.text


# ------------------------------------------------------------------------------ foreign


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A snapshot's file."""
    folder = tmp_path_factory.mktemp("sound")
    with EmbeddedLog(folder / "log.db", 1) as log:
        live = morning(Live(log))
        taken(log, folder, [live.shard.next_batch - 1])
        live.close()
    return path_of(folder).read_bytes()


def test_every_bit_counts(sound: bytes, tmp_path: Path) -> None:
    chance = random.Random(7)  # noqa: S311  A seeded script, no secret.
    for _ in range(300):
        changed = bytearray(sound)
        changed[chance.randrange(len(sound))] ^= 1 << chance.randrange(8)
        path = tmp_path / "changed"
        path.write_bytes(changed)
        with pytest.raises(UnusableError):
            snapshot.read_state(path, 0)


@for_all(st.binary(max_size=200))
def test_foreign_bytes_are_no_state(content: bytes) -> None:
    with pytest.raises(UnusableError):
        snapshot.loaded(content)


class Runs:
    """Unpickled by the standard unpickler it runs a command."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps({"a": 1}),
        pickle.dumps(Path("x")),
        b"cengine.core.state.state\nany\n.",
        b"cengine.core.state.state\nState.__init__\n.",
        b"cengine.snapshot\nwrite\n.",
        b"cbuiltins\neval\n(S'1'\ntR.",
        b"",
    ],
)
def test_nothing_but_a_state_is_loaded(content: bytes) -> None:
    with pytest.raises(UnusableError):
        snapshot.loaded(content)


def test_a_snapshot_can_run_nothing(tmp_path: Path) -> None:
    content = pickle.dumps(Runs(tmp_path / "mark"))

    with pytest.raises(UnusableError, match=r"asks for posix.mkdir, which no state holds"):
        snapshot.loaded(content)

    assert not (tmp_path / "mark").exists()


def test_a_snapshot_can_change_no_class() -> None:
    poison = (
        b"cengine.core.state.state\nState\n}S'parent'\nI1\ns\x86b."  # setattr(State, "parent", 1)
    )
    before = State.parent

    with pytest.raises(UnusableError):
        snapshot.loaded(b"\x80\x02cengine.core.state.state\nState\nN}S'parent'\nI1\ns\x86b.")
    with pytest.raises(UnusableError):
        snapshot.loaded(poison)

    assert State.parent is before


@pytest.mark.parametrize(
    "header", [b"", b"{}", b"[]", b"1", b'{"shard": "x"}', b"[" * 50_000, b"\xff"]
)
def test_a_header_that_says_nothing_is_refused(header: bytes, tmp_path: Path) -> None:
    path = tmp_path / "it"
    path.write_bytes(snapshot.FORMAT + b" x\n" + header + b"\n")

    with pytest.raises(UnusableError, match="its header cannot be read"):
        snapshot.read_header(path)


# -------------------------------------------------------------------------------- files


def test_a_folder_keeps_the_last_few_and_no_half_file(live: Live, tmp_path: Path) -> None:
    morning(live)
    folder = tmp_path / "snapshots"

    taken(live.log, folder, range(live.shard.next_batch))

    last = live.shard.next_batch
    names = [path.name for path in snapshot.paths(folder, 0)]
    expected = [
        f"shard-0000-batch-{last - n:012}.snapshot" for n in range(1, snapshot.SNAPSHOTS_MAX + 1)
    ]
    assert names == expected
    assert len(list(folder.iterdir())) == snapshot.SNAPSHOTS_MAX


def test_a_folder_that_cannot_be_written_costs_no_recovery(
    live: Live, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    over_the_close(morning(live))
    (tmp_path / "file").touch()

    assert_same(restarted(live.log, tmp_path / "file"), live.shard)
    assert "no snapshot of batch" in caplog.text


def test_a_snapshot_and_what_follows_it_are_told(live: Live, tmp_path: Path) -> None:
    morning(live)
    taken(live.log, tmp_path, [2])
    follower = Replica(0, RULES.release, RULES.python)

    with started(live.log, follower, tmp_path).shard_log as shard_log:
        assert follower.next_batch == 3
        live.when(quote(received_ns=live.now_ns), order("more"), after_ns=SECOND)
        batches = [seal_record.seal.batch for seal_record in folded(live.log, follower, shard_log)]

    assert batches == list(range(3, live.shard.next_batch))
