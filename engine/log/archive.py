"""Closed days as files: the third log, read-only.

    archive.json                          format and partitions; the id of the archived log
    000000-20180102/shard-0003/           what shard 3 consumed and wrote of the first closed day
        manifest.json                     of each topic: first and next start, count, SHA-256
        orders.records, ..., journal.records
    000000-20180102/shared/               controls and reference, which every shard reads

A record is kept as it was in its log, unchanged: offset, position, timestamp, key, headers, value.
Days follow each other without a gap, so a reader goes through the files of its topic one after the
other. Each file is first read once to check its digest. A day appears in one step, and is never
written again.
"""

import hashlib
import json
import os
import struct
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple, NoReturn

from engine.log.port import (
    ALL_TOPICS,
    BEGINNING,
    SHARED_TOPICS,
    Closeable,
    CorruptLogError,
    EngineError,
    FirstRecords,
    Headers,
    Identity,
    Lease,
    LeasedAppender,
    Leases,
    LogUnavailableError,
    NewRecord,
    Reader,
    Record,
    ShardWriter,
    Start,
)

FORMAT = 1
HEAD = "archive.json"
MANIFEST = "manifest.json"
SHARED = "shared"
CHUNK_BYTES = 1 << 20
NULL = -1  # Length of a key that is null.
_RECORD = struct.Struct(">qqqiii")  # Offset, position, ms; lengths of key, headers, value.
_HEADER = struct.Struct(">ii")


class ArchiveError(EngineError):
    """An archive was asked for what it cannot do, or is another one than the caller expects."""


class Part(NamedTuple):
    """One topic of one day and shard."""

    topic: str
    first: Start
    next: Start
    record_count: int
    digest: str
    path: Path


# ------------------------------------------------------------------------------ writing


class Draft:
    """One topic's file while it is written."""

    def __init__(self, folder: Path, topic: str, first: Start) -> None:
        self.topic = topic
        self._first = self._next = first
        self._count = 0
        self._hash = hashlib.sha256()
        self._file: BinaryIO = (folder / f"{topic}.records").open("wb")

    def write(self, records: Iterable[Record]) -> None:
        for record in records:
            content = encoded(record)
            self._file.write(content)
            self._hash.update(content)
            self._next = Start(record.offset + 1, record.position + 1)
            self._count += 1

    def close(self, following: Start | None = None) -> dict[str, object]:
        """Finish the file; return its entry in the manifest.

        `following` is where the log goes on, if that is not right after the last record.
        """
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return {
            "topic": self.topic,
            "first": list(self._first),
            "next": list(following or self._next),
            "record_count": self._count,
            "digest": self._hash.hexdigest(),
        }


def begin(folder: Path, partitions: int, log_id: str, *, is_backup: bool = False) -> None:
    """Make an empty archive of a log, or check that there is one.

    Raises ArchiveError if there is one of another partition count or log, or if it is a backup.
    """
    folder.mkdir(parents=True, exist_ok=True)
    head = folder / HEAD
    if not head.exists():
        content = {"format": FORMAT, "partitions": partitions, "log_id": log_id}
        head.write_text(json.dumps({**content, "backup": is_backup}) + "\n")
        return
    found = ArchiveLog(folder)
    if found.partitions != partitions:
        raise ArchiveError(
            f"{folder}: an archive of {found.partitions} partitions, expected {partitions}"
        )
    if is_backup or found.is_backup:
        raise ArchiveError(f"{folder} holds a backup; give an empty folder. Nothing was written.")
    if log_id and found.identity.log_id not in ("", log_id):
        raise ArchiveError(
            f"{folder}: an archive of log {found.identity.log_id}, and this is log {log_id}. "
            "Nothing was written. Give another folder, or the URL of the log that it archives."
        )


def write_manifest(folder: Path, manifest: Mapping[str, object]) -> None:
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")


def encoded(record: Record) -> bytes:
    headers = b"".join(
        _HEADER.pack(len(name.encode()), len(value)) + name.encode() + value
        for name, value in record.headers
    )
    key = record.key
    sizes = (NULL if key is None else len(key), len(headers), len(record.value))
    head = _RECORD.pack(record.offset, record.position, record.timestamp_ms, *sizes)
    return b"".join((head, key or b"", headers, record.value))


# ------------------------------------------------------------------------------ reading


