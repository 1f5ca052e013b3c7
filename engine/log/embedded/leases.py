"""Leases of the embedded log: rows that name the worker that holds a shard, and workers' renewals.

A worker is a row that it renews in `poll`, with the identity of its process; a lease names a
worker and an epoch. A shard may be taken over when its worker has not renewed for its session's
time-out, or at once when the worker was a process of this machine that has ended. The clock only
decides when a take-over may be tried. The epoch keeps two owners apart: each commit checks it in
its own transaction.

All processes of a log file are on one machine, as SQLite's WAL needs its shared memory. So leases
are timed by the machine's monotonic clock, which is the same in all of them and never jumps: a wall
clock that goes a day ahead would free every lease, and one that goes an hour back keep the lease of
a worker that hangs. That clock begins anew when the machine starts, and what held a lease before is
gone then.
"""

import os
import platform
import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

import apsw

from engine.core.units import NS_PER_MS, NS_PER_S
from engine.log.embedded.file import Database
from engine.log.port import Lease, LeaseChange, LeaseLostError

LEASE_TIMEOUT_NS = 10_000_000_000  # Ten seconds; the fail-over time if a whole machine fails.
RENEWALS = 5  # In the time of a lease: four may fail before the lease does.
READ_EVERY_S = 0.02  # A poll reads the leases this often; in between it costs nothing.
RELEASED_PAUSE_S = 1.0  # Other workers come first for a shard that this one has just released.

HELD = "select 1 from lease where shard = ? and owner = ? and epoch = ?"
WORKERS = "select owner, session, competes, host, pid, started, expires_ns from worker"


@dataclass(frozen=True, slots=True)
class Worker:
    """A row of `worker`: a worker's name, its process and how long it lives without a renewal."""

    owner: str
    session: str
    competes: int
    host: str
    pid: int
    started: str
    expires_ns: int

    @property
    def is_here(self) -> bool:
        """True if this very process is the worker."""
        return (self.host, self.pid, self.started) == this_process()

    def is_alive(self, now_ns: int) -> bool:
        """Whether it has renewed in time and its process may be there, by `time.monotonic_ns`."""
        if self.expires_ns <= now_ns or _boot(self.host) != _boot(_host()):
            return False
        return self.host != _host() or not _is_gone(self.pid, self.started)


@dataclass(frozen=True, slots=True)
class View:
    """All leases and workers at one moment."""

    owners: dict[int, str | None]
    epochs: dict[int, int]
    workers: dict[str, Worker]

    @classmethod
    def read(cls, database: Database) -> Self:
        leases = database.rows("select shard, owner, epoch from lease order by shard")
        workers = (Worker(*row) for row in database.rows(WORKERS))
        return cls(
            owners={shard: owner for shard, owner, _ in leases},
            epochs={shard: epoch for shard, _, epoch in leases},
            workers={worker.owner: worker for worker in workers},
        )

    def is_held(self, lease: Lease) -> bool:
        found = (self.owners.get(lease.shard), self.epochs.get(lease.shard))
        return found == (lease.owner, lease.epoch)

    def share(self, owner: str, alive: set[str]) -> int:
        """Number of shards that a competing worker should hold.

        Shares differ by one at most and sum to the shards that compete; the larger ones go to
        those that hold most, so that the fewest shards move.
        """
        pinned = {
            name for name in alive if name in self.workers and not self.workers[name].competes
        }
        held = dict.fromkeys(alive - pinned | {owner}, 0)
        shared = 0
        for holder in self.owners.values():
            shared += holder not in pinned
            if holder in held:
                held[holder] += 1
        ranked = sorted(held, key=lambda name: (-held[name], name))
        small, larger = divmod(shared, len(ranked))
        return small + (ranked.index(owner) < larger)


