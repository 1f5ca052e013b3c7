"""One shard, from its lease to its loss, in turns.

A task opens the writer, rebuilds the state by folding, and then, round after round, reads, steps
and commits. Each turn ends with a `yield` of whether there was something to do, so that the
worker's other shards and its leases have theirs: a shard that rebuilds or waits for its log delays
no other.

The writer comes first: opening it fences off the writer before it, so that no batch can follow
those that are folded then. A batch is committed whole or not at all. When the outcome is unknown,
the task proves its lease and reads the last seal, and only that decides. A step that raises costs
the input that raised: the state is rebuilt, and the very same batch is decided again with that
input recorded as a rejection and its instrument halted.
"""

import logging
from collections.abc import Callable, Generator
from pathlib import Path
from typing import NamedTuple, Protocol

from engine.core.controls import limits
from engine.core.events import DayClosed, InputReason, InputRejected
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
from engine.runtime.clock import Clock, ClockJumpedError
from engine.runtime.hash_chain import GENESIS
from engine.runtime.recovery.recovery import recover
from engine.runtime.shard import Rules, Sealed, Shard
from engine.runtime.shard_log import last_seal

IDLE_STEP_S = 0.25  # A shard without inputs steps this often, as time alone may be a reason.
RETRY_WAIT_S = 0.2
CLOSE_WAIT_S = 5.0  # A close waits so long for the answers to cancels that went out before it.
ROUND_RECORDS_MAX = 2_000  # Of one topic in a round, but for the shared ones.
FAULTS_MAX = 100  # More inputs than this that raise in one batch are no poison but a bug.
# A record of `controls` or `reference` that is older than an order is in the order's batch or an
# earlier one: so these two are read after the others.
READ_ORDER = (*(topic for topic in INPUT_TOPICS if topic not in SHARED_TOPICS), *SHARED_TOPICS)
SEARCHING = "search:"  # No input's cause: makes the step name the input that raises.

Records = dict[str, list[Record]]
Turns = Generator[bool, None, None]  # Each turn says whether there was something to do.

_log = logging.getLogger(__name__)


class TaskHost(Protocol):
    """The part of a worker that a shard's task uses."""

    log: Log
    rules: Rules
    clock_ns: Callable[[], int]
    clock: Clock
    snapshots: Path | None  # Folder of this log's snapshots, if there is one.
    on_sealed: Callable[[Sealed], None] | None

    @property
    def market_data_bound(self) -> int:
        """Most market-data records of a round, count."""
        ...

    @property
    def recovery_slice_s(self) -> float:
        """Longest fold of one shard in a turn, s."""
        ...

    def on_shard_rebuilt(self) -> None:
        """Called when the shard has rebuilt its state and starts its rounds."""
        ...


class _Split(NamedTuple):
    """A round's records after a step."""

    consumed: Records
    left: Records  # Those after a DayClosed.


