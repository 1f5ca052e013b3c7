"""A shard's state in a file: a cache that spares a restart the folding of the day.

A file names the shard, the batch, its chain, where each topic goes on in the log, and the writer:
release, Python, and the layout of the state's classes. Only the very same code reads it, only where
the log has that chain at that batch, and only if its bytes have the digest that it states. Anything
else discards it with a reason, and the log is folded instead. It appears in one step, so no reader
sees half a file, and several workers may share a folder of one log.

The finished orders of the day are not in it. They are in a file of their own, which grows (see
`finished_file`), and the snapshot says how far that file counts. Where the file is gone or too
short the snapshot cannot be used.

The bytes that are read can describe a state, and can run nothing (see `state_codec`). A writer in
the folder can still forge a state, or one that takes all memory, so the folder is the workers' and
followers' alone.
"""

import hashlib
import io
import json
import os
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Self

from engine.core import events
from engine.core.state.finished_store import MemoryStore, StoreMark
from engine.core.state.state import State
from engine.log.port import (
    ALL_TOPICS,
    INPUT_TOPICS,
    JOURNAL,
    OUTPUT_TOPICS,
    CorruptLogError,
    OtherLogError,
    Start,
)
from engine.runtime.garbage_collection import not_collected
from engine.runtime.recovery import store_file
from engine.runtime.recovery.finished_file import DiskStore
from engine.runtime.recovery.state_codec import LAYOUT, REDUCERS, Unpickler, UnusableError, dumped
from engine.runtime.replica import Replica
from engine.runtime.shard_log import SealRecord, ShardLog

SNAPSHOTS_MAX = 3  # Files of a shard; older ones are deleted.
FORMAT = b"metaorder snapshot 1"
HEADER_BYTES_MAX = 65_536
SUFFIX = ".snapshot"


class SnapshotHeader(NamedTuple):
    """The log and batch of a snapshot, and the code that wrote it."""

    shard: int
    batch: int
    chain: bytes
    release: str
    python: str
    layout: str
    sealed: Start  # The seal of that batch, in the journal.
    starts: Mapping[str, Start]  # What comes next in each topic.
    log_id: str = ""  # Empty in a snapshot of an early release.

    @classmethod
    def of(cls, replica: Replica, shard_log: ShardLog, seal_record: SealRecord) -> Self:
        """The header of a snapshot that is taken right after this batch."""
        seal, record = seal_record
        assert replica.next_batch == seal.batch + 1, "the batch was folded"
        starts = {topic: replica.resume(topic) for topic in INPUT_TOPICS}
        starts |= {topic: shard_log.next_start(topic) for topic in OUTPUT_TOPICS}
        sealed = Start(record.offset, record.position)
        return cls(
            replica.number,
            seal.batch,
            seal.chain,
            replica.release,
            replica.python,
            LAYOUT,
            sealed,
            starts,
            shard_log.log_id,
        )

    def to_json(self) -> bytes:
        return json.dumps({**self._asdict(), "chain": self.chain.hex()}).encode()

    @classmethod
    def of_json(cls, text: bytes) -> Self:
        """Raises UnusableError if the text is no header."""
        try:
            found = json.loads(text)
            return cls(
                int(found["shard"]),
                int(found["batch"]),
                bytes.fromhex(found["chain"]),
                str(found["release"]),
                str(found["python"]),
                str(found["layout"]),
                Start(*map(int, found["sealed"])),
                {topic: Start(*map(int, found["starts"][topic])) for topic in ALL_TOPICS},
                str(found.get("log_id", "")),
            )
        except (ValueError, TypeError, LookupError, RecursionError) as error:
            raise UnusableError(f"its header cannot be read ({error!r:.200})") from error


# --------------------------------------------------------------------------------- files


def write(folder: Path, header: SnapshotHeader, state: State) -> Path:
    """Put a snapshot into the folder, in one step, and delete older ones of the shard.

    Raises OSError where the folder cannot take it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state.finished.retain()
    content = header.to_json() + b"\n" + dumped(state)
    path = folder / f"shard-{header.shard:04}-batch-{header.batch:012}{SUFFIX}"
    draft = folder / f".{path.name}.{os.getpid()}"
    try:
        with draft.open("wb") as file:
            file.write(FORMAT + b" " + hashlib.sha256(content).hexdigest().encode() + b"\n")
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    _sync(folder)
    _prune(folder, header.shard)
    store_file.prune(folder, header.shard, state.day_seq)
    return path


def paths(folder: Path, shard: int) -> list[Path]:
    """The shard's snapshots, the newest batch first."""
    return sorted(folder.glob(f"shard-{shard:04}-batch-*{SUFFIX}"), reverse=True)


def require_same_log(folder: Path, log_id: str) -> None:
    """Raise OtherLogError if the folder has snapshots of another log alone.

    A log that was deleted, or another one at its path, is noticed so before it is worked on.
    """
    found: set[str] = set()
    for path in folder.glob(f"shard-*-batch-*{SUFFIX}"):
        with suppress(UnusableError):  # Recovery says why it does not use it.
            found.add(read_header(path).log_id)
    if log_id and found and not found & {log_id, ""}:
        raise OtherLogError(
            f"{folder} has snapshots of log {', '.join(sorted(found))}, and this is log {log_id}: "
            "the log was deleted, or another one is at its URL. Nothing was written. Put the log "
            "back (`metaorder log restore`); if the other log is meant, name another folder."
        )


