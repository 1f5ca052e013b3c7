"""The content of a packed file, as long as it is not absurdly more than the file itself.

A packed file is untrusted: a megabyte of it can unpack to a gigabyte of one letter, or to empty
lines for hours. Tables unpack to some ten times their size; what goes far beyond that is refused on
the way, before it fills a memory or a disk.
"""

import gzip
import io
from collections.abc import Callable
from typing import Any, BinaryIO, Protocol

from engine.log.port import EngineError

GZIP = b"\x1f\x8b"
UNPACKED_RATIO_MAX = 100  # Deflate can reach 1,032, and zstd any number.
UNPACKED_BYTES_FREE = 16_777_216  # A small file may have any ratio.


class UnpackingError(EngineError):
    """A file unpacks to more than any table does; names it and the way out."""


class Stream(Protocol):
    """An unpacker that is read; it may give less than is asked for."""

    def read(self, size: int, /) -> bytes: ...


Unpacker = Callable[[io.BufferedReader], Stream]


def refuse_beyond(name: str, packed_bytes: int, unpacked_bytes: int) -> None:
    """Refuse so many bytes out of so many. Raises UnpackingError."""
    if unpacked_bytes > UNPACKED_BYTES_FREE + UNPACKED_RATIO_MAX * packed_bytes:
        raise UnpackingError(
            f"{name}: unpacks to more than {UNPACKED_RATIO_MAX} times its size, as no "
            "table does. If it is what you mean, unpack it first and give that file."
        )


class _Counted(io.RawIOBase):
    """A packed file that counts what was read of it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.bytes_read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  Any buffer of bytes.
        found = self._file.read(len(buffer))
        buffer[: len(found)] = found
        self.bytes_read += len(found)
        return len(found)


class Unpacked(io.RawIOBase):
    """The bytes that `unpack` makes of a packed file; beyond the bound it raises UnpackingError."""

    def __init__(self, name: str, file: BinaryIO, unpack: Unpacker) -> None:
        self._name = name
        self._packed = _Counted(file)
        self._unpacked = unpack(io.BufferedReader(self._packed))
        self._bytes_made = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  Any buffer of bytes.
        found = self._unpacked.read(len(buffer))
        self._bytes_made += len(found)
        refuse_beyond(self._name, self._packed.bytes_read, self._bytes_made)
        buffer[: len(found)] = found
        return len(found)


def gunzipped(name: str, file: BinaryIO) -> Unpacked:
    """The content of a gzip file. Raises UnpackingError, gzip.BadGzipFile, EOFError, zlib.error."""
    return Unpacked(name, file, lambda packed: gzip.GzipFile(fileobj=packed))
