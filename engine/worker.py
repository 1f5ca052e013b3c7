"""One worker process: hold leases, poll inputs, step, commit; be killed at any moment.

Nothing is kept outside the log. A gained shard is rebuilt by folding, in slices between the
batches of the shards that are already at work. A batch is committed whole or not at all; when the
outcome is unknown, the worker proves its lease and reads the last seal, and only that decides
(design: the log, Kafka). A step that raises costs the input that raised: the state is rebuilt and
the batch taken again with that input recorded as a rejection and its instrument halted.
"""

import logging
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field

from engine.log.port import (
    INPUT_TOPICS,
    SHARED_TOPICS,
    CommitUnknownError,
    CorruptLogError,
    EngineError,
    Lease,
    LeaseLostError,
    Log,
    LogUnavailableError,
    Reader,
    Record,
    ShardWriter,
)
from engine.recovery import Progress, last_seal, recover
from engine.shard import Rules, Sealed, Shard

NS_PER_S = 1_000_000_000
IDLE_WAIT_S = 0.05  # Longest sleep: leases and schedule points are looked at this often.
RECOVERY_SLICE_S = 0.05  # Of folding between two rounds of the shards at work.
RETRY_WAIT_S = 0.2
BOUNDED_RECORDS = 2_000  # Most records of one topic in a round, but for the shared ones.
STUCK_FAULTS_MAX = 100  # More causes than this in one batch is no poison record but a bug.

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Active:
    """A shard at work."""

    lease: Lease
    shard: Shard
    writer: ShardWriter
    readers: dict[str, Reader]
    waiting: dict[str, list[Record]] = field(default_factory=dict)  # Read, not taken yet.
    unsealed: dict[str, list[Record]] = field(default_factory=dict)  # Taken, not sealed yet.


