"""One worker process: hold leases, give each shard its turn; be killed at any moment.

Nothing is kept outside the log. What becomes of a shard between its lease and its loss is in
`work`; here shards come and go, have their turns, and begin again where their work raised what
only beginning again can mend.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.log.port import (
    CorruptLogError,
    LeaseLostError,
    Leases,
    Log,
    LogUnavailableError,
)
from engine.runtime.clock import Clock
from engine.runtime.recovery.finished_file import StoreError
from engine.runtime.shard import Rules, Sealed
from engine.runtime.shard_task import BOUNDED_RECORDS, RETRY_WAIT_S, ShardTask

NS_PER_S = 1_000_000_000
IDLE_WAIT_S = 0.05  # Longest sleep: leases and schedule points are looked at this often.
RECOVERY_SLICE_S = 0.05  # Of folding between two rounds of the shards at work.

_log = logging.getLogger(__name__)


class Worker:
    """Run shards until told to stop."""

    def __init__(
        self,
        log: Log,
        rules: Rules,
        owner: str,
        *,
        clock_ns: Callable[[], int] = time.time_ns,
        clock: Clock = time,
        market_data_batch: int = BOUNDED_RECORDS,
        shards: Sequence[int] | None = None,
        snapshots: Path | None = None,
        on_sealed: Callable[[Sealed], None] | None = None,
        on_rebuilt: Callable[[], None] | None = None,
    ) -> None:
        """`on_rebuilt` is called when the last of the shards that rebuild is at work."""
        self.log = log
        self.rules = rules
        self.clock_ns = clock_ns
        self.clock = clock
        self.market_data_batch = market_data_batch
        self.snapshots = snapshots
        self.on_sealed = on_sealed
        self.on_rebuilt = on_rebuilt
        self._owner = owner
        self._shards = shards
        self._tasks: dict[int, ShardTask] = {}
        self._unreleased: list[int] = []  # Revoked and dropped; the log could not take it yet.
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Finish the batch in hand, give the shards back and return from `run`."""
        self._stopping.set()

    def run(self) -> None:
        """Work until `stop`.

        Raises LeaseLostError if an asked-for shard is another's or another process has this
        worker's name, CorruptLogError if a shard's log contradicts itself, and at the start
        LogUnavailableError; later a log that does not answer is waited for.
        """
        leases = self.log.leases(self._owner, self._shards)
        try:
            while not self._stopping.is_set():
                self._poll_leases(leases)
                is_busy = False
                for number in list(self._tasks):
                    is_busy |= self._turn(number, leases)
                    self._poll_leases(leases)  # A turn may have waited for the log.
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
                _log.warning("the leases end by themselves: %s", error)

    @property
    def market_data_bound(self) -> int:
        """Most market-data records of one shard's round.

        The shards share the batch: a kill switch waits for one round of all of them.
        """
        return max(1, self.market_data_batch // max(1, len(self._tasks)))

    @property
    def recovery_slice_s(self) -> float:
        """What one shard may fold in a turn: those that rebuild share the slice."""
        rebuilding = [task for task in self._tasks.values() if task.is_rebuilding]
        return RECOVERY_SLICE_S / max(1, len(rebuilding))

    def has_rebuilt(self) -> None:
        """A shard is at work."""
        if self.on_rebuilt is not None and not any(w.is_rebuilding for w in self._tasks.values()):
            self.on_rebuilt()

    # ------------------------------------------------------------------- owning shards

    def _poll_leases(self, leases: Leases) -> None:
        """Learn which shards come and go."""
        try:
            self._release(leases)
            change = leases.poll(0)
            for number in change.lost:
                self._drop(number)
            for number in change.revoked:
                self._drop(number)
                self._unreleased.append(number)
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
        """Forget a shard; what was not committed never happened."""
        task = self._tasks.pop(number, None)
        if task is not None:
            task.turns.close()
            _log.info("shard %s dropped", number)

    def _turn(self, number: int, leases: Leases) -> bool:
        """Let a shard have its turn; True if there was something to do."""
        task = self._tasks.get(number)
        if task is None:
            return False
        try:
            return next(task.turns)
        except (LeaseLostError, LogUnavailableError, StoreError) as error:
            _log.warning("shard %s: %s; it begins again", number, error)
        except CorruptLogError as error:
            if self._is_mine(number, leases):
                raise
            _log.warning("shard %s: folded beside another owner (%s)", number, error)
        # If the lease is lost the next poll says so, and that is the end of it.
        self._tasks[number] = ShardTask(self, task.lease, leases, wait_s=RETRY_WAIT_S)
        return False

    def _is_mine(self, number: int, leases: Leases) -> bool:
        """Whether nobody else can have written: else what contradicts is only news."""
        try:
            return leases.is_held(number)
        except LogUnavailableError:
            return False  # Nobody can say now; it is folded again and asked again.

    def _wait(self) -> None:
        """Until something may be there or due, at most IDLE_WAIT_S."""
        dues = [task.due_ns for task in self._tasks.values()]
        due_ns = min((due for due in dues if due is not None), default=None)
        wait_s = IDLE_WAIT_S
        if due_ns is not None:
            wait_s = min(wait_s, max(0.0, (due_ns - self.clock_ns()) / NS_PER_S))
        try:
            self.log.wait(wait_s)
        except LogUnavailableError as error:
            _log.warning("waiting for news: %s", error)
            self.clock.sleep(IDLE_WAIT_S)