class ArchiveLog(Closeable):
    """The log port on a folder of closed days."""

    def __init__(self, folder: Path, partitions: int | None = None) -> None:
        """Raises LogUnavailableError if the folder holds no archive.

        Raises ArchiveError if it has another format or partition count.
        """
        self._folder = folder
        try:
            head = json.loads((folder / HEAD).read_text())
            found = (int(head["format"]), int(head["partitions"]))
            self._identity = Identity(str(head.get("log_id", "")))
            self.is_backup = bool(head.get("backup", False))
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise LogUnavailableError(f"{folder}: no archive ({error})") from error
        if found[0] != FORMAT:
            raise ArchiveError(f"{folder}: an archive of format {found[0]}, expected {FORMAT}")
        self._partitions = found[1]
        if partitions not in (None, self._partitions):
            raise ArchiveError(
                f"{folder}: an archive of {self._partitions} partitions, expected {partitions}; "
                "set `partitions` to what it has"
            )
        self._checked: set[Path] = set()

    @property
    def partitions(self) -> int:
        return self._partitions

    @property
    def identity(self) -> Identity:
        """That of the log that was archived; empty in an archive of an early release."""
        return self._identity

    def leave(self, for_id: str) -> None:
        """Does nothing: no worker ever works on an archive."""

    def days(self) -> list[Path]:
        """Its days, the oldest first."""
        return sorted(path for path in self._folder.iterdir() if path.name[:1].isdigit())

    def parts(self, topic: str, partition: int) -> list[Part]:
        """The topic's files, the oldest first. Raises CorruptLogError where one is missing."""
        if topic not in ALL_TOPICS:
            raise ValueError(f"topic {topic!r}: expected one of {', '.join(ALL_TOPICS)}")
        is_shared = topic in SHARED_TOPICS
        if not 0 <= partition < (1 if is_shared else self._partitions):
            raise ValueError(f"partition {partition} of {topic}: the archive has none")
        name = SHARED if is_shared else f"shard-{partition:04}"
        found: list[Part] = []
        for number, day in enumerate(self.days()):
            part = part_of(day / name, topic)
            expected = found[-1].next if found else BEGINNING
            if int(day.name.partition("-")[0]) != number or part.first != expected:
                raise CorruptLogError(
                    f"{day / name}: {topic} goes on at offset {part.first.offset}, position "
                    f"{part.first.position}, expected {expected.offset} and {expected.position}. "
                    "A day is missing; restore it from where the archive is kept."
                )
            found.append(part)
        return found

    def reader(self, topic: str, partition: int, start: Start = BEGINNING) -> Reader:
        name = f"partition {partition} of {topic}"
        return ArchiveReader(self, name, self.parts(topic, partition), start)

    def at_ends(self, readers: Sequence[Reader]) -> bool:
        return all(reader.at_end() for reader in readers)

    def last(self, topic: str, partition: int) -> Record | None:
        found = self.records_before(topic, partition, None, 1)
        return found[-1] if found else None

    def records_before(
        self, topic: str, partition: int, offset: int | None, count: int
    ) -> Sequence[Record]:
        """Reads the last file that holds any."""
        for part in reversed(self.parts(topic, partition)):
            earlier = (r for r in self.records(part) if offset is None or r.offset < offset)
            if found := deque(earlier, maxlen=count):
                return [record._replace(position=-1) for record in found]
        return []

    def offset_since(self, topic: str, partition: int, timestamp_ms: int) -> int:
        """Reads files from the last one back, up to one that holds an older record."""
        parts = self.parts(topic, partition)
        found = parts[-1].next.offset if parts else 0
        for part in reversed(parts):
            offsets = (r.offset for r in self.records(part) if r.timestamp_ms >= timestamp_ms)
            newer = next(offsets, None)
            if newer is None and part.record_count:
                break
            found = found if newer is None else newer
        return found

    def offset_after(self, topic: str, offset: int) -> int | None:  # noqa: ARG002  The port's.
        """Left open: the offsets follow the rule of the archived log."""
        return None

    def wait(self, timeout_s: float) -> None:
        """Just sleep: no record ever comes."""
        time.sleep(timeout_s)

    def append(self, topic: str, records: Sequence[NewRecord]) -> None:  # noqa: ARG002  The port's.
        self._refuse()

    def initialize(self, make: FirstRecords) -> None:  # noqa: ARG002  The port's.
        self._refuse()

    def leases(self, owner: str, shards: Sequence[int] | None = None) -> Leases:  # noqa: ARG002
        self._refuse()

    def owners(self) -> Mapping[int, str]:
        return {}

    def writer(self, lease: Lease) -> ShardWriter:  # noqa: ARG002  The port's.
        self._refuse()

    def take_over(self, name: str, owner: str) -> LeasedAppender:  # noqa: ARG002  The port's.
        self._refuse()

    def holder(self, name: str) -> str | None:  # noqa: ARG002  The port's.
        """No process writes to an archive."""
        return None

    def close(self) -> None:
        """Nothing is open between calls."""

    def records(self, part: Part) -> Iterator[Record]:
        """A file's records. Raises CorruptLogError if it does not have its digest."""
        try:
            with part.path.open("rb") as file:
                if part.path not in self._checked:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
                    if digest != part.digest:
                        raise damaged(part.path, f"its digest is {digest}, not {part.digest}")
                    self._checked.add(part.path)
                    file.seek(0)
                yield from decoded(file, part.path)
        except OSError as error:
            raise CorruptLogError(f"{part.path}: {error.strerror}; restore it") from error

    def _refuse(self) -> NoReturn:
        raise ArchiveError(f"{self._folder}: an archive is read and never written; name a log")


