"""A process that only folds: it checks all day that folding gives the state that was decided.

It runs beside the workers with read access to the log. It folds every batch once it is sealed,
compares the hash of the state with that in the seal, and writes the snapshots from which workers
restart, so that no live shard ever stops to serialise. It holds no lease and decides nothing; any
number may run.

A snapshot is written at each close, and after a number of events since the last one, but never so
often that writing takes more than a tenth of the follower's time.
"""

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.core.state.state import State
from engine.log.port import CorruptLogError, Log, LogUnavailableError
from engine.runtime.recovery.finished_file import DiskStore, StoreError
from engine.runtime.recovery.recovery import folded, started, write_snapshot
from engine.runtime.replica import Replica, StateDiffersError
from engine.runtime.shard import Rules

if TYPE_CHECKING:
    from engine.runtime.shard_log import SealRecord, ShardLog

EVERY_EVENTS = 5_000  # Folded within a quarter of a second at a restart.
WRITING_SHARE = 10  # A tenth of the time, at most.
POLL_EVERY_S = 0.2

_log = logging.getLogger(__name__)


class Follower:
    """One shard, followed."""

    def __init__(
        self, log: Log, number: int, rules: Rules, folder: Path, every: int = EVERY_EVENTS
    ) -> None:
        self.number = number
        self._log = log
        self._rules = rules
        self._folder = folder
        self._every = every
        self._replica = self._new()
        self._shard_log: ShardLog | None = None
        self._last: SealRecord | None = None  # The last batch folded, if no snapshot is of it.
        self._written_seq = 0  # The state's next seq in the last snapshot.
        self._not_before_s = 0.0
        self._failed = -1  # The batch whose fold failed last.
        self._started_at = -1  # The batch of the snapshot from which it started.
        self._store_failed = -1  # The same, when the finished store failed last.
        self._passed: set[int] = set()  # Batches whose snapshots it does not start from again.

    @property
    def next_batch(self) -> int:
        return self._replica.next_batch

    @property
    def state(self) -> State:
        """The state after the last batch that was folded."""
        return self._replica.state

    @property
    def must_restart(self) -> bool:
        """Whether the last fold failed, so that the next one starts from a snapshot."""
        return self._shard_log is None

    def fold_new(self) -> int:
        """Fold the new batches. Returns their number.

        Raises StateDiffersError where folding gives another state than was decided,
        CorruptLogError where the log contradicts itself, and LogUnavailableError, after which the
        caller tries again.
        """
        try:
            return self._fold_new()
        except StateDiffersError:
            raise
        except StoreError:
            if self._started_at == self._store_failed:
                self._passed.add(self._started_at)
            self._store_failed = self._started_at
            self._restart()
            raise
        except LogUnavailableError:
            self._restart()
            raise
        except CorruptLogError as error:
            at = self._replica.next_batch
            if at == self._failed:
                raise
            # A seal may be visible before all records of its batch: they are on the second try.
            _log.warning("shard %s: batch %s: %s; folded again", self.number, at, error)
            self._failed = at
            self._restart()
            return 0

    def _fold_new(self) -> int:
        if self._shard_log is None:
            self._started_at = -1
            self._shard_log = started(
                self._log, self._replica, self._folder, self._passed
            ).shard_log
            self._started_at = self._replica.next_batch - 1
            self._written_seq = self._replica.state.next_seq
        first = self._replica.next_batch
        for seal_record in folded(self._log, self._replica, self._shard_log, self._folder):
            self._last = seal_record
            if self._is_due():
                self.write_snapshot()
        return self._replica.next_batch - first

    def _restart(self) -> None:
        """Start anew, so that records that were read but not folded are read again."""
        self.close()
        self._shard_log, self._last = None, None
        self._replica = self._new()

    def _new(self) -> Replica:
        store = DiskStore(self._folder, self.number)
        rules = self._rules
        return Replica(self.number, rules.release, rules.python, store, rules.evict_after_ns)

    def write_snapshot(self) -> None:
        """Write a snapshot of the last batch."""
        if self._shard_log is None or self._last is None:
            return
        began_s = time.monotonic()
        write_snapshot(self._folder, self._replica, self._shard_log, self._last)
        now_s = time.monotonic()
        self._not_before_s = now_s + WRITING_SHARE * (now_s - began_s)
        self._written_seq = self._replica.state.next_seq
        self._last = None

    def close(self) -> None:
        self._replica.state.finished.close()
        if self._shard_log is not None:
            self._shard_log.close()

    def _is_due(self) -> bool:
        events = self._replica.state.next_seq - self._written_seq
        return events >= self._every and time.monotonic() >= self._not_before_s


def run(
    followers: list[Follower],
    stopping: Callable[[float], bool],
    *,
    once: bool = False,
) -> None:
    """Follow until `stopping`, which waits so many seconds; or `once` to the end of the log.

    A shard whose log contradicts itself is followed no further, the others are; its error is raised
    at the end. Raises StateDiffersError at once; waits for a log that does not answer.
    """
    broken: list[CorruptLogError] = []
    sound = list(followers)
    try:
        while sound:
            is_busy = False
            for follower in list(sound):
                try:
                    is_busy |= follower.fold_new() > 0 or follower.must_restart
                except (LogUnavailableError, StoreError) as error:
                    if once:
                        raise
                    _log.warning("shard %s: %s", follower.number, error)
                except StateDiffersError:
                    raise
                except CorruptLogError as error:
                    _log.error("%s The other shards are followed on.", error)
                    sound.remove(follower)
                    broken.append(error)
            if once:
                if not is_busy:
                    break
            elif stopping(POLL_EVERY_S):
                break
        for follower in sound:  # After a planned stop the next start has nothing to fold.
            follower.write_snapshot()
    finally:
        for follower in followers:
            follower.close()
    if broken:
        raise broken[0]
