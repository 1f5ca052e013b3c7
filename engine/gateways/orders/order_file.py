"""Order files: CSV or JSON lines in, records of `orders` out, and nothing lost on the way.

Every physical line is a row. A row that cannot be read is named by its line, and its text goes to
`<file>.rejected.jsonl` beside the file, with the reason, so that it can be corrected and sent
again. The other rows are sent: none depends on its neighbours. Rows are read, sent and kept one
after the other, so a file may have any number of them.

A table's header says how it is separated, by commas, semicolons, tabs or bars, in letters of any
case. A missing column is the header's fault and is said of it.
"""

import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from engine.gateways.files import text_lines
from engine.gateways.files.text_lines import STDIN, TextLine
from engine.gateways.input_records import first_number, record
from engine.gateways.orders.rejected_lines import RejectedLines
from engine.gateways.orders.tickets import COLUMNS, Ticket, TicketError, TicketEvent, parse
from engine.log.port import EngineError, Log, NewRecord

APPEND_RECORDS = 500  # Records appended at once; a rejected line costs nothing.
SHOWN_LINES = 20  # Rejected lines kept in memory; the file holds all of them.
JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")
REQUIRED_COLUMNS = ("source", "cl_ord_id", "instrument_id")
SEPARATORS = (",", ";", "\t", "|")  # Of equals the earlier one.
MISSING = re.compile(r"\b(\w+): missing, expected a value")
LIST_COLUMN = "excluded_venues"


class OrderFileError(EngineError):
    """The file as a whole cannot be read."""


class Line(NamedTuple):
    """One row: its ticket, or why it has none."""

    number: int  # Line of the file, from 1.
    text: str  # As in the file.
    ticket: Ticket | None
    error: str  # Empty if there is a ticket.


@dataclass(slots=True)
class Submitted:
    """The outcome of a file."""

    appended: int = 0  # Records now in the log.
    rejected_count: int = 0  # Lines that are in no record.
    rejected: tuple[Line, ...] = ()  # The first of them.
    rejects_file: Path | None = None  # The file that holds all of them; None if there are none.
    reasons: Counter[str] = field(default_factory=Counter)  # Of the rejected lines.

    def reject(self, line: Line) -> None:
        self.rejected_count += 1
        self.reasons[reason_of(line.error)] += 1
        if len(self.rejected) < SHOWN_LINES:
            self.rejected += (line,)


def read(path: Path) -> Iterator[Line]:
    """The rows of a CSV file, or of a file of JSON objects, one a line; `-` is standard input.

    Raises OrderFileError if there is no such file, its header is wrong, or it has no row.
    """
    count = 0
    try:
        with text_lines.opened(path) as file:
            is_json = path.with_suffix("") if path.suffix == ".gz" else path
            if is_json.suffix in JSON_SUFFIXES or file.head.lstrip().startswith("{"):
                rows = _json_rows(file.lines)
            else:
                rows = _rows(path, file.lines)
            for line in rows:
                count += 1
                yield line
    except text_lines.TextFileError as error:
        raise OrderFileError(str(error)) from error
    if not count:
        raise OrderFileError(f"{path}: found no row, expected one ticket a line; nothing was sent")


def rejects_file(path: Path) -> Path:
    """The file for the lines that could not be read."""
    name = "stdin" if path == STDIN else path.name
    return path.with_name(f"{name}.rejected.jsonl")


def reason_of(error: str) -> str:
    """The kind of an error: its field or first words, without the numbers of the line."""
    return re.sub(r"\d+", "N", error.partition(":")[0])


def submit(
    log: Log,
    path: Path,
    clock_ns: Callable[[], int],
    progress: Callable[[int], None] | None = None,
    before: Callable[[Sequence[TicketEvent]], None] = lambda _: None,
) -> Submitted:
    """Append a file's tickets to `orders`, in order; write unreadable lines beside it.

    `before` is given the requests that are appended next. Raises OrderFileError or
    LogUnavailableError; the records appended before stay, and a second submission of the same file
    is safe: the engine takes each (source, cl_ord_id) once a day.
    """
    done = Submitted()
    waiting: list[tuple[TicketEvent, NewRecord]] = []
    number = first_number(clock_ns())

    def send() -> None:
        before([event for event, _ in waiting])
        log.append("orders", [record for _, record in waiting])
        done.appended += len(waiting)
        waiting.clear()

    with RejectedLines(rejects_file(path)) as kept:
        for line in read(path):
            if line.ticket is None:
                done.reject(line)
                kept.add(line.number, line.error, line.text)
            else:
                now_ns = clock_ns()
                event = line.ticket.to_event(now_ns)
                made = order_record(event, number + line.number, now_ns, log.partitions)
                waiting.append((event, made))
            if len(waiting) == APPEND_RECORDS:
                send()
            if progress:
                progress(line.number)
        if waiting:
            send()
    done.rejects_file = kept.path if done.rejected_count else None
    return done


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