class Worker:
    """Run shards until told to stop."""

    def __init__(
        self,
        log: Log,
        rules: Rules,
        owner: str,
        *,
        clock_ns: Callable[[], int] = time.time_ns,
        market_data_batch: int = BOUNDED_RECORDS,
        shards: Sequence[int] | None = None,
        on_sealed: Callable[[Sealed], None] | None = None,
    ) -> None:
        self._log = log
        self._rules = rules
        self._owner = owner
        self._clock_ns = clock_ns
        self._market_data_batch = market_data_batch
        self._shards = shards
        self._on_sealed = on_sealed
        self._active: dict[int, _Active] = {}
        self._recovering: dict[int, tuple[Lease, Generator[Progress, None, Shard]]] = {}
        self._is_stopping = False

    def stop(self) -> None:
        """Finish the batch in hand, give the shards back and return from `run`."""
        self._is_stopping = True

    def run(self) -> None:
        """Work until `stop`. Raises LeaseLostError if an asked-for shard is another's."""
        leases = self._log.leases(self._owner, self._shards)
        try:
            while not self._is_stopping:
                change = leases.poll(0)
                for shard in (*change.lost, *change.revoked):
                    self._drop(shard)
                for shard in change.revoked:
                    leases.release(shard)
                for lease in change.gained:
                    _log.info("shard %s gained, epoch %s; rebuilding", lease.shard, lease.epoch)
                    self._begin(lease)
                is_busy = self._rebuild()
                for active in list(self._active.values()):
                    is_busy |= self._round(active, leases.is_held)
                if not is_busy:
                    self._log.wait(self._wait_s())
        finally:
            for shard in (*self._active, *self._recovering):
                self._drop(shard)
            leases.close()

    # ------------------------------------------------------------------- owning a shard

    def _begin(self, lease: Lease) -> None:
        self._recovering[lease.shard] = (lease, recover(self._log, lease.shard, self._rules))

    def _drop(self, number: int) -> None:
        """Forget a shard; what was not committed never happened."""
        recovering = self._recovering.pop(number, None)
        if recovering is not None:
            recovering[1].close()
        active = self._active.pop(number, None)
        if active is not None:
            active.writer.close()
            for reader in active.readers.values():
                reader.close()
            _log.info("shard %s dropped after batch %s", number, active.shard.next_batch - 1)

    def _rebuild(self) -> bool:
        """Give recovering shards a slice of time; True if one is still at it."""
        for number in list(self._recovering):
            lease, steps = self._recovering[number]
            until = time.monotonic() + RECOVERY_SLICE_S
            try:
                while time.monotonic() < until:
                    next(steps)
            except StopIteration as done:
                del self._recovering[number]
                self._start(lease, done.value)
            except LogUnavailableError as error:
                _log.warning("shard %s: %s; rebuilding again", number, error)
                self._begin(lease)
                time.sleep(RETRY_WAIT_S)
        return bool(self._recovering)

    def _start(self, lease: Lease, shard: Shard) -> None:
        try:
            writer = self._log.writer(lease)
        except LeaseLostError as error:
            _log.warning("shard %s: %s", lease.shard, error)
            return
        self._active[lease.shard] = _Active(lease, shard, writer, self._readers(shard))
        _log.info("shard %s at work from batch %s", lease.shard, shard.next_batch)

    def _readers(self, shard: Shard) -> dict[str, Reader]:
        return {
            topic: self._log.reader(
                topic, 0 if topic in SHARED_TOPICS else shard.number, shard.resume(topic)
            )
            for topic in INPUT_TOPICS
        }

    def _wait_s(self) -> float:
        """Until something may be due, at most IDLE_WAIT_S."""
        dues = [active.shard.next_due_ns() for active in self._active.values()]
        due_ns = min((due for due in dues if due is not None), default=None)
        if due_ns is None:
            return IDLE_WAIT_S
        return min(IDLE_WAIT_S, max(0.0, (due_ns - self._clock_ns()) / NS_PER_S))

    # ---------------------------------------------------------------------- one round

    def _round(self, active: _Active, is_held: Callable[[int], bool]) -> bool:
        """Read, step and commit once; True if there was something to do."""
        try:
            has_read = self._poll(active)
            sealed = self._step(active)
            if sealed is None:
                return has_read
            self._commit(active, sealed, is_held)
        except LeaseLostError as error:
            _log.warning("shard %s lost: %s", active.shard.number, error)
            self._drop(active.shard.number)
        except LogUnavailableError as error:
            _log.warning("shard %s: %s; deciding stops until it answers", active.lease.shard, error)
            self._again(active)
            time.sleep(RETRY_WAIT_S)
        return True

    def _poll(self, active: _Active) -> bool:
        """Bring what is there to hand: shared topics to their ends, the others in bounds."""
        has_read = False
        for topic in INPUT_TOPICS:
            held = active.waiting.setdefault(topic, [])
            bound = self._market_data_batch if topic == "market-data" else BOUNDED_RECORDS
            while len(held) < bound or topic in SHARED_TOPICS:
                found = active.readers[topic].read(
                    bound - len(held) if len(held) < bound else bound
                )
                if not found:
                    break
                held += found
                has_read = True
        return has_read

    def _step(self, active: _Active) -> Sealed | None:
        """Step, again without each input that raises; see the module's theory."""
        now_ns = self._clock_ns()
        faulted: frozenset[str] = frozenset()
        batch = active.waiting
        while True:
            shard = active.shard
            try:
                sealed = shard.step(batch, now_ns, faulted=faulted)
            except EngineError:
                raise
            except Exception:
                if not shard.at or shard.at in faulted or len(faulted) >= STUCK_FAULTS_MAX:
                    raise
                _log.exception("shard %s: %s raised; it is rejected", shard.number, shard.at)
                faulted |= {shard.at}
                batch = joined(active.unsealed, active.waiting)
                active.shard = rebuilt(self._log, shard.number, self._rules)
                active.unsealed = {}
                active.waiting = batch
                continue
            self._keep(active, batch, sealed)
            return sealed

    def _keep(self, active: _Active, batch: dict[str, list[Record]], sealed: Sealed | None) -> None:
        """Part what the step took from what a DayClosed left for the next batch."""
        for topic, records in batch.items():
            next_position = active.shard.resume(topic).position
            taken = [record for record in records if record.position < next_position]
            active.waiting[topic] = records[len(taken) :]
            if sealed is None:
                active.unsealed.setdefault(topic, []).extend(taken)
        if sealed is not None:
            active.unsealed = {}

    def _commit(self, active: _Active, sealed: Sealed, is_held: Callable[[int], bool]) -> None:
        """Commit; where the outcome is unknown let the last seal say, never the exception."""
        try:
            active.writer.commit(sealed.records)
        except (CommitUnknownError, LogUnavailableError) as error:
            _log.warning("shard %s: %s; proving the lease", active.shard.number, error)
            self._settle(active, sealed, is_held)
        if self._on_sealed is not None:
            self._on_sealed(sealed)

    def _settle(self, active: _Active, sealed: Sealed, is_held: Callable[[int], bool]) -> None:
        """Commit the batch in hand exactly once, or lose the shard trying."""
        number, seal = active.shard.number, sealed.seal
        while not self._is_stopping:
            try:
                if not is_held(number):
                    raise LeaseLostError(f"shard {number} has another owner")
                active.writer.close()
                active.writer = self._log.writer(active.lease)
                last = last_seal(self._log, number)
                if last is not None and (last.batch, last.chain) == (seal.batch, seal.chain):
                    return  # It was committed.
                if (last.batch if last is not None else -1) != seal.batch - 1:
                    found = "none" if last is None else f"batch {last.batch}"
                    raise CorruptLogError(
                        f"shard {number}: the last seal is {found}, expected batch {seal.batch} "
                        "or the one before. Another writer was here; nothing was written."
                    )
                active.writer.commit(sealed.records)
            except (CommitUnknownError, LogUnavailableError) as error:
                _log.warning("shard %s: %s; trying again", number, error)
                time.sleep(RETRY_WAIT_S)
            else:
                return
        raise LeaseLostError(f"shard {number}: stopped with batch {seal.batch} undecided")

    def _again(self, active: _Active) -> None:
        """The log failed between two commits: rebuild, as nothing else knows the state."""
        lease = active.lease
        self._drop(lease.shard)
        self._begin(lease)


def joined(
    first: dict[str, list[Record]], then: dict[str, list[Record]]
) -> dict[str, list[Record]]:
    """Records of both, in order."""
    return {topic: [*first.get(topic, ()), *then.get(topic, ())] for topic in INPUT_TOPICS}


def rebuilt(log: Log, number: int, rules: Rules) -> Shard:
    """The shard as its last seal left it, in one go."""
    steps = recover(log, number, rules)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            shard: Shard = done.value
            return shard
