"""One worker process: it holds leases and gives each of its shards its turn.

It may be killed at any moment, as nothing is kept outside the log. `run` polls the leases: a gained
lease starts a `ShardTask`, a lost or revoked one ends it. Then each task has one turn, and the
worker waits if none of them had anything to do. A task whose state can no longer be used is
replaced by a new one, which rebuilds the state from the log. Everything that a shard does between
its lease and its loss is in `shard_task`.

A shard whose log contradicts itself, or that this release cannot fold, is set aside: it decides
nothing, and the worker's other shards go on. Its lease is kept, because every worker would find the
same. It is said once, and the shard is tried again ever more rarely, so that it comes back when a
person has mended the log. `metaorder log doctor` says what is wrong.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from engine.core.units import NS_PER_S
from engine.log.port import (
    CorruptLogError,
    EngineError,
    LeaseLostError,
    Leases,
    Log,
    LogUnavailableError,
)
from engine.runtime.clock import Clock, ClockJumpedError, Started, Wall
from engine.runtime.recovery import snapshot
from engine.runtime.recovery.finished_file import StoreError
from engine.runtime.shard import Rules, Sealed
from engine.runtime.shard_task import RETRY_WAIT_S, ROUND_RECORDS_MAX, ShardTask
from engine.runtime.witnesses import newest_ns

IDLE_WAIT_S = 0.05  # Longest wait: leases are polled and due times checked this often.
RECOVERY_SLICE_S = 0.05  # Of folding between two turns of the shards at work.
ASIDE_WAIT_S = 60.0  # Before a shard that was set aside is tried again; longer with each try,
ASIDE_WAIT_MAX_S = 900.0  # up to this.

_log = logging.getLogger(__name__)


class Aside(NamedTuple):
    """Why a shard was set aside, and how often it was tried in vain."""

    why: str
    tries: int


class Worker:
    """Run shards until told to stop."""

    def __init__(
        self,
        log: Log,
        rules: Rules,
        owner: str,
        *,
        clock_ns: Callable[[], int] | None = None,
        clock: Clock = time,
        market_data_batch: int = ROUND_RECORDS_MAX,
        shards: Sequence[int] | None = None,
        snapshots: Path | None = None,
        on_sealed: Callable[[Sealed], None] | None = None,
        on_rebuilt: Callable[[], None] | None = None,
        on_aside: Callable[[int, Exception], None] | None = None,
    ) -> None:
        """`clock_ns` None is this machine's clock, as far as it can be believed: see `clock`.

        `on_rebuilt` is called whenever the last of the shards that rebuild has done so.

        `on_aside` gets each shard that is set aside, and why.
        """
        self.log = log
        self.rules = rules
        self.clock_ns = clock_ns or Started(Wall().now_ns, lambda: newest_ns(log)).now_ns
        self.clock = clock
        self.market_data_batch = market_data_batch
        self.snapshots = snapshots
        self.on_sealed = on_sealed
        self.on_rebuilt = on_rebuilt
        self.on_aside = on_aside
        self._owner = owner
        self._shards = shards
        self._tasks: dict[int, ShardTask] = {}
        self._aside: dict[int, Aside] = {}  # Shards whose task waits for a person.
        self._unreleased: list[int] = []  # Revoked and dropped; the log could not take it yet.
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Have `run` finish the present turn, release the shards and return."""
        self._stopping.set()

    def run(self) -> None:
        """Run until `stop`.

        Raises LeaseLostError if another owner holds one of `shards` or another process has this
        worker's name, LogLeftError where another log goes on from this one, OtherLogError where
        the snapshots are of another log, and at the start LogUnavailableError; later the worker
        waits for a log that does not answer.
        """
        self.log.identity.require_at_work("the log")
        if self.snapshots is not None:
            snapshot.require_same_log(self.snapshots, self.log.identity.log_id)
        leases = self.log.leases(self._owner, self._shards)
        try:
            while not self._stopping.is_set():
                self._poll_leases(leases)
                is_busy = False
                for number in list(self._tasks):
                    is_busy |= self._turn(number, leases)
                    self._poll_leases(leases)  # A turn may have taken long.
                    if self._stopping.is_set():
                        return
                if not is_busy:
                    self._wait()
        finally:
            for number in list(self._tasks):
                self._drop(number)
            try:
                leases.close()
            except LogUnavailableError as error:
                _log.warning("the leases were not released and will time out: %s", error)

    @property
    def market_data_bound(self) -> int:
        """Most market-data records of one shard's round, count.

        The shards share `market_data_batch`: a kill switch waits for one round of all of them.
        """
        return max(1, self.market_data_batch // max(1, len(self._tasks)))

    @property
    def recovery_slice_s(self) -> float:
        """Longest fold of one shard in a turn, s: the shards that rebuild share the slice."""
        return RECOVERY_SLICE_S / max(1, self._rebuilding)

    def on_shard_rebuilt(self) -> None:
        if self.on_rebuilt is not None and not self._rebuilding:
            self.on_rebuilt()

    @property
    def _rebuilding(self) -> int:
        """Number of shards that rebuild their state; not those that were set aside."""
        return sum(
            task.is_rebuilding for number, task in self._tasks.items() if number not in self._aside
        )

    # -------------------------------------------------------------------------- leases

    def _poll_leases(self, leases: Leases) -> None:
        """Start the tasks of gained shards, end those of lost and revoked ones."""
        try:
            self._release(leases)
            change = leases.poll(0)
            for number in change.lost:
                self._drop(number)
            for number in change.revoked:
                self._drop(number)
                self._unreleased.append(number)
            if change.gained:  # By now: it may have been left while this worker waited.
                self.log.identity.require_at_work("the log")
            for lease in change.gained:
                self._drop(lease.shard)
                _log.info("shard %s gained, epoch %s; rebuilding", lease.shard, lease.epoch)
                self._tasks[lease.shard] = ShardTask(self, lease, leases)
            self._release(leases)
        except LogUnavailableError as error:
            _log.warning("leases: %s", error)
            self.clock.sleep(IDLE_WAIT_S)

    def _release(self, leases: Leases) -> None:
        while self._unreleased:
            leases.release(self._unreleased[0])
            del self._unreleased[0]

    def _drop(self, number: int) -> None:
        """End a shard's task; what was not committed never happened."""
        self._aside.pop(number, None)
        task = self._tasks.pop(number, None)
        if task is not None:
            task.turns.close()
            _log.info("shard %s dropped", number)

    # --------------------------------------------------------------------------- turns

    def _turn(self, number: int, leases: Leases) -> bool:
        """Give a shard its turn; True if it had something to do."""
        task = self._tasks.get(number)
        if task is None:
            return False
        try:
            is_busy = next(task.turns)
        except (LeaseLostError, LogUnavailableError, StoreError) as error:
            _log.warning("shard %s: %s; it is rebuilt", number, error)
        except CorruptLogError as error:
            if self._is_held(number, leases):
                self._set_aside(task, leases, error)
                return False
            _log.warning("shard %s: another owner wrote while it was folded (%s)", number, error)
        except MemoryError:  # The process's, not the shard's.
            raise
        except Exception as error:  # noqa: BLE001  A bug that this shard meets on every worker.
            self._set_aside(task, leases, error)
            return False
        else:
            if number in self._aside and not task.is_rebuilding:
                tries = self._aside.pop(number).tries
                _log.info("shard %s is no longer set aside, after %s tries", number, tries)
            return is_busy
        # If the lease is lost, the next poll of the leases ends the new task too.
        self._tasks[number] = ShardTask(self, task.lease, leases, wait_s=RETRY_WAIT_S)
        return False

    def _set_aside(self, task: ShardTask, leases: Leases, error: Exception) -> None:
        """Let a shard wait for a person; the reason is said once, and again when it changes."""
        number = task.lease.shard
        before = self._aside.get(number)
        found = Aside(
            str(error) if isinstance(error, EngineError) else f"{error!r}.",
            1 if before is None else before.tries + 1,
        )
        wait_s = min(found.tries * ASIDE_WAIT_S, ASIDE_WAIT_MAX_S)
        if before is None or before.why != found.why:
            _log.error(
                "shard %s is set aside and decides nothing; the other shards go on. %s Run "
                "`metaorder log doctor --shard %s`. It is tried again in %.0f s and after that, "
                "which is not logged.",
                number,
                found.why,
                number,
                wait_s,
                exc_info=None if isinstance(error, EngineError) else error,
            )
            if self.on_aside is not None:
                self.on_aside(number, error)
        self._aside[number] = found
        self._tasks[number] = ShardTask(self, task.lease, leases, wait_s=wait_s)

    def _is_held(self, number: int, leases: Leases) -> bool:
        """Whether no other owner can have written.

        If one can, a log that seems to contradict itself has only grown.
        """
        try:
            return leases.is_held(number)
        except LogUnavailableError:
            return (
                False  # Unknown now: the shard is rebuilt, and the lease proved again if need be.
            )

    def _wait(self) -> None:
        """Wait until a record may have come or a time is due, at most IDLE_WAIT_S."""
        dues = [task.due_ns for task in self._tasks.values()]
        due_ns = min((due for due in dues if due is not None), default=None)
        wait_s = IDLE_WAIT_S
        try:
            if due_ns is not None:
                wait_s = min(wait_s, max(0.0, (due_ns - self.clock_ns()) / NS_PER_S))
        except ClockJumpedError:  # Said by the clock; the shards hold.
            self.clock.sleep(IDLE_WAIT_S)
        try:
            self.log.wait(wait_s)
        except LogUnavailableError as error:
            _log.warning("waiting for records: %s", error)
            self.clock.sleep(IDLE_WAIT_S)
