"""Open a vendor's file as lines: plain, or packed with gzip, zstd or zip, a block at a time.

A line is bounded, and so is what a packed file unpacks to (`files/unpacking.py`): one endless line
or endless empty ones cost a message and no memory. Bytes that are no UTF-8 are replaced and cost
their row alone.
"""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa

from engine.gateways.files.unpacking import (
    GZIP,
    Stream,
    Unpacked,
    UnpackingError,
    gunzipped,
    refuse_beyond,
)
from engine.gateways.imports.port import BadFieldError, ImportFailedError

LINE_CHARS_MAX = 4_000_000  # A snapshot of a deep book is one line; nothing is ten times that.


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that are not empty, with their numbers from 1. Raises ImportFailedError."""
    try:
        with _opened(path) as raw:
            text = io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace", newline="\n")
            number = 0
            while line := text.readline(LINE_CHARS_MAX):
                number += 1
                if len(line) == LINE_CHARS_MAX:
                    raise ImportFailedError(
                        f"{path}, line {number}: longer than {LINE_CHARS_MAX:,} characters; "
                        "this is no file of lines"
                    )
                line = line.rstrip("\r\n")
                if line:
                    yield number, line
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, pa.ArrowException) as error:
        raise ImportFailedError(
            f"{path} cannot be read: {error}. Fetch the file again, or unpack it yourself."
        ) from error
    except UnpackingError as error:
        raise ImportFailedError(str(error)) from error


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """The unpacked bytes; what packed them is known by the first bytes, not by the name."""
    with path.open("rb") as file:
        magic = file.read(4)
        file.seek(0)
        if magic.startswith(GZIP):
            yield _buffered(gunzipped(str(path), file))
        elif magic == b"\x28\xb5\x2f\xfd":
            yield _buffered(Unpacked(str(path), file, _zstd))
        elif magic == b"PK\x03\x04":
            with zipfile.ZipFile(file) as archive, archive.open(_only(path, archive)) as unpacked:
                yield cast("BinaryIO", unpacked)
        else:
            yield file


def _zstd(packed: io.BufferedReader) -> Stream:
    return cast("Stream", pa.CompressedInputStream(packed, "zstd"))


def _buffered(raw: Unpacked) -> BinaryIO:
    return cast("BinaryIO", io.BufferedReader(raw))


def _only(path: Path, archive: zipfile.ZipFile) -> str:
    names = [name for name in archive.namelist() if not name.endswith("/")]
    if len(names) != 1:
        raise ImportFailedError(
            f"{path}: found {len(names)} files in the archive, expected one. Unpack it, and give "
            "the files you mean."
        )
    # The size that it states is the most that is read of it.
    refuse_beyond(str(path), path.stat().st_size, archive.getinfo(names[0]).file_size)
    return names[0]


def fields(line: str) -> list[str]:
    """One line's fields; a line with a stray quotation mark has none."""
    if '"' not in line:
        return line.split(",")
    try:
        return next(csv.reader([line], strict=True))
    except csv.Error:
        return []


def table(path: Path) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The header of a table with one, and the fields of its rows. Raises ImportFailedError."""
    found = lines(path)
    first = next(found, None)
    if first is None:
        raise ImportFailedError(f"{path} is empty; expected a header line and rows")
    return fields(first[1]), ((number, fields(line)) for number, line in found)


def by_name(header: Sequence[str], row: Sequence[str]) -> dict[str, str]:
    """A row's fields by the header's names. Raises BadFieldError."""
    if len(row) == len(header):
        return dict(zip(header, row, strict=True))
    raise BadFieldError("row", ",".join(row), f"{len(header)} fields, as the header")


def require(path: Path, header: Sequence[str], wanted: Sequence[str]) -> None:
    """Refuse a file that lacks columns. Raises ImportFailedError."""
    missing = [name for name in wanted if name not in header]
    if missing:
        raise ImportFailedError(
            f"{path}, line 1: no column {', '.join(missing)}; found {','.join(header)[:200]}. "
            "Is it the file of another format or schema?"
        )


def columns(
    path: Path, header: Sequence[str], wanted: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """The header's own name of each wanted column, by its usual names in any case.

    Raises ImportFailedError.
    """
    by_name = {name.strip().lower(): name for name in reversed(header)}
    found = {
        wish: next((by_name[name] for name in names if name in by_name), "")
        for wish, names in wanted.items()
    }
    missing = [" or ".join(wanted[wish]) for wish, name in found.items() if not name]
    if missing:
        raise ImportFailedError(
            f"{path}, line 1: no column {'; no column '.join(missing)}; found "
            f"{','.join(header)[:200]}. Give a header line with these names."
        )
    return found