class EmbeddedLeases:
    """The shards of one worker: rows of `lease` that name it."""

    def __init__(
        self,
        database: Database,
        partitions: int,
        owner: str,
        shards: Sequence[int] | None,
        timeout_ms: int | None = None,
    ) -> None:
        """`timeout_ms` None is LEASE_TIMEOUT_NS."""
        self._timeout_ns = timeout_ms * NS_PER_MS if timeout_ms else LEASE_TIMEOUT_NS
        self._database = database
        self._partitions = partitions
        self._owner = owner
        self._wanted = None if shards is None else set(shards)
        self._session = secrets.token_hex(8)
        self._held: dict[int, Lease] = {}
        self._unreported: list[Lease] = []
        self._revoked: set[int] = set()
        self._paused_until_s: dict[int, float] = {}
        self._superseded = False
        self._renew_s = 0.0
        self._read_s = 0.0
        self._register()

    def poll(self, timeout_s: float) -> LeaseChange:
        """Raises LogUnavailableError if the log cannot take the renewal: poll again.

        Raises LeaseLostError if another process has this worker's name now; the shards that it held
        were reported as lost before.
        """
        deadline_s = time.monotonic() + timeout_s
        while True:
            change = self._turn()
            left_s = deadline_s - time.monotonic()
            if change != LeaseChange() or left_s <= 0:
                return change
            time.sleep(min(left_s, READ_EVERY_S))

    def release(self, shard: int) -> None:
        lease = self._held.get(shard)
        if lease is None:
            return
        with self._database.transaction() as connection:
            _free(connection, lease)
        self._forget(shard)
        self._paused_until_s[shard] = time.monotonic() + RELEASED_PAUSE_S
        if self._wanted is not None:
            self._wanted.discard(shard)

    def is_held(self, shard: int) -> bool:
        lease = self._held.get(shard)
        return lease is not None and is_held(self._database, lease)

    def close(self) -> None:
        with self._database.transaction() as connection:
            for lease in self._held.values():
                _free(connection, lease)
            connection.execute("delete from worker where session = ?", (self._session,))
        self._held.clear()
        self._unreported.clear()

    def _register(self) -> None:
        """Take this worker's name, then shards: those that the name held before come first."""
        with self._database.transaction() as connection:
            view = View.read(self._database)
            former = view.workers.get(self._owner)
            if former is not None and not former.is_here and former.is_alive(time.monotonic_ns()):
                raise LeaseLostError(
                    f"worker {self._owner} already runs as process {former.pid} on "
                    f"{self._database.path}. Stop it, or start this one under another name."
                )
            had = {shard for shard, owner in view.owners.items() if owner == self._owner}
            connection.execute("update lease set owner = null where owner = ?", (self._owner,))
            self._renew(connection)
            gained = self._take(connection, had)
            for shard in sorted((self._wanted or set()) - {lease.shard for lease in gained}):
                raise LeaseLostError(
                    f"shard {shard} of {self._database.path} is held by worker "
                    f"{view.owners[shard]}. Stop that worker or choose another shard; if its "
                    "machine is gone, its lease ends "
                    f"{self._timeout_ns / NS_PER_S:g} s after its last renewal."
                )
        self._note_renewed(gained)

    def _turn(self) -> LeaseChange:
        now_s = time.monotonic()
        if self._unreported:
            gained, self._unreported = tuple(self._unreported), []
            return LeaseChange(gained=gained)
        if now_s < self._read_s:
            return LeaseChange()
        self._read_s = now_s + READ_EVERY_S
        view = View.read(self._database)
        self._check_name(view)
        lost = tuple(
            shard
            for shard, lease in self._held.items()
            if self._superseded or not view.is_held(lease)
        )
        for shard in lost:
            self._forget(shard)
        if lost:
            return LeaseChange(lost=lost)
        takes, surplus = self._plan(view, frozenset())
        gained = ()
        if takes or now_s >= self._renew_s:
            with self._database.transaction() as connection:
                self._renew(connection)
                taken = self._take(connection, frozenset())
            self._note_renewed(taken)
            gained, self._unreported = tuple(taken), []
        revoked = tuple(shard for shard in surplus if shard not in self._revoked)
        self._revoked.update(revoked)
        return LeaseChange(gained=gained, revoked=revoked)

    def _check_name(self, view: View) -> None:
        if self._superseded:
            raise LeaseLostError(
                f"another process runs as worker {self._owner} on {self._database.path}. Stop "
                "one of the two, or start it under another name."
            )
        worker = view.workers.get(self._owner)
        self._superseded = worker is not None and worker.session != self._session

    def _plan(self, view: View, first: Iterable[int]) -> tuple[list[int], list[int]]:
        """The shards to take now, and those held beyond this worker's share."""
        now_ns, now_s = time.monotonic_ns(), time.monotonic()
        alive = {owner for owner, worker in view.workers.items() if worker.is_alive(now_ns)}
        alive.add(self._owner)
        free = [
            shard
            for shard, owner in view.owners.items()
            if owner not in alive and shard not in self._held  # Lost ones are reported first.
        ]
        if self._wanted is not None:
            return [shard for shard in free if shard in self._wanted], []
        target = view.share(self._owner, alive)
        held = sorted(shard for shard, owner in view.owners.items() if owner == self._owner)
        takes = sorted(
            (shard for shard in free if self._paused_until_s.get(shard, 0.0) <= now_s),
            key=lambda shard: (shard not in first, shard),
        )
        return takes[: max(0, target - len(held))], held[target:]

    def _take(self, connection: apsw.Connection, first: Iterable[int]) -> list[Lease]:
        view = View.read(self._database)
        takes, _ = self._plan(view, first)
        gained = [Lease(shard, self._owner, view.epochs[shard] + 1) for shard in takes]
        connection.executemany(
            "update lease set owner = ?, epoch = ? where shard = ?",
            [(lease.owner, lease.epoch, lease.shard) for lease in gained],
        )
        return gained

    def _renew(self, connection: apsw.Connection) -> None:
        """Renew this worker's row; delete expired ones, whose leases are free then."""
        now_ns = time.monotonic_ns()
        known = View.read(self._database).workers.values()
        ended = [(worker.owner,) for worker in known if not worker.is_alive(now_ns)]
        connection.executemany("delete from worker where owner = ?", ended)
        connection.execute(
            "insert or replace into worker values (?, ?, ?, ?, ?, ?, ?)",
            (
                self._owner,
                self._session,
                self._wanted is None,
                *this_process(),
                now_ns + self._timeout_ns,
            ),
        )

    def _note_renewed(self, gained: Iterable[Lease]) -> None:
        self._renew_s = time.monotonic() + self._timeout_ns / NS_PER_S / RENEWALS
        for lease in gained:
            self._held[lease.shard] = lease
            self._unreported.append(lease)

    def _forget(self, shard: int) -> None:
        self._revoked.discard(shard)
        self._unreported = [lease for lease in self._unreported if lease.shard != shard]
        self._held.pop(shard, None)


