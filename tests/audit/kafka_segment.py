"""A stopped broker's files, read and written as whoever owns its disk would.

A partition is a row of record batches (magic 2), cut into segments. A batch is a header, then its
records, whose offsets and times are differences from the header's; all of it after the checksum is
covered by that (CRC-32C). `Partition.write` states every length, count and checksum anew and drops
what the broker derives from a segment, so that it starts on what it finds: to it the log is whole.
"""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, Self

from engine.log.port import Headers

HEADER = struct.Struct(">qiibIhiqqqhii")
CHECKED = struct.Struct(">hiqqqhii")  # The part of the header that the checksum covers.
LENGTH_FROM = 12  # The stated length counts from here, the checksum's cover begins at 21.
COVER_FROM = 21
MAGIC = 2
CONTROL = 0x20  # A marker: committed or aborted. Not for readers.
COMPRESSED = 0x07
DERIVED = (".index", ".timeindex", ".txnindex", ".snapshot")
CASTAGNOLI = 0x82F63B78


def _crc_table() -> tuple[int, ...]:
    found = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (CASTAGNOLI if crc & 1 else 0)
        found.append(crc)
    return tuple(found)


TABLE = _crc_table()


def crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


class Stored(NamedTuple):
    """One record of a batch."""

    offset: int
    timestamp_ms: int
    key: bytes | None
    headers: Headers
    value: bytes | None


@dataclass(frozen=True)
class Batch:
    """Records that one call of a producer wrote to a partition, or a marker."""

    epoch: int  # Of the partition's leader.
    attributes: int
    producer: tuple[int, int, int]  # Its id, epoch and first sequence number.
    records: tuple[Stored, ...]
    base_offset: int
    last_offset: int

    @property
    def is_marker(self) -> bool:
        return bool(self.attributes & CONTROL)

    def moved(self, by: int) -> Self:
        """The same, so many offsets later."""
        return replace(
            self,
            base_offset=self.base_offset + by,
            last_offset=self.last_offset + by,
            records=tuple(r._replace(offset=r.offset + by) for r in self.records),
        )

    def encoded(self) -> bytes:
        base_ms = self.records[0].timestamp_ms
        records = b"".join(_record(r, self.base_offset, base_ms) for r in self.records)
        checked = CHECKED.pack(
            self.attributes,
            self.last_offset - self.base_offset,
            base_ms,
            max(record.timestamp_ms for record in self.records),
            *self.producer,
            len(self.records),
        )
        body = checked + records
        length = COVER_FROM - LENGTH_FROM + len(body)
        front = struct.pack(">qiibI", self.base_offset, length, self.epoch, MAGIC, crc32c(body))
        return front + body


class Partition:
    """All segments of a partition, written back as one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        data = b"".join(path.read_bytes() for path in sorted(folder.glob("*.log")))
        self.batches = _batches(data)

    @property
    def records(self) -> list[Stored]:
        """Records that a reader gets."""
        return [r for batch in self.batches if not batch.is_marker for r in batch.records]

    def replace_record(self, at: int, make: Callable[[Stored], Sequence[Stored]]) -> None:
        """Put others in the place of the record at a position; all later offsets follow."""
        number, at = self._place_of(at)
        batch = self.batches[number]
        old = batch.records[at]
        new = make(old)
        by = len(new) - 1
        before, after = batch.records[:at], batch.records[at + 1 :]
        records = (
            *before,
            *(record._replace(offset=old.offset + n) for n, record in enumerate(new)),
            *(record._replace(offset=record.offset + by) for record in after),
        )
        changed = replace(batch, records=records, last_offset=batch.last_offset + by)
        self.batches[number:] = [
            *([changed] if records else []),
            *(later.moved(by) for later in self.batches[number + 1 :]),
        ]

    def _place_of(self, at: int) -> tuple[int, int]:
        """The batch of a record and its place in that."""
        for number, batch in enumerate(self.batches):
            count = 0 if batch.is_marker else len(batch.records)
            if at < count:
                return number, at
            at -= count
        raise IndexError(at)

    def write(self) -> None:
        """The first offset that is left becomes the partition's first."""
        for path in sorted(self._folder.iterdir()):
            if path.suffix in (".log", *DERIVED):
                path.unlink()
        first = self.batches[0].base_offset if self.batches else 0
        data = b"".join(batch.encoded() for batch in self.batches)
        (self._folder / f"{first:020}.log").write_bytes(data)


# -------------------------------------------------------------------------------- the bytes


def _batches(data: bytes) -> list[Batch]:
    found, at = [], 0
    while at < len(data):
        header = HEADER.unpack_from(data, at)
        base_offset, length, epoch, magic, crc, attributes, last_delta, base_ms = header[:8]
        producer, count = header[9:12], header[12]
        end = at + LENGTH_FROM + length
        assert magic == MAGIC, f"a batch of magic {magic}"
        assert not attributes & COMPRESSED, "the engine writes no compressed batches"
        assert crc == crc32c(data[at + COVER_FROM : end]), "our checksum is not the broker's"
        records, place = [], at + HEADER.size
        for _ in range(count):
            size, place = _varint(data, place)
            records.append(_stored(data[place : place + size], base_offset, base_ms))
            place += size
        assert place == end
        last_offset = base_offset + last_delta
        batch = Batch(epoch, attributes, producer, tuple(records), base_offset, last_offset)
        assert batch.encoded() == data[at:end], "what is written back is what was read"
        found.append(batch)
        at = end
    return found


def _stored(data: bytes, base_offset: int, base_ms: int) -> Stored:
    delta_ms, at = _varint(data, 1)  # The first byte is for attributes that nobody has yet.
    offset_delta, at = _varint(data, at)
    key, at = _text(data, at)
    value, at = _text(data, at)
    count, at = _varint(data, at)
    headers = []
    for _ in range(count):
        name, at = _text(data, at)
        content, at = _text(data, at)
        assert name is not None
        assert content is not None
        headers.append((name.decode(), content))
    return Stored(base_offset + offset_delta, base_ms + delta_ms, key, tuple(headers), value)


def _record(record: Stored, base_offset: int, base_ms: int) -> bytes:
    headers = b"".join(_of_text(n.encode()) + _of_text(content) for n, content in record.headers)
    body = b"".join(
        (
            b"\0",
            _of_varint(record.timestamp_ms - base_ms),
            _of_varint(record.offset - base_offset),
            _of_text(record.key),
            _of_text(record.value),
            _of_varint(len(record.headers)),
            headers,
        )
    )
    return _of_varint(len(body)) + body


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A zigzag number and where the next thing begins."""
    shift = number = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return (number >> 1) ^ -(number & 1), at


def _of_varint(number: int) -> bytes:
    left = number << 1 if number >= 0 else (-number << 1) - 1
    found = bytearray()
    while left > 0x7F:
        found.append(left & 0x7F | 0x80)
        left >>= 7
    found.append(left)
    return bytes(found)


def _text(data: bytes, at: int) -> tuple[bytes | None, int]:
    size, at = _varint(data, at)
    return (None, at) if size < 0 else (data[at : at + size], at + size)


def _of_text(text: bytes | None) -> bytes:
    return _of_varint(-1) if text is None else _of_varint(len(text)) + text
