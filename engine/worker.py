"""One worker process: hold leases, poll inputs, step, commit; be killed at any moment.

Nothing is kept outside the log. Each shard is at work from its lease to its loss: open the writer,
rebuild the state by folding, then round after round read, step and commit. It says after every
slice whether it was busy, and the others and the leases have their turn, so a shard that rebuilds
or waits for its log holds nobody up.

The writer comes first: opening it shuts out whoever wrote before, so that nothing can follow what
is folded then. A batch is committed whole or not at all; when the outcome is unknown, the worker
proves its lease and reads the last seal, and only that decides (design: the log, Kafka). A step
that raises costs the input that raised: the state is rebuilt and the very same batch taken again
with that input recorded as a rejection and its instrument halted.
"""

import logging
import threading
import time
from collections.abc import Callable, Generator, Sequence
from typing import NamedTuple

from engine.core.events import DayClosed
from engine.log import codec
from engine.log.port import (
    INPUT_TOPICS,
    SHARED_TOPICS,
    CommitUnknownError,
    CorruptLogError,
    EngineError,
    Lease,
    LeaseLostError,
    Leases,
    Log,
    LogUnavailableError,
    Reader,
    Record,
    ShardWriter,
)
from engine.recording import last_seal
from engine.recovery import recover
from engine.seal import GENESIS
from engine.shard import Rules, Sealed, Shard

NS_PER_S = 1_000_000_000
IDLE_WAIT_S = 0.05  # Longest sleep: leases and schedule points are looked at this often.
IDLE_STEP_S = 0.25  # A shard that got nothing steps this often, for what time alone brings.
RECOVERY_SLICE_S = 0.05  # Of folding between two rounds of the shards at work.
RETRY_WAIT_S = 0.2
BOUNDED_RECORDS = 2_000  # Most records of one topic in a round, but for the shared ones.
STUCK_FAULTS_MAX = 100  # More causes than this in one batch is no poison record but a bug.
# What reached `controls` or `reference` before an order did is taken with it or before it: so
# these two are read after the others.
READ_ORDER = (*(topic for topic in INPUT_TOPICS if topic not in SHARED_TOPICS), *SHARED_TOPICS)
SEARCHING = "search:"  # No input's cause: makes the step name whatever it has in hand.

Records = dict[str, list[Record]]
Turns = Generator[bool, None, None]  # Each turn says whether there was something to do.

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
        market_data_batch: int = BOUNDED_RECORDS,
        shards: Sequence[int] | None = None,
        on_sealed: Callable[[Sealed], None] | None = None,
        on_rebuilt: Callable[[], None] | None = None,
    ) -> None:
        """`on_rebuilt` is called when the last of the shards that rebuild is at work."""
        self.log = log
        self.rules = rules
        self.clock_ns = clock_ns
        self.market_data_batch = market_data_batch
        self.on_sealed = on_sealed
        self.on_rebuilt = on_rebuilt
        self._owner = owner
        self._shards = shards
        self._work: dict[int, _Work] = {}
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
                self._look(leases)
                is_busy = False
                for number in list(self._work):
                    is_busy |= self._turn(number, leases)
                    self._look(leases)  # A turn may have waited for the log.
                    if self._stopping.is_set():
                        return
                if not is_busy:
                    self._wait()
        finally:
            for number in list(self._work):
                self._drop(number)
            try:
                leases.close()
            except LogUnavailableError as error:
                _log.warning("the leases end by themselves: %s", error)

    @property
    def recovery_slice_s(self) -> float:
        """What one shard may fold in a turn: those that rebuild share the slice."""
        rebuilding = [work for work in self._work.values() if work.is_rebuilding]
        return RECOVERY_SLICE_S / max(1, len(rebuilding))

    def has_rebuilt(self) -> None:
        """A shard is at work."""
        if self.on_rebuilt is not None and not any(w.is_rebuilding for w in self._work.values()):
            self.on_rebuilt()

    # ------------------------------------------------------------------- owning shards

    def _look(self, leases: Leases) -> None:
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
                self._work[lease.shard] = _Work(self, lease, leases)
            self._release(leases)
        except LogUnavailableError as error:
            _log.warning("leases: %s", error)
            time.sleep(IDLE_WAIT_S)

    def _release(self, leases: Leases) -> None:
        while self._unreleased:
            leases.release(self._unreleased[0])
            del self._unreleased[0]

    def _drop(self, number: int) -> None:
        """Forget a shard; what was not committed never happened."""
        work = self._work.pop(number, None)
        if work is not None:
            work.turns.close()
            _log.info("shard %s dropped", number)

    def _turn(self, number: int, leases: Leases) -> bool:
        """Let a shard have its turn; True if there was something to do."""
        work = self._work.get(number)
        if work is None:
            return False
        try:
            return next(work.turns)
        except (LeaseLostError, LogUnavailableError) as error:
            _log.warning("shard %s: %s; it begins again", number, error)
        except CorruptLogError as error:
            if self._is_mine(number, leases):
                raise
            _log.warning("shard %s: folded beside another owner (%s)", number, error)
        # If the lease is lost the next poll says so, and that is the end of it.
        self._work[number] = _Work(self, work.lease, leases, rest_s=RETRY_WAIT_S)
        return False

    def _is_mine(self, number: int, leases: Leases) -> bool:
        """Whether nobody else can have written: else what contradicts is only news."""
        try:
            return leases.is_held(number)
        except LogUnavailableError:
            return False  # Nobody can say now; it is folded again and asked again.

    def _wait(self) -> None:
        """Until something may be there or due, at most IDLE_WAIT_S."""
        dues = [work.due_ns for work in self._work.values()]
        due_ns = min((due for due in dues if due is not None), default=None)
        wait_s = IDLE_WAIT_S
        if due_ns is not None:
            wait_s = min(wait_s, max(0.0, (due_ns - self.clock_ns()) / NS_PER_S))
        try:
            self.log.wait(wait_s)
        except LogUnavailableError as error:
            _log.warning("waiting for news: %s", error)
            time.sleep(IDLE_WAIT_S)