def is_held(database: Database, lease: Lease) -> bool:
    return bool(database.rows(HELD, (lease.shard, lease.owner, lease.epoch)))


def lost(database: Database, lease: Lease) -> LeaseLostError:
    rows = database.rows("select owner, epoch from lease where shard = ?", (lease.shard,))
    owner, epoch = rows[0] if rows else (None, 0)
    return LeaseLostError(
        f"shard {lease.shard} of {database.path}: held by {owner or 'no worker'} in epoch {epoch}, "
        f"not by {lease.owner} in epoch {lease.epoch}. Nothing was written; drop the shard."
    )


def _free(connection: apsw.Connection, lease: Lease) -> None:
    connection.execute(
        "update lease set owner = null where shard = ? and owner = ? and epoch = ?",
        (lease.shard, lease.owner, lease.epoch),
    )


def this_process() -> tuple[str, int, str]:
    """The identity of this process: machine, pid, start time."""
    pid = os.getpid()
    return _host(), pid, _started(pid)[1]


@cache
def _host() -> str:
    """The machine, its boot and its pid namespace, inside which a pid is unique."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{platform.node()} {boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return platform.node()


def _boot(host: str) -> str:
    """The boot in the name of a machine; empty where the system does not tell it."""
    parts = host.rsplit(" ", 2)
    return parts[1] if len(parts) == 3 else ""


def _started(pid: int) -> tuple[str, str]:
    """State and start time of a process as /proc has them; empty where there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return "", ""
    fields = stat.rpartition(")")[2].split()  # The name before may hold any character.
    return fields[0], fields[19]


def _is_gone(pid: int, started: str) -> bool:
    """True only if that process of this machine has certainly ended."""
    if os.name != "posix":
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    state, started_now = _started(pid)
    return state in {"Z", "X"} or (bool(started_now) and started_now != started)
