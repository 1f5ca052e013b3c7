"""Leases by name of the embedded log: a row for each name, checked in the append's transaction.

A name is taken at once, also from a process that lives, because the epoch keeps the two apart: an
append checks it while it holds the file's write lock, so an older holder writes before the newer
one has the name, or never. Whether a holder lives is for one that would rather wait for it.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

import apsw

from engine.core.units import NS_PER_MS, NS_PER_S
from engine.log.embedded.appending import Batches, append_inputs
from engine.log.embedded.file import Database
from engine.log.embedded.leases import LEASE_TIMEOUT_NS, RENEWALS, Worker, this_process
from engine.log.port import LeaseLostError, NewRecord

# Made when a name is first taken: an older release leaves a table alone that it does not know.
TABLE = """
create table if not exists name (
    name text primary key,
    owner text not null,
    epoch integer not null,
    host text not null,
    pid integer not null,
    started text not null,
    expires_ns integer not null  -- By the machine's monotonic clock; 0: it was given back.
) without rowid
"""
IS_THERE = "select 1 from sqlite_schema where name = 'name'"
EPOCH = "select epoch from name where name = ?"
HELD = "select 1 from name where name = ? and epoch = ?"
TAKE = "insert or replace into name values (?, ?, ?, ?, ?, ?, ?)"
EXPIRE = "update name set expires_ns = ? where name = ? and epoch = ?"
HOLDER = "select owner, host, pid, started, expires_ns from name where name = ?"


class EmbeddedAppender:
    """The holder of a name, until another process takes it over."""

    def __init__(
        self,
        database: Database,
        name: str,
        owner: str,
        batches: Callable[[str, Sequence[NewRecord]], Batches],
        timeout_ms: int | None = None,
    ) -> None:
        """`timeout_ms` None is LEASE_TIMEOUT_NS."""
        self._timeout_ns = timeout_ms * NS_PER_MS if timeout_ms else LEASE_TIMEOUT_NS
        self._database = database
        self._name = name
        self._owner = owner
        self._batches = batches
        self._epoch = self._take()
        self._renew_s = self._next_renewal_s()

    def append(self, topic: str, records: Sequence[NewRecord]) -> None:
        """Raises ValueError for a topic or partition that inputs do not have."""
        append_inputs(self._database, self._batches(topic, records), self._check)

    def renew(self) -> None:
        if time.monotonic() < self._renew_s:
            self._require(self._database.rows(HELD, self._key))
            return
        with self._database.transaction() as connection:
            self._check(connection)
            connection.execute(EXPIRE, (time.monotonic_ns() + self._timeout_ns, *self._key))
        self._renew_s = self._next_renewal_s()

    def close(self) -> None:
        """A name that was taken over stays with its new holder."""
        with self._database.transaction() as connection:
            connection.execute(EXPIRE, (0, *self._key))

    @property
    def _key(self) -> tuple[str, int]:
        return self._name, self._epoch

    def _take(self) -> int:
        with self._database.transaction() as connection:
            connection.execute(TABLE)
            rows = self._database.rows(EPOCH, (self._name,))
            epoch: int = rows[0][0] + 1 if rows else 1
            expires_ns = time.monotonic_ns() + self._timeout_ns
            row = (self._name, self._owner, epoch, *this_process(), expires_ns)
            connection.execute(TAKE, row)
        return epoch

    def _next_renewal_s(self) -> float:
        return time.monotonic() + self._timeout_ns / NS_PER_S / RENEWALS

    def _check(self, connection: apsw.Connection) -> None:
        self._require(connection.execute(HELD, self._key).fetchall())

    def _require(self, found: list[Any]) -> None:
        if not found:
            owner = self._database.rows(HOLDER, (self._name,))[0][0]
            raise LeaseLostError(
                f"{self._database.path}: {owner} has taken {self._name} over from {self._owner}. "
                "Nothing was written, and this process can write nothing more under that name."
            )


def holder(database: Database, name: str) -> str | None:
    """The owner of a name, unless it has given it back, has died, or has not renewed it."""
    if not database.rows(IS_THERE):
        return None
    for owner, host, pid, started, expires_ns in database.rows(HOLDER, (name,)):
        if Worker(owner, "", 0, host, pid, started, expires_ns).is_alive(time.monotonic_ns()):
            return str(owner)
    return None