def read_header(path: Path) -> SnapshotHeader:
    """Raises UnusableError."""
    try:
        with path.open("rb") as file:
            first = file.readline(HEADER_BYTES_MAX)
            header = file.readline(HEADER_BYTES_MAX)
    except OSError as error:
        raise UnusableError(f"it cannot be read ({error})") from error
    if not first.startswith(FORMAT + b" "):
        raise UnusableError(f"it does not begin with {FORMAT.decode()!r}")
    return SnapshotHeader.of_json(header)


def check_header(header: SnapshotHeader, replica: Replica) -> None:
    """Raise UnusableError if the snapshot is another shard's, or other code made it."""
    wanted = (replica.number, replica.release, replica.python, LAYOUT)
    found = (header.shard, header.release, header.python, header.layout)
    for name, is_, expected in zip(
        ("shard", "release", "Python", "layout"), found, wanted, strict=True
    ):
        if is_ != expected:
            raise UnusableError(f"it is of {name} {is_!s:.40}, expected {expected!s:.40}")


def read_state(path: Path, shard: int) -> State:
    """The state in the file. Raises UnusableError if its bytes are not what was written."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnusableError(f"it cannot be read ({error})") from error
    first, _, rest = content.partition(b"\n")
    if first != FORMAT + b" " + hashlib.sha256(rest).hexdigest().encode():
        raise UnusableError("its bytes do not have their digest: it was damaged or cut")
    state = loaded(memoryview(rest)[rest.index(b"\n") + 1 :])
    if state.shard != shard:
        raise UnusableError(f"it holds the state of shard {state.shard!s:.20}")
    return state


def _sync(folder: Path) -> None:
    """Have the folder's entry of a new file on the disk too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _prune(folder: Path, shard: int) -> None:
    """Keep the snapshots written last: by time, as another log's may have higher batches."""
    written: list[tuple[int, Path]] = []
    for path in paths(folder, shard):
        with suppress(FileNotFoundError):  # Another process prunes too.
            written.append((path.stat().st_mtime_ns, path))
    for _, path in sorted(written, reverse=True)[SNAPSHOTS_MAX:]:
        path.unlink(missing_ok=True)


# --------------------------------------------------------------------------------- bytes


class Shared:
    """Stands for an event in the bytes of a copy.

    An event is frozen, so both states can hold the same one.
    """


def loaded(content: bytes | memoryview) -> State:
    """The state in these bytes. Raises UnusableError, never anything else."""
    try:
        with not_collected():
            found = Unpickler(io.BytesIO(content)).load()
    except UnusableError:
        raise
    except Exception as error:  # Foreign bytes make the unpickler raise anything.
        raise UnusableError(f"it holds no state ({error!r:.200})") from error
    if not isinstance(found, State):
        raise UnusableError(f"it holds no state but {type(found).__name__:.80}")
    return found


def copied(state: State) -> State:
    """Another state that is equal to this one, and shares only frozen events with it."""
    shared: list[object] = []

    def refer(event: object) -> tuple[type, tuple[int]]:
        shared.append(event)
        return Shared, (len(shared) - 1,)

    class Copying(Unpickler):
        def find_class(self, module: str, name: str) -> Callable[..., object]:
            if (module, name) == (Shared.__module__, Shared.__qualname__):
                return shared.__getitem__
            return super().find_class(module, name)

    events_of = {kind: refer for kind in REDUCERS if kind.__module__ == events.__name__}
    content = dumped(state, {**REDUCERS, **events_of})
    with not_collected():
        found = Copying(io.BytesIO(content)).load()
    assert isinstance(found, State)
    return found


def restore(
    replica: Replica, shard_log: ShardLog, path: Path, failed: Collection[int] = ()
) -> None:
    """Bring the replica and the shard's log to where the snapshot was taken.

    Raises UnusableError if it is another shard's, other code's, damaged, not of this log, or of a
    batch that `failed` before; then nothing has moved but the shard log's journal.
    """
    header = read_header(path)
    check_header(header, replica)
    if header.batch in failed:
        raise UnusableError("its finished store failed twice")
    shard_log.start(JOURNAL, header.sealed)
    check_log(header, shard_log)
    state = read_state(path, header.shard)
    found, store = state.finished, replica.state.finished
    if isinstance(store, DiskStore) and isinstance(found, StoreMark | MemoryStore):
        store.restore(found, path.parent)
        state.finished = store
    elif isinstance(found, StoreMark):
        raise UnusableError("it names a finished store on the disk, and this shard's is in memory")
    for topic, start in header.starts.items():
        if topic != JOURNAL:
            shard_log.start(topic, start)
    replica.start_from(header.batch, header.chain, header.starts, state)


def check_log(header: SnapshotHeader, shard_log: ShardLog) -> None:
    """Read the snapshot's seal; raise UnusableError if the log has another one there."""
    try:
        seal_record = next(shard_log.seals(), None)
    except CorruptLogError as error:
        raise UnusableError(f"the log has no seal where its batch {header.batch} was") from error
    if seal_record is None:
        raise UnusableError(f"the log ends before its batch {header.batch}")
    if (seal_record.seal.batch, seal_record.seal.chain) != (header.batch, header.chain):
        raise UnusableError(f"the log has another chain at batch {header.batch}")