# ------------------------------------------------------------------------------ tables


class Header(NamedTuple):
    """The columns of a table, and what separates them."""

    columns: list[str]
    separator: str


def _rows(path: Path, lines: Iterable[TextLine]) -> Iterator[Line]:
    header: Header | None = None
    for number, shown, error in lines:
        if header is None:
            header = _header(path, shown, error)
        elif error:
            yield Line(number, shown, None, error)
        elif shown.strip():
            yield _row(number, shown, header)
    if header is None:
        raise OrderFileError(f"{path}: empty, expected a header such as {','.join(COLUMNS)}")


def _header(path: Path, shown: str, error: str) -> Header:
    found = [Header(_names(shown, separator), separator) for separator in SEPARATORS]
    header = max(found, key=lambda x: sum(name in COLUMNS for name in x.columns))
    names = header.columns
    unknown = [x for x in names if x not in COLUMNS]
    missing = [x for x in REQUIRED_COLUMNS if x not in names]
    twice = sorted({x for x in names if names.count(x) > 1})
    if names and len(unknown) == len(names) and not error:
        error = "no header, as none of its cells names a column"
    wrong = [
        *([error] if error else []),
        *([f"unknown columns {', '.join(map(repr, unknown))}"[:500]] if unknown else []),
        *([f"no column {', '.join(missing)}"] if missing else []),
        *([f"columns {', '.join(twice)} appear twice"] if twice else []),
    ]
    if wrong:
        raise OrderFileError(
            f"{path}, line 1: {'; '.join(wrong)}; expected a header of {', '.join(COLUMNS)}"
        )
    return header


def _names(shown: str, separator: str) -> list[str]:
    try:
        cells = next(csv.reader([shown], strict=True, delimiter=separator), [])
    except csv.Error:
        return []
    return ["_".join(x.lower().split()) for x in cells]


def _row(number: int, shown: str, header: Header) -> Line:
    try:
        cells = next(csv.reader([shown], strict=True, delimiter=header.separator))
    except csv.Error as found:
        return Line(number, shown, None, f"not CSV: {found}; a row is one line")
    names = header.columns
    if len(cells) != len(names):
        error = f"found {len(cells)} cells, expected {len(names)} as in line 1"
        if len(cells) > len(names) and header.separator == "," and LIST_COLUMN in names:
            error += f"; venues in {LIST_COLUMN} are separated by semicolons, as in N;T"
        return Line(number, shown, None, error)
    line = _ticket(number, shown, dict(zip(names, map(str.strip, cells), strict=True)))
    absent = [x for x in MISSING.findall(line.error) if x not in names]
    if not absent:
        return line
    error = MISSING.sub(lambda x: _blamed(x, absent), line.error)
    return line._replace(error=error)


def _blamed(found: re.Match[str], absent: Sequence[str]) -> str:
    """A missing value is the header's fault where it has no such column."""
    return f"{found[1]}: no such column in line 1; add it" if found[1] in absent else found[0]


# ------------------------------------------------------------------------------ JSON


def _json_rows(lines: Iterable[TextLine]) -> Iterator[Line]:
    for number, shown, error in lines:
        if error:
            yield Line(number, shown, None, error)
        elif shown.strip():
            yield _json_row(number, shown)


def _json_row(number: int, shown: str) -> Line:
    try:
        row = json.loads(
            shown, parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_each_once
        )
    except (ValueError, RecursionError) as error:
        return Line(number, shown, None, f"not JSON: {error}")
    if not isinstance(row, dict):
        return Line(number, shown, None, "expected one JSON object a line")
    return _ticket(number, shown, row)


def _no_number(word: str) -> object:
    raise ValueError(f"{word} is no number")


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object with its keys; two values of one key leave open which is meant."""
    found = dict(pairs)
    if len(found) != len(pairs):
        counts = Counter(key for key, _ in pairs)
        twice = [key for key, count in counts.items() if count > 1]
        raise ValueError(f"key {twice[0]!r:.60} is there twice; leave one of them out")
    return found


def _ticket(number: int, shown: str, row: dict[str, Any]) -> Line:
    try:
        return Line(number, shown, parse(row), "")
    except TicketError as error:
        return Line(number, shown, None, str(error))
