"""Copies of a log file: whole, while it is written to; or made of the records of another log.

SQLite's backup API copies all pages as they are at one moment, WAL included, and holds no writer
back. A copy appears at its path in one step. It has the log's id and no workers.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path

import apsw

from engine.log.embedded import identity
from engine.log.embedded.appending import INSERT
from engine.log.embedded.file import Database, create, pack_headers, span_of
from engine.log.port import (
    CorruptLogError,
    EngineError,
    Identity,
    LogUnavailableError,
    Record,
)

ROWS_A_TRANSACTION = 5_000


def copy(source: Path, target: Path) -> None:
    """Copy a log file as it is now. Raises EngineError where there is a file already.

    The source may lack its WAL: then the copy has what the file itself holds. Raises
    CorruptLogError if it is damaged, LogUnavailableError.
    """
    with _drafted(target) as draft:
        try:
            with closing(apsw.Connection(str(source))) as old:
                _copy_pages(old, draft)
        except (apsw.CorruptError, apsw.NotADBError) as error:
            raise CorruptLogError(f"{source}: {error}. No copy was made of it.") from error
        except apsw.Error as error:
            raise LogUnavailableError(
                f"{source} to {target}: {error}. No copy was made."
            ) from error


def _copy_pages(old: apsw.Connection, draft: Path) -> None:
    with closing(apsw.Connection(str(draft))) as new:
        with new.backup("main", old, "main") as pages:
            while not pages.done:
                pages.step(-1)  # All of them in one read transaction: a later write restarts none.
        new.execute("pragma journal_mode = delete")
        if not new.execute(identity.IS_MADE).fetchall():
            raise CorruptLogError(
                "the file holds no log with an id: it was copied without its WAL before any of "
                "its records were in it, or an early release wrote it. Open an early one once."
            )
        new.execute("update identity set has_wal = 0")
        new.execute("update lease set owner = null; delete from worker")


@contextmanager
def made(target: Path, partitions: int, named: Identity, origin: str) -> Iterator["Making"]:
    """A log of another log's records, with its id; it appears at the end.

    `origin` is the kind of that log, whose offsets the new one has.
    """
    with _drafted(target) as draft, closing(Database(draft, None)) as database:
        create(database, partitions, named.log_id or identity.new_id(), origin)
        yield Making(database)
        database.rows("pragma journal_mode = delete")


class Making:
    """A log file while it is filled."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, topic: str, partition: int, records: Iterable[Record]) -> None:
        """Write records with the offsets and positions that they have."""
        span = span_of(topic, partition)
        left = iter(records)
        while batch := list(islice(left, ROWS_A_TRANSACTION)):
            rows = [
                (span.first + offset, position, at_ms, key, pack_headers(headers), value)
                for offset, position, at_ms, key, headers, value in batch
            ]
            with self._database.transaction() as connection:
                connection.executemany(INSERT, rows)


@contextmanager
def _drafted(target: Path) -> Iterator[Path]:
    """A path beside the target, whose file becomes the target, and nothing is overwritten."""
    if target.exists():
        raise EngineError(f"{target} exists already. Nothing was written; give another path.")
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        yield draft
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        os.link(draft, target)  # Unlike a rename it replaces no file that has come meanwhile.
    finally:
        for suffix in ("", "-wal", "-shm", "-journal"):
            draft.with_name(draft.name + suffix).unlink(missing_ok=True)