class ArchiveReader:
    """Reads a topic's files one after the other."""

    def __init__(self, log: ArchiveLog, name: str, parts: Sequence[Part], start: Start) -> None:
        """Raises CorruptLogError if the start lies outside the archive."""
        self._next = start
        self._records = (
            record
            for part in parts
            if part.next.offset > start.offset
            for record in log.records(part)
            if record.offset >= start.offset
        )
        self._held = next(self._records, None)
        first = parts[-1].next if parts else BEGINNING
        if self._held is not None:
            first = Start(self._held.offset, self._held.position)
        if first.position != start.position or not 0 <= start.offset <= first.offset:
            raise CorruptLogError(
                f"start at offset {start.offset}, position {start.position} of {name} lies outside "
                f"the archive, which has offset {first.offset}, position {first.position} there"
            )

    @property
    def next(self) -> Start:
        return self._next

    def read(self, max_records: int) -> Sequence[Record]:
        """Raises CorruptLogError if a file is not as it was written."""
        found: list[Record] = []
        while self._held is not None and len(found) < max_records:
            if self._held.position != self._next.position + len(found):
                raise CorruptLogError(f"position {self._held.position} follows in an archive")
            found.append(self._held)
            self._held = next(self._records, None)
        if found:
            self._next = Start(found[-1].offset + 1, found[-1].position + 1)
        return found

    def at_end(self) -> bool:
        return self._held is None

    def close(self) -> None:
        """Close the file."""
        self._records.close()
        self._held = None


def part_of(folder: Path, topic: str) -> Part:
    """A topic's part by its entry in the manifest. Raises CorruptLogError."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
        (found,) = (each for each in manifest["topics"] if each["topic"] == topic)
        return Part(
            topic,
            Start(*map(int, found["first"])),
            Start(*map(int, found["next"])),
            int(found["record_count"]),
            str(found["digest"]),
            folder / f"{topic}.records",
        )
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise damaged(folder / MANIFEST, f"{topic} is not in it ({error!r:.100})") from error


def decoded(file: BinaryIO, path: Path) -> Iterator[Record]:
    while head := file.read(_RECORD.size):
        try:
            offset, position, at_ms, key_size, headers_size, size = _RECORD.unpack(head)
        except struct.error as error:
            raise damaged(path, "it ends inside a record") from error
        key = None if key_size == NULL else file.read(key_size)
        headers = decoded_headers(file.read(headers_size)) if headers_size else ()
        yield Record(offset, position, at_ms, key, headers, file.read(size))


def decoded_headers(packed: bytes) -> Headers:
    found = []
    at = 0
    while at < len(packed):
        name_size, value_size = _HEADER.unpack_from(packed, at)
        value_at = at + _HEADER.size + name_size
        end = value_at + value_size
        found.append((packed[at + _HEADER.size : value_at].decode(), packed[value_at:end]))
        at = end
    return tuple(found)


def damaged(path: Path, what: str) -> CorruptLogError:
    return CorruptLogError(
        f"{path}: {what}. It was changed after it was written; restore it from a copy."
    )