class _Taken(NamedTuple):
    """A round's records, parted by the step that took them."""

    taken: Records
    left: Records  # A DayClosed leaves what came after it.


class _Work:
    """One shard, from its lease to its loss."""

    def __init__(
        self, worker: Worker, lease: Lease, leases: Leases, *, rest_s: float = 0.0
    ) -> None:
        self.lease = lease
        self.is_rebuilding = True
        self.turns = self._turns(rest_s)
        self._worker = worker
        self._leases = leases
        self._shard = Shard(lease.shard, worker.rules)
        self._writer: ShardWriter | None = None
        self._readers: dict[str, Reader] = {}
        self._waiting: Records = {}  # Read, not taken yet.
        self._unsealed: Records = {}  # Taken by the open batch.
        self._has_drained = False  # What was there before a DayClosed has been taken.
        self._stepped_s = 0.0

    @property
    def due_ns(self) -> int | None:
        """When time alone brings something to do."""
        return None if self.is_rebuilding else self._shard.next_due_ns()

    def _turns(self, rest_s: float) -> Turns:
        """Work for ever.

        Raises LeaseLostError and LogUnavailableError where the state is of no more use: begin
        again; CorruptLogError where nobody can go on.
        """
        try:
            yield from _rest(rest_s)
            self._writer = self._worker.log.writer(self.lease)
            yield True
            yield from self._rebuild()
            for topic in INPUT_TOPICS:
                partition = 0 if topic in SHARED_TOPICS else self._shard.number
                start = self._shard.resume(topic)
                self._readers[topic] = self._worker.log.reader(topic, partition, start)
            _log.info("shard %s at work from batch %s", self._shard.number, self._shard.next_batch)
            self._worker.has_rebuilt()
            while True:
                yield from self._round()
        finally:
            for reader in self._readers.values():
                reader.close()
            if self._writer is not None:
                self._writer.close()

    def _rebuild(self) -> Turns:
        """Fold the log up to its last seal, a slice a turn."""
        self.is_rebuilding = True
        steps = recover(self._worker.log, self._shard.number, self._worker.rules)
        try:
            while True:
                until_s = time.monotonic() + self._worker.recovery_slice_s
                while time.monotonic() < until_s:
                    next(steps)
                yield True
        except StopIteration as done:
            self._shard = done.value
            self.is_rebuilding = False
        finally:
            steps.close()

    # ---------------------------------------------------------------------- one round

    def _round(self) -> Turns:
        """Read, step and commit once, in one turn if all goes well."""
        try:
            is_busy = self._read()
            is_ready = self._is_due() and self._knows_controls()
        except LogUnavailableError as error:  # Nothing was decided: the state is whole.
            _log.warning("shard %s: %s; deciding waits for it", self._shard.number, error)
            yield from _rest(RETRY_WAIT_S)
            return
        if is_ready:
            sealed = yield from self._decide()
            if sealed is not None:
                is_busy = True
                yield from self._commit(sealed)
                if self._worker.on_sealed is not None:
                    self._worker.on_sealed(sealed)
        yield is_busy

    def _read(self) -> bool:
        """Bring what is there to hand, in bounds but for the shared topics."""
        is_news = False
        for topic in READ_ORDER:
            held = self._waiting.setdefault(topic, [])
            is_quotes = topic == "market-data"
            bound = self._worker.market_data_batch if is_quotes else BOUNDED_RECORDS
            while len(held) < bound or topic in SHARED_TOPICS:
                found = self._readers[topic].read(max(1, bound - len(held)))
                if not found:
                    break
                held += found
                is_news = True
        return is_news

    def _is_due(self) -> bool:
        """Whether there is anything to step for."""
        if any(self._waiting.values()):
            return True
        due_ns = self._shard.next_due_ns()
        if due_ns is not None and due_ns <= self._worker.clock_ns():
            return True
        return time.monotonic() - self._stepped_s >= IDLE_STEP_S

    def _knows_controls(self) -> bool:
        """Whether every control that was set before an order in hand is in hand too."""
        if not self._waiting["orders"]:
            return True
        return self._worker.log.at_ends([self._readers[topic] for topic in SHARED_TOPICS])

    def _decide(self) -> Generator[bool, None, Sealed | None]:
        """Step, again without each input that raises; see the module's theory."""
        now_ns = self._worker.clock_ns()
        self._stepped_s = time.monotonic()
        faulted: frozenset[str] = frozenset()
        batch = self._in_hand()
        while True:
            try:
                sealed = self._shard.step(batch, now_ns, faulted=faulted)
            except (EngineError, MemoryError):
                raise
            except Exception:
                at = self._shard.at if faulted else SEARCHING
                if not at or at in faulted or len(faulted) > STUCK_FAULTS_MAX:
                    raise
                what = "a step" if at == SEARCHING else at
                _log.exception("shard %s: %s raised; taken again", self._shard.number, what)
                faulted |= {at}
                # The same records and the same time: then it is the same input that raises.
                batch = joined(self._unsealed, batch)
                self._waiting = joined(self._unsealed, self._waiting)
                self._unsealed = {}
                yield from self._rebuild()
                continue
            taken, self._waiting = self._parted()
            self._unsealed = joined(self._unsealed, taken) if sealed is None else {}
            return sealed

    def _in_hand(self) -> Records:
        """What to step on; a close waits for the reports and orders that are there already.

        Controls come first in a batch, so after an absence a DayClosed would overtake the fills
        of its own day. Everything else goes once before it, and what comes later is too late.
        """
        controls = self._waiting["controls"]
        closes = [n for n, record in enumerate(controls) if is_close(record)]
        others = ("venue-reports", "orders")
        if not closes or self._has_drained:
            self._has_drained = False
            return self._waiting
        if not any(self._waiting[topic] for topic in others):
            return self._waiting
        self._has_drained = self._worker.log.at_ends([self._readers[topic] for topic in others])
        return {**self._waiting, "controls": controls[: closes[0]]}

    def _parted(self) -> _Taken:
        taken: Records = {}
        left: Records = {}
        for topic, records in self._waiting.items():
            first = records[0].position if records else 0
            count = self._shard.resume(topic).position - first if records else 0
            taken[topic], left[topic] = records[:count], records[count:]
        return _Taken(taken, left)

    def _commit(self, sealed: Sealed) -> Turns:
        """Commit once; where the outcome is unknown let the last seal say, not the exception."""
        assert self._writer is not None
        try:
            self._writer.commit(sealed.records)
        except (CommitUnknownError, LogUnavailableError) as error:
            _log.warning("shard %s: %s; proving the lease", self._shard.number, error)
        else:
            return
        while not self._is_settled(sealed):
            yield from _rest(RETRY_WAIT_S)

    def _is_settled(self, sealed: Sealed) -> bool:
        """Try to have the batch in the log exactly once. Raises LeaseLostError."""
        number, seal = self._shard.number, sealed.seal
        assert self._writer is not None
        try:
            if not self._leases.is_held(number):
                raise LeaseLostError(f"shard {number} has another owner")
            self._writer.close()
            self._writer = self._worker.log.writer(self.lease)
            last = last_seal(self._worker.log, number)
            if last is not None and (last.batch, last.chain) == (seal.batch, seal.chain):
                return True  # It was committed.
            if (last.chain if last is not None else GENESIS) != seal.previous_chain:
                found = "none" if last is None else f"batch {last.batch}"
                raise LeaseLostError(
                    f"shard {number}: the last seal is {found}, expected batch {seal.batch} or "
                    "the one before. Another owner was here; nothing was written"
                )
            self._writer.commit(sealed.records)
        except (CommitUnknownError, LogUnavailableError) as error:
            _log.warning("shard %s: %s; trying again", number, error)
            return False
        return True


def _rest(rest_s: float) -> Turns:
    """Let others work for so long."""
    until_s = time.monotonic() + rest_s
    while time.monotonic() < until_s:
        yield False


def is_close(record: Record) -> bool:
    """Whether a control is a DayClosed, by its schema id."""
    return codec.is_a(DayClosed, record.value)


def joined(first: Records, then: Records) -> Records:
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
