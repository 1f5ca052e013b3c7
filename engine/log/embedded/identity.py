"""A log file's identity: one row beside the records, and whether the file is whole by itself.

Records may be in the WAL alone, the file beside it. A copy without it lacks them, and nothing in
SQLite shows that. So the row says whether a WAL belongs to the file: the first transaction after
the file was whole sets `has_wal` and brings it into the file itself; the last process that closes
the log clears it, after which SQLite removes the WAL. A file that says so and has no WAL was copied
without it, or lost it. A process that is killed leaves both.

A file of an early release has no such row and gets one when it is opened.
"""

import secrets

import apsw

from engine.log.port import LogLeftError

ID_BYTES = 16
TABLE = """
create table if not exists identity (
    log_id text not null, left_for text not null, origin text not null, has_wal integer not null
);
"""
MADE = "insert into identity select ?, '', ?, 0 where not exists (select 1 from identity)"
READ = "select log_id, left_for from identity"
ORIGIN = "select origin from identity"
HAS_WAL = "select has_wal from identity"
IS_MADE = "select 1 from sqlite_schema where name = 'identity'"


def new_id() -> str:
    return secrets.token_hex(ID_BYTES)


def make(connection: apsw.Connection, log_id: str, origin: str = "") -> None:
    """Give the file an identity unless it has one. `origin` is the kind of log that it copies."""
    connection.execute(TABLE)
    connection.execute(MADE, (log_id, origin))


def leave(connection: apsw.Connection, name: str, for_id: str) -> None:
    """Raises LogLeftError if the log was left for another one."""
    ((_, left_for),) = connection.execute(READ).fetchall()
    if left_for not in ("", for_id):
        raise LogLeftError(
            f"{name} was left for log {left_for} before, and one log alone goes on from a close. "
            "Nothing was written."
        )
    connection.execute("update identity set left_for = ?", (for_id,))
