"""The lines of a text file as people have it: packed or not, in the encodings of this world.

A file comes from a spreadsheet, another system or a pipe (`-` is standard input). Gzip, the byte
order marks of UTF-8 and UTF-16, and the three kinds of line ends are known by their first bytes,
not by a name. What is known and cannot be read, such as a workbook, is refused with its name and
the way out.

A file is untrusted. No more of it is in memory than one line of at most `KEPT_BYTES_MAX`, and what
a gzip file unpacks to is bounded (`unpacking.py`).
"""

import codecs
import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from engine.gateways.files.unpacking import GZIP, UnpackingError, gunzipped
from engine.log.port import EngineError

STDIN = Path("-")
HEAD_BYTES = 65_536  # Enough to see the encoding and the first line end.
LINE_BYTES_MAX = 65_536
KEPT_BYTES_MAX = 1_048_576  # Of a line that is too long, to show it.

# First bytes of files that are no text: what they are, and what to do.
FOREIGN = {
    b"PK\x03\x04": "a ZIP archive, such as an Excel workbook; save it as CSV in UTF-8",
    b"\xd0\xcf\x11\xe0": "an Excel workbook; save it as CSV in UTF-8",
    b"BZh": "packed with bzip2; unpack it, or pack it with gzip",
    b"\xfd7zXZ": "packed with xz; unpack it, or pack it with gzip",
    b"\x28\xb5\x2f\xfd": "packed with zstd; unpack it, or pack it with gzip",
    b"PAR1": "a Parquet file; write it as CSV",
    b"%PDF": "a PDF; save it as CSV in UTF-8",
    codecs.BOM_UTF32_LE: "text in UTF-32; save it as UTF-8",
}


class TextFileError(EngineError):
    """The file as a whole cannot be read; names what it is and the way out."""


class TextLine(NamedTuple):
    """One line without its end, or why it cannot be read."""

    number: int  # Of the file, from 1.
    text: str  # Of bytes that are no text, their names.
    error: str  # Empty if it can be read.


class TextFile(NamedTuple):
    """An opened file: the start of its text, and all its lines."""

    head: str
    lines: Iterator[TextLine]


@contextmanager
def opened(path: Path) -> Iterator[TextFile]:
    """A file's text. Raises TextFileError if there is none, and also while lines are read."""
    name = "standard input" if path == STDIN else str(path)
    try:
        with ExitStack() as stack:
            yield _text_file(name, stack.enter_context(_bytes_of(path)), stack)
    except OSError as error:
        if isinstance(error, gzip.BadGzipFile):
            raise _damaged(name, error) from error
        raise TextFileError(
            f"{name}: cannot be read ({error.strerror}); give the path of a CSV or JSONL file."
        ) from None
    except (EOFError, zlib.error) as error:
        raise _damaged(name, error) from error
    except UnpackingError as error:
        raise TextFileError(str(error)) from error


def _bytes_of(path: Path) -> io.BufferedReader:
    if path == STDIN:  # By its number, so that no other reader of it is closed.
        return io.BufferedReader(io.FileIO(sys.stdin.fileno(), closefd=False), HEAD_BYTES)
    return io.BufferedReader(path.open("rb", buffering=0), HEAD_BYTES)


def _damaged(name: str, error: Exception) -> TextFileError:
    return TextFileError(f"{name}: damaged, {error}. Fetch the file again.")


def _text_file(name: str, file: io.BufferedReader, stack: ExitStack) -> TextFile:
    head = file.peek(HEAD_BYTES)
    if head.startswith(GZIP):
        file = io.BufferedReader(gunzipped(name, file), HEAD_BYTES)
        head = file.peek(HEAD_BYTES)
    for start, what in FOREIGN.items():
        if head.startswith(start):
            raise TextFileError(f"{name}: found {what}.")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = head[: len(head) // 2 * 2].decode("utf-16", errors="replace")
        ends = _line_end(text)
        wide = io.TextIOWrapper(file, "utf-16", errors="backslashreplace", newline=ends)
        return TextFile(text, _characters(_lines(stack.enter_context(wide))))
    if b"\0" in head[:LINE_BYTES_MAX].split(b"\n")[0]:
        raise TextFileError(
            f"{name}: found NUL bytes in line 1, as in UTF-16 without its mark; save it as UTF-8."
        )
    text = head.decode("utf-8-sig", errors="replace")
    if _line_end(text) == "\n":
        return TextFile(text, _decoded(_limited(file)))
    # Latin-1 keeps every byte as it is; only the line ends are sought.
    old = io.TextIOWrapper(file, "latin-1", newline="\r")
    lines = _lines(stack.enter_context(old))
    return TextFile(text, _decoded(line.encode("latin-1") for line in lines))


def _line_end(text: str) -> str:
    """A lone carriage return ends lines only where no line feed does; the last one may be half."""
    return "\r" if "\r" in text[:-1] and "\n" not in text else "\n"


def _lines(file: io.TextIOWrapper) -> Iterator[str]:
    while line := file.readline(KEPT_BYTES_MAX):
        yield line


def _limited(file: io.BufferedReader) -> Iterator[bytes]:
    """Lines with their ends; of a longer one its start, the rest is passed over."""
    while line := file.readline(KEPT_BYTES_MAX):
        yield line
        while len(line) == KEPT_BYTES_MAX and not line.endswith(b"\n"):
            line = file.readline(KEPT_BYTES_MAX)


def _named(number: int, shown: str, error: str) -> TextLine:
    return TextLine(number, shown.rstrip("\r\n"), error)


def _characters(lines: Iterator[str]) -> Iterator[TextLine]:
    for number, line in enumerate(lines, 1):
        yield _named(number, line, _too_long(len(line)))


def _decoded(lines: Iterator[bytes]) -> Iterator[TextLine]:
    for number, raw in enumerate(lines, 1):
        error = _too_long(len(raw))
        try:
            shown = raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as found:
            shown = raw.decode(errors="backslashreplace")
            error = error or f"not UTF-8 at byte {found.start}; save the file as UTF-8"
        yield _named(number, shown, error)


def _too_long(size: int) -> str:
    if size <= LINE_BYTES_MAX:
        return ""
    return f"{size} bytes, expected {LINE_BYTES_MAX} at most in a line"
