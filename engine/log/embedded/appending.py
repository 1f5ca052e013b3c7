"""Records of input topics as rows, written in one transaction."""

from collections.abc import Callable, Sequence

import apsw

from engine.log.embedded import identity
from engine.log.embedded.file import Database, End, Rows, Span, end_of, pack_headers
from engine.log.port import CommitUnknownError, Identity, LogUnavailableError, NewRecord

INSERT = "insert into record values (?, ?, ?, ?, ?, ?)"

Batches = Sequence[tuple[Span, Sequence[NewRecord]]]


def permitted(_: apsw.Connection) -> None:
    """Any process may append."""


def append_inputs(
    database: Database, batches: Batches, check: Callable[[apsw.Connection], None] = permitted
) -> None:
    """All records or none, on the disk when this returns.

    `check` raises where none may be. Raises LogLeftError where another log goes on from this one.
    """
    try:
        with database.transaction() as connection:
            Identity(*database.rows(identity.READ)[0]).require_at_work(str(database.path))
            check(connection)
            for span, batch in batches:
                end = end_of(database, span, marker=False)
                connection.executemany(INSERT, insertable(span, end, batch))
    except CommitUnknownError as error:
        raise LogUnavailableError(
            f"{error} Append the same records again: the engine drops duplicates."
        ) from error


def insertable(span: Span, end: End, batch: Sequence[NewRecord]) -> Rows:
    record_id, position = span.first + end.offset, end.position
    return [
        (record_id + n, position + n, at_ms, key, pack_headers(headers), value)
        for n, (_, at_ms, key, headers, value) in enumerate(batch)
    ]
