"""Order files: CSV or JSON lines in, records of `orders` out, and nothing lost on the way.

Every physical line is a row. A row that cannot be read is named by its line, and its text goes to
`<file>.rejected.jsonl` beside the file, with the reason, so that it can be corrected and sent
again. The other rows are sent: none depends on its neighbours.
"""

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from engine.gateways.input_records import first_number, record
from engine.gateways.orders.tickets import COLUMNS, Ticket, TicketError, TicketEvent, parse
from engine.log.port import EngineError, Log, NewRecord

LINE_BYTES_MAX = 65_536
APPEND_RECORDS = 500  # Records appended at once; a rejected line costs nothing.
JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")
REQUIRED_COLUMNS = ("source", "cl_ord_id", "instrument_id")


class OrderFileError(EngineError):
    """The file as a whole cannot be read."""


class Line(NamedTuple):
    """One row: its ticket, or why it has none."""

    number: int  # Line of the file, from 1.
    text: str  # As in the file.
    ticket: Ticket | None
    error: str  # Empty if there is a ticket.


class Submitted(NamedTuple):
    """The outcome of a file."""

    appended: int  # Records now in the log.
    rejected: tuple[Line, ...]  # Lines that are in no record.
    rejects_file: Path | None  # The file that holds them; None if there are none.


def read(path: Path) -> Iterator[Line]:
    """The rows of a CSV file, or of a file of JSON objects, one a line.

    Raises OrderFileError if there is no such file or its header is wrong.
    """
    try:
        with path.open("rb") as lines:
            yield from _json_rows(lines) if path.suffix in JSON_SUFFIXES else _rows(path, lines)
    except OSError as error:
        raise OrderFileError(
            f"{path}: cannot be read ({error.strerror}); give the path of a CSV or JSONL file."
        ) from None


def rejects_file(path: Path) -> Path:
    """The file for the lines that could not be read."""
    return path.with_name(path.name + ".rejected.jsonl")


def submit(
    log: Log,
    path: Path,
    clock_ns: Callable[[], int],
    progress: Callable[[int], None] | None = None,
) -> Submitted:
    """Append a file's tickets to `orders`, in order; write unreadable lines beside it.

    Raises OrderFileError or LogUnavailableError; the records appended before stay, and a second
    submission of the same file is safe: the engine takes each (source, cl_ord_id) once a day.
    """
    rejected: list[Line] = []
    appended = 0
    waiting: list[NewRecord] = []
    number = first_number(clock_ns())
    for line in read(path):
        if line.ticket is None:
            rejected.append(line)
        else:
            now_ns = clock_ns()
            event = line.ticket.to_event(now_ns)
            waiting.append(order_record(event, number + line.number, now_ns, log.partitions))
        if len(waiting) == APPEND_RECORDS:
            log.append("orders", waiting)
            appended += len(waiting)
            waiting.clear()
        if progress:
            progress(line.number)
    if waiting:
        log.append("orders", waiting)
        appended += len(waiting)
    return Submitted(appended, tuple(rejected), _write_rejects(path, rejected))


def order_record(event: TicketEvent, number: int, at_ns: int, partitions: int) -> NewRecord:
    """The record of one request."""
    return record(
        event,
        event.instrument_id,
        sender=event.source,
        number=number,
        at_ns=at_ns,
        partitions=partitions,
    )


def _write_rejects(path: Path, rejected: list[Line]) -> Path | None:
    file = rejects_file(path)
    if not rejected:
        file.unlink(missing_ok=True)  # Of an earlier try.
        return None
    with file.open("wb") as out:
        for line in rejected:
            kept = {"line": line.number, "error": line.error, "text": line.text}
            out.write(orjson.dumps(kept) + b"\n")
    return file


def _rows(path: Path, lines: Iterable[bytes]) -> Iterator[Line]:
    header: list[str] | None = None
    for number, raw in enumerate(lines, 1):
        shown, error = _decoded(raw, first=number == 1)
        if header is None:
            header = _header(path, shown, error)
        elif error:
            yield Line(number, shown, None, error)
        elif shown.strip():
            yield _row(number, shown, header)
    if header is None:
        raise OrderFileError(f"{path}: empty, expected a header such as {','.join(COLUMNS)}")


def _header(path: Path, shown: str, error: str) -> list[str]:
    try:
        names = [x.strip() for x in next(csv.reader([shown], strict=True), [])]
    except csv.Error as found:
        names, error = [], error or str(found)
    unknown = [x for x in names if x not in COLUMNS]
    missing = [x for x in REQUIRED_COLUMNS if x not in names]
    twice = sorted({x for x in names if names.count(x) > 1})
    wrong = [
        *([error] if error else []),
        *([f"unknown columns {', '.join(map(repr, unknown))}"] if unknown else []),
        *([f"no column {', '.join(missing)}"] if missing else []),
        *([f"columns {', '.join(twice)} appear twice"] if twice else []),
    ]
    if wrong:
        raise OrderFileError(
            f"{path}, line 1: {'; '.join(wrong)}; expected a header of {', '.join(COLUMNS)}"
        )
    return names


def _row(number: int, shown: str, header: list[str]) -> Line:
    try:
        cells = next(csv.reader([shown], strict=True))
    except csv.Error as error:
        return Line(number, shown, None, f"not CSV: {error}; a row is one line")
    if len(cells) != len(header):
        return Line(
            number, shown, None, f"found {len(cells)} cells, expected {len(header)} as in line 1"
        )
    return _ticket(number, shown, dict(zip(header, map(str.strip, cells), strict=True)))


def _json_rows(lines: Iterable[bytes]) -> Iterator[Line]:
    for number, raw in enumerate(lines, 1):
        shown, error = _decoded(raw, first=number == 1)
        if error:
            yield Line(number, shown, None, error)
        elif shown.strip():
            yield _json_row(number, shown)


def _json_row(number: int, shown: str) -> Line:
    try:
        row = json.loads(shown, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        return Line(number, shown, None, f"not JSON: {error}")
    if not isinstance(row, dict):
        return Line(number, shown, None, "expected one JSON object a line")
    return _ticket(number, shown, row)


def _no_number(word: str) -> object:
    raise ValueError(f"{word} is no number")


def _decoded(raw: bytes, *, first: bool) -> tuple[str, str]:
    if len(raw) > LINE_BYTES_MAX:
        shown = raw.decode(errors="backslashreplace").rstrip("\r\n")
        return shown, f"{len(raw)} bytes, expected {LINE_BYTES_MAX} at most in a line"
    try:
        return raw.decode("utf-8-sig" if first else "utf-8").rstrip("\r\n"), ""
    except UnicodeDecodeError as error:
        shown = raw.decode(errors="backslashreplace").rstrip("\r\n")
        return shown, f"not UTF-8 at byte {error.start}; save the file as UTF-8"


def _ticket(number: int, shown: str, row: dict[str, Any]) -> Line:
    try:
        return Line(number, shown, parse(row), "")
    except TicketError as error:
        return Line(number, shown, None, str(error))