class ShardTask:
    """One shard, from its lease to its loss. The worker advances `turns`."""

    def __init__(
        self, host: TaskHost, lease: Lease, leases: Leases, *, wait_s: float = 0.0
    ) -> None:
        self.lease = lease
        self.is_rebuilding = True
        self.turns = self._run(wait_s)
        self._host = host
        self._leases = leases
        self._shard = Shard(lease.shard, host.rules)
        self._writer: ShardWriter | None = None
        self._readers: dict[str, Reader] = {}
        self._pending: Records = {}  # Read, not consumed yet.
        self._unsealed: Records = {}  # Consumed by the open batch.
        self._has_drained = False  # All reports and orders before a DayClosed were read.
        self._close_since_s: float | None = None  # Since when a DayClosed waits.
        self._stepped_s = 0.0

    @property
    def due_ns(self) -> int | None:
        """The time at which there is something to do even without an input, ns UTC."""
        return None if self.is_rebuilding else self._shard.next_due_ns()

    def _run(self, wait_s: float) -> Turns:
        """Start the shard after `wait_s`, then run rounds without end.

        Raises LeaseLostError, LogUnavailableError and StoreError where the state can no longer be
        used: start a new task; CorruptLogError where no worker can go on.
        """
        try:
            yield from self._wait(wait_s)
            self._writer = self._host.log.writer(self.lease)
            yield True
            yield from self._rebuild()
            self._open_readers()
            _log.info("shard %s at work from batch %s", self._shard.number, self._shard.next_batch)
            missing = limits.missing(self._shard.state)
            if missing:
                _log.warning("shard %s: %s", self._shard.number, missing)
            self._host.on_shard_rebuilt()
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

    def _rebuild_again(self) -> Turns:
        """Rebuild the state that the last commit left.

        A log may show a commit, or a part of it, a moment after it was acknowledged; a new writer
        waits until all of it can be read.
        """
        assert self._writer is not None
        self._writer.close()
        self._writer = self._host.log.writer(self.lease)
        yield from self._rebuild()

    def _open_readers(self) -> None:
        """Read every input from where the last seal left it."""
        for topic in INPUT_TOPICS:
            partition = 0 if topic in SHARED_TOPICS else self._shard.number
            start = self._shard.resume(topic)
            self._readers[topic] = self._host.log.reader(topic, partition, start)

    # ---------------------------------------------------------------------- one round

    def _round(self) -> Turns:
        """Read, step and commit once, in one turn if all goes well."""
        try:
            now_ns = self._host.clock_ns()
            is_busy = self._read()
            is_ready = self._is_due(now_ns) and self._knows_controls()
        except ClockJumpedError:  # Said by the clock; the next round asks it again.
            yield from self._wait(RETRY_WAIT_S)
            return
        except LogUnavailableError as error:  # Nothing was decided: the state is intact.
            _log.warning("shard %s: %s; waiting for the log", self._shard.number, error)
            yield from self._wait(RETRY_WAIT_S)
            return
        if is_ready:
            sealed = yield from self._decide(now_ns)
            if sealed is not None:
                is_busy = True
                yield from self._commit(sealed)
                if self._host.on_sealed is not None:
                    self._host.on_sealed(sealed)
        yield is_busy

    def _read(self) -> bool:
        """Read the new records of every topic; True if there were any.

        Bounded, but for the shared topics.
        """
        is_news = False
        for topic in READ_ORDER:
            pending = self._pending.setdefault(topic, [])
            is_quotes = topic == "market-data"
            bound = self._host.market_data_bound if is_quotes else ROUND_RECORDS_MAX
            while len(pending) < bound or topic in SHARED_TOPICS:
                found = self._readers[topic].read(max(1, bound - len(pending)))
                if not found:
                    break
                pending += found
                is_news = True
        return is_news

    def _is_due(self, now_ns: int) -> bool:
        """Whether there is a reason to step: an input, a due time, or IDLE_STEP_S."""
        if any(self._pending.values()):
            return True
        due_ns = self._shard.next_due_ns()
        if due_ns is not None and due_ns <= now_ns:
            return True
        return self._host.clock.monotonic() - self._stepped_s >= IDLE_STEP_S

    def _knows_controls(self) -> bool:
        """Whether every control that is older than a pending order was read too."""
        if not self._pending["orders"]:
            return True
        return self._host.log.at_ends([self._readers[topic] for topic in SHARED_TOPICS])

    def _decide(self, now_ns: int) -> Generator[bool, None, Sealed | None]:
        """Step, and again with each input that raises rejected; see the module's theory."""
        self._stepped_s = self._host.clock.monotonic()
        faulted: frozenset[str] = frozenset()
        batch = self._next_inputs()
        while True:
            try:
                sealed = self._shard.step(batch, now_ns, faulted=faulted)
            except (EngineError, MemoryError):
                raise
            except Exception:
                at = self._shard.at if faulted else SEARCHING
                if not at or at in faulted or len(faulted) > FAULTS_MAX:
                    raise
                what = "a step" if at == SEARCHING else at
                _log.exception("shard %s: %s raised; deciding again", self._shard.number, what)
                faulted |= {at}
                # The same records and the same time: then it is the same input that raises.
                batch = joined(self._unsealed, batch)
                self._pending = joined(self._unsealed, self._pending)
                self._unsealed = {}
                yield from self._rebuild_again()
                continue
            consumed, self._pending = self._split()
            self._unsealed = joined(self._unsealed, consumed) if sealed is None else {}
            if sealed is not None:
                self._tell_strangers(sealed)
            return sealed

    def _tell_strangers(self, sealed: Sealed) -> None:
        """Say that a writer names itself nowhere, so that a person looks for it."""
        for event in sealed.events:
            if isinstance(event, InputRejected) and event.reason is InputReason.UNATTRIBUTED:
                _log.error(
                    "shard %s: %s position %s is unattributed, %s; nothing was stopped. See "
                    "`metaorder dlq list --reason unattributed` and who may write to the topic",
                    self._shard.number,
                    event.topic,
                    event.position,
                    event.text,
                )

    def _next_inputs(self) -> Records:
        """The inputs to step on; a close waits until earlier reports and orders were read.

        Controls come first in a batch, so after an absence a DayClosed would overtake the fills
        of its own day. So one round goes to the other inputs; those that come later are too late.
        It waits for the venues too, but not for long: see `_waits_for_venues`.
        """
        controls = self._pending["controls"]
        closes = [n for n, record in enumerate(controls) if is_close(record)]
        others = ("venue-reports", "orders")
        if not closes or (self._has_drained and not self._waits_for_venues()):
            self._has_drained = False
            self._close_since_s = None
            return self._pending
        self._has_drained = self._host.log.at_ends([self._readers[topic] for topic in others])
        return {**self._pending, "controls": controls[: closes[0]]}

    def _waits_for_venues(self) -> bool:
        """Whether a close should wait for the venues' answers to the cancels that are out.

        At the end of the session every window has ended and cancels are out, so this is where a
        close normally comes. A DayClosed in mid-session has cancels of its own, for which it does
        not wait: engage the kill switch first.
        """
        now_s = self._host.clock.monotonic()
        if self._close_since_s is None:
            self._close_since_s = now_s
        return now_s - self._close_since_s < CLOSE_WAIT_S and self._shard.awaits_cancels

    def _split(self) -> _Split:
        """Split the pending records into those that the step consumed, and the others."""
        consumed: Records = {}
        left: Records = {}
        for topic, records in self._pending.items():
            first = records[0].position if records else 0
            count = self._shard.resume(topic).position - first if records else 0
            consumed[topic], left[topic] = records[:count], records[count:]
        return _Split(consumed, left)

    def _commit(self, sealed: Sealed) -> Turns:
        """Commit once; where the outcome is unknown the last seal decides, not the exception."""
        assert self._writer is not None
        try:
            self._writer.commit(sealed.records)
        except (CommitUnknownError, LogUnavailableError) as error:
            _log.warning("shard %s: %s; proving the lease", self._shard.number, error)
        else:
            return
        while not self._commit_again(sealed):
            yield from self._wait(RETRY_WAIT_S)

    def _commit_again(self, sealed: Sealed) -> bool:
        """Commit unless the log has the batch by now; True once it is there exactly once.

        Raises LeaseLostError.
        """
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
                    "the one before. Another owner has written since; nothing was written now"
                )
            self._writer.commit(sealed.records)
        except (CommitUnknownError, LogUnavailableError) as error:
            _log.warning("shard %s: %s; trying again", number, error)
            return False
        return True

    def _wait(self, wait_s: float) -> Turns:
        """Give the turns of so long to the worker's other shards."""
        until_s = self._host.clock.monotonic() + wait_s
        while self._host.clock.monotonic() < until_s:
            yield False


def is_close(record: Record) -> bool:
    """Whether a control is a DayClosed, by its schema id."""
    return codec.is_a(DayClosed, record.value)


def joined(first: Records, then: Records) -> Records:
    """The records of both, in order."""
    return {topic: [*first.get(topic, ()), *then.get(topic, ())] for topic in INPUT_TOPICS}
