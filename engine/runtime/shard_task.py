"""One shard, from its lease to its loss, in turns.

Open the writer, rebuild the state by folding, then round after round read, step and commit. Each
turn ends by saying whether there was something to do, so that the worker's other shards and its
leases have theirs: a shard that rebuilds or waits for its log holds nobody up.

The writer comes first: opening it shuts out whoever wrote before, so that nothing can follow what
is folded then. A batch is committed whole or not at all; when the outcome is unknown, the worker
proves its lease and reads the last seal, and only that decides (design: the log, Kafka). A step
that raises costs the input that raised: the state is rebuilt and the very same batch taken again
with that input recorded as a rejection and its instrument halted.
"""

import logging
from collections.abc import Callable, Generator
from pathlib import Path
from typing import NamedTuple, Protocol

from engine.core.events import DayClosed
from engine.log import codec
from engine.log.port import (
    INPUT_TOPICS,
    SHARED_TOPICS,
    CommitUnknownError,
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
from engine.runtime.clock import Clock
from engine.runtime.hash_chain import GENESIS
from engine.runtime.recovery.recovery import recover
from engine.runtime.shard import Rules, Sealed, Shard
from engine.runtime.shard_log import last_seal

IDLE_STEP_S = 0.25  # A shard that got nothing steps this often, for what time alone brings.
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


class TaskHost(Protocol):
    """What a shard's work has of its worker."""

    log: Log
    rules: Rules
    clock_ns: Callable[[], int]
    clock: Clock
    snapshots: Path | None  # Folder of this log's, if there is one.
    on_sealed: Callable[[Sealed], None] | None

    @property
    def market_data_bound(self) -> int:
        """Most market-data records of a round, count."""
        ...

    @property
    def recovery_slice_s(self) -> float:
        """What one shard may fold in a turn, s."""
        ...

    def has_rebuilt(self) -> None:
        """A shard is at work."""
        ...


class _Taken(NamedTuple):
    """A round's records, parted by the step that took them."""

    taken: Records
    left: Records  # A DayClosed leaves what came after it.


class ShardTask:
    """One shard, from its lease to its loss."""

    def __init__(
        self, host: TaskHost, lease: Lease, leases: Leases, *, wait_s: float = 0.0
    ) -> None:
        self.lease = lease
        self.is_rebuilding = True
        self.turns = self._turns(wait_s)
        self._host = host
        self._leases = leases
        self._shard = Shard(lease.shard, host.rules)
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

    def _turns(self, wait_s: float) -> Turns:
        """Work for ever.

        Raises LeaseLostError and LogUnavailableError where the state is of no more use: begin
        again; CorruptLogError where nobody can go on.
        """
        try:
            yield from self._wait(wait_s)
            self._writer = self._host.log.writer(self.lease)
            yield True
            yield from self._rebuild()
            for topic in INPUT_TOPICS:
                partition = 0 if topic in SHARED_TOPICS else self._shard.number
                start = self._shard.resume(topic)
                self._readers[topic] = self._host.log.reader(topic, partition, start)
            _log.info("shard %s at work from batch %s", self._shard.number, self._shard.next_batch)
            self._host.has_rebuilt()
            while True:
                yield from self._round()
        finally:
            self._shard.state.finished.close()
            for reader in self._readers.values():
                reader.close()
            if self._writer is not None:
                self._writer.close()

    def _rebuild(self) -> Turns:
        """Fold the log up to its last seal, a slice a turn."""
        self.is_rebuilding = True
        self._shard.state.finished.close()
        host = self._host
        steps = recover(host.log, self._shard.number, host.rules, host.snapshots)
        try:
            while True:
                until_s = self._host.clock.monotonic() + self._host.recovery_slice_s
                while self._host.clock.monotonic() < until_s:
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
            yield from self._wait(RETRY_WAIT_S)
            return
        if is_ready:
            sealed = yield from self._decide()
            if sealed is not None:
                is_busy = True
                yield from self._commit(sealed)
                if self._host.on_sealed is not None:
                    self._host.on_sealed(sealed)
        yield is_busy

    def _read(self) -> bool:
        """Bring what is there to hand, in bounds but for the shared topics."""
        is_news = False
        for topic in READ_ORDER:
            held = self._waiting.setdefault(topic, [])
            is_quotes = topic == "market-data"
            bound = self._host.market_data_bound if is_quotes else BOUNDED_RECORDS
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
        if due_ns is not None and due_ns <= self._host.clock_ns():
            return True
        return self._host.clock.monotonic() - self._stepped_s >= IDLE_STEP_S

    def _knows_controls(self) -> bool:
        """Whether every control that was set before an order in hand is in hand too."""
        if not self._waiting["orders"]:
            return True
        return self._host.log.at_ends([self._readers[topic] for topic in SHARED_TOPICS])

    def _decide(self) -> Generator[bool, None, Sealed | None]:
        """Step, again without each input that raises; see the module's theory."""
        now_ns = self._host.clock_ns()
        self._stepped_s = self._host.clock.monotonic()
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
        self._has_drained = self._host.log.at_ends([self._readers[topic] for topic in others])
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
            yield from self._wait(RETRY_WAIT_S)

    def _is_settled(self, sealed: Sealed) -> bool:
        """Try to have the batch in the log exactly once. Raises LeaseLostError."""
        number, seal = self._shard.number, sealed.seal
        assert self._writer is not None
        try:
            if not self._leases.is_held(number):
                raise LeaseLostError(f"shard {number} has another owner")
            self._writer.close()
            self._writer = self._host.log.writer(self.lease)
            last = last_seal(self._host.log, number)
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

    def _wait(self, wait_s: float) -> Turns:
        """Let others work for so long."""
        until_s = self._host.clock.monotonic() + wait_s
        while self._host.clock.monotonic() < until_s:
            yield False


def is_close(record: Record) -> bool:
    """Whether a control is a DayClosed, by its schema id."""
    return codec.is_a(DayClosed, record.value)


def joined(first: Records, then: Records) -> Records:
    """Records of both, in order."""
    return {topic: [*first.get(topic, ()), *then.get(topic, ())] for topic in INPUT_TOPICS}
