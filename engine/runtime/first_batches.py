"""The first batch of each shard of a log that goes on where one of another partition count ended.

A log's number of partitions never changes: an instrument's shard follows from it. So a new log
takes over at a close, and its first batches say what the old log's last closes said, parted anew
(`core.resharding`). They are a function of these closes and the first seq, so that whoever has both
logs, or the old one's archive, can make them again and compare. Each begins with LogContinued,
which names the last close of every shard of the old log: through it the new chains hang on the old
ones. Seqs go on above those of all old shards, also of what an idle worker adopted after the close,
so that no id is given twice. `controls` and `reference` of the new log begin with what
stands, for every gateway and view that reads them; the opening batch consumes these records.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from engine.core.controls import risk
from engine.core.day import repartition, trading_day
from engine.core.events import (
    TOPIC_OF,
    BatchSealed,
    ConfigurationAdopted,
    ControlScope,
    InputRange,
    KillSwitchSet,
    LogContinued,
    OutputDigest,
    PositionsCarried,
    RestrictionSet,
    ResumeOffset,
    SealKind,
    ShardClosed,
    StageEvent,
    TopicPlace,
    stamp,
)
from engine.core.state import fingerprint
from engine.core.state.state import Controls, Reference, State
from engine.log import codec
from engine.log.port import (
    INPUT_TOPICS,
    JOURNAL,
    SHARED_TOPICS,
    CorruptLogError,
    EngineError,
    Log,
    NewRecord,
    Record,
)
from engine.runtime import hash_chain
from engine.runtime.recovery import last_close
from engine.runtime.replica import WRITTEN, Replica
from engine.runtime.shard_log import events_of

CAUSE = "opening:"
SENDER = b"repartition"
CARRIED = "carried"  # Who set what is known to be engaged and no more.
NS_PER_MS = 1_000_000


class ClosedLog(NamedTuple):
    """What the last closes of a log leave."""

    closes: tuple[ShardClosed, ...]
    states: list[State]
    now_ns: int  # The latest of them.
    first_seq: int  # Above every id that the log has given.


class ClosedShard(NamedTuple):
    """A shard since its last close: an idle worker adopts its configuration, and no more."""

    closed: ShardClosed
    closed_ns: int
    next_seq: int  # One beyond its last event: what an idle worker adopted took some.
    state: State  # As the close left it.
    read: tuple[int, ...]  # Where it left each shared topic, by position.
    has_moved: bool  # Something else came after the close.
    waiting: dict[str, int]  # Inputs that no batch has taken, by topic; counts.


class FirstBatches(NamedTuple):
    """All first records of a log, and the seals among them by shard."""

    records: dict[str, list[NewRecord]]
    seals: list[BatchSealed]


def is_continued(seal: BatchSealed) -> bool:
    """Whether a batch goes on from another log: a shard's own first seq is 0."""
    return seal.batch == 0 and seal.first_seq > 0


def closed_shard(
    log: Log, number: int, release: str, python: str, upto: int | None = None
) -> ClosedShard | None:
    """Where a shard rests since its last close; None where it has none that says all.

    `upto` is the last batch to look at: what came after it does not count then, as a log that
    another one goes on from may have moved since. None is the newest. Raises CorruptLogError.
    """
    close = last_close.last_close(log, number, upto=upto)
    if close is None:
        return None
    replica = Replica(number, release, python)
    seal = close.seal_record.seal
    next_seq, has_moved, waiting = seal.next_seq, False, {}
    with last_close.started_after(log, replica, close) as shard_log:
        if upto is None:
            for later, _ in shard_log.seals():
                shard_log.inputs(later, INPUT_TOPICS)
                events = events_of(later, shard_log.outputs(later), number)
                is_idle = all(isinstance(event, ConfigurationAdopted) for event in events)
                has_moved |= bool(later.inputs) or not is_idle
                next_seq = later.next_seq
            waiting = {topic: shard_log.cursor(topic).count() for topic in INPUT_TOPICS}
    closed = ShardClosed(shard=number, batch=seal.batch, next_seq=seal.next_seq, chain=seal.chain)
    read = tuple(replica.resume(topic).position for topic in SHARED_TOPICS)
    return ClosedShard(closed, seal.now_ns, next_seq, replica.state, read, has_moved, waiting)


def why_not_closed(number: int, rest: ClosedShard) -> Iterator[str]:
    """What was decided after a shard's last close, or waits to be."""
    if rest.has_moved:
        yield f"shard {number} has taken more after its close of batch {rest.closed.batch}"
    for topic, count in rest.waiting.items():
        if count:
            yield f"{count} records of {topic} wait for a batch of shard {number}"


def closed_log(log: Log, release: str, python: str, proved: Sequence[ShardClosed]) -> ClosedLog:
    """What the closes of a log leave that were proved to be its last ones, and are still.

    Raises EngineError where they are not, or something waits; CorruptLogError.
    """
    found: list[ClosedShard] = []
    for number, closed in enumerate(proved):
        rest = closed_shard(log, number, release, python)
        if rest is None or rest.closed != closed:
            raise EngineError(f"shard {number} was closed again while the log was proved.")
        for reason in why_not_closed(number, rest):
            raise EngineError(f"{reason}: the log was at work while it was proved.")
        found.append(rest)
    return _source(found, max(rest.next_seq for rest in found))


def closed_log_named(
    log: Log, release: str, python: str, named: LogContinued, first_seq: int
) -> ClosedLog:
    """What the closes leave that a later log says it goes on from, its ids from `first_seq` on.

    Where the old log holds other ones, these are in the source. Raises EngineError where a shard
    has none that says all, CorruptLogError.
    """
    upto = {entry.shard: entry.batch for entry in named.closes}
    found: list[ClosedShard] = []
    for number in range(log.partitions):
        rest = closed_shard(log, number, release, python, upto.get(number))
        if rest is None:
            raise EngineError(f"shard {number} has no close that says all that stands.")
        found.append(rest)
    return _source(found, first_seq)


def _source(found: Sequence[ClosedShard], first_seq: int) -> ClosedLog:
    return ClosedLog(
        closes=tuple(rest.closed for rest in found),
        states=[rest.state for rest in found],
        now_ns=max(rest.closed_ns for rest in found),
        first_seq=first_seq,
    )


def first_batches(
    source: ClosedLog,
    partitions: int,
    release: str,
    python: str,
    ends: Mapping[str, int],
    state_hash: Callable[[State], bytes] | None = None,
) -> FirstBatches:
    """The first records of a log of so many partitions.

    `ends` is where the shared topics of the empty log end, by offset. `state_hash` is the rule of
    the release that writes, where that is another one. Raises EngineError where the shards of the
    source do not know the same.
    """
    try:
        parted = repartition.repartitioned(source.states, partitions)
    except repartition.ShardsDifferError as error:
        raise EngineError(f"{error}. Mend it and close the day again.") from error
    shared = shared_records(source, parted)
    records: dict[str, list[NewRecord]] = {topic: list(shared[topic]) for topic in SHARED_TOPICS}
    found: list[BatchSealed] = []
    for state in parted:
        made = _Batch(source, state, shared, (release, python), ends, state_hash or hashed)
        for topic, batch in made.records.items():
            records.setdefault(topic, []).extend(batch)
        found.append(made.seal)
    return FirstBatches(records, found)


def hashed(state: State) -> bytes:
    """What this release's seal of an opening batch states of the state after it."""
    return fingerprint.fingerprint(state, 0, whole=True)


# --------------------------------------------------------------------------- shared topics


def shared_records(source: ClosedLog, parted: Sequence[State]) -> Mapping[str, list[NewRecord]]:
    """What stands, as the first records of `reference` and `controls`."""
    reference, controls = repartition.shared_facts(source.states)
    said = {
        "reference": list(reference_facts(reference)),
        "controls": list(control_facts(controls, parted, source.now_ns)),
    }
    timestamp_ms = source.now_ns // NS_PER_MS
    return {
        topic: [
            NewRecord(
                0,
                timestamp_ms,
                key_of(fact),
                (("source", SENDER), ("number", str(number).encode())),
                codec.encode(fact),
            )
            for number, fact in enumerate(facts)
        ]
        for topic, facts in said.items()
    }


def reference_facts(reference: Reference) -> Iterator[object]:
    yield from reference.venues.values()
    yield from reference.fees.values()
    yield from reference.calendars.values()
    yield from reference.instruments.values()
    yield from reference.ticks.values()
    yield from reference.curves.values()


def control_facts(controls: Controls, parted: Sequence[State], now_ns: int) -> Iterator[object]:
    for (scope, scope_id), text in controls.killed.items():
        yield KillSwitchSet(
            scope=ControlScope(scope),
            scope_id=scope_id,
            engaged=True,
            set_by=CARRIED,
            text=text,
            set_ns=now_ns,
        )
    yield from controls.limits.values()
    for state in parted:
        yield from state.controls.allotments.values()
    yield from controls.mandates.values()
    for instrument_id, set_by in controls.restricted.items():
        yield RestrictionSet(
            instrument_id=instrument_id, restricted=True, set_by=set_by, set_ns=now_ns
        )
    if controls.policy is not None:
        yield controls.policy


def key_of(fact: Any) -> bytes:  # noqa: ANN401  Any fact of a shared topic.
    """The record's key: what the fact is about, as far as it names it."""
    for name in ("instrument_id", "venue", "client_id", "calendar_id", "scope_id"):
        found = getattr(fact, name, None)
        if found is not None:
            return str(found).encode()
    return b""


# --------------------------------------------------------------------------------- a batch


class _Batch:
    """One shard's opening batch: its records of every topic, and its seal."""

    def __init__(
        self,
        source: ClosedLog,
        state: State,
        shared: Mapping[str, list[NewRecord]],
        by: tuple[str, str],
        ends: Mapping[str, int],
        state_hash: Callable[[State], bytes],
    ) -> None:
        self._now_ns = source.now_ns
        self._number = state.shard
        self._first_seq = source.first_seq
        self.records: dict[str, list[NewRecord]] = {}
        self._digests: dict[str, hash_chain.Hash] = {}
        self._events: list[StageEvent] = []
        counts = {topic: len(shared.get(topic, ())) for topic in INPUT_TOPICS}
        self._write(LogContinued(partitions=len(source.closes), closes=source.closes), CAUSE)
        for position, record in enumerate(shared["controls"]):
            control = codec.decode("controls", record.value)
            for event in risk.DECIDE[type(control)](state, control, self._now_ns):
                self._write(event, f"controls:{position}")
        for event in trading_day.carried_events(state):
            self._write(event, CAUSE)
        self._write(positions(counts), CAUSE)
        unsealed = BatchSealed(
            batch=0,
            kind=SealKind.CLOSE,
            now_ns=self._now_ns,
            inputs=tuple(
                input_range(topic, shared[topic]) for topic in INPUT_TOPICS if counts[topic]
            ),
            first_seq=self._first_seq,
            next_seq=self._first_seq + len(self._events),
            outputs=tuple(
                OutputDigest(
                    topic=topic,
                    record_count=len(self.records[topic]),
                    digest=self._digests[topic].digest(),
                )
                for topic in WRITTEN
                if topic in self.records
            ),
            faults=(),
            release=by[0],
            python=by[1],
            state_hash=b"",
            previous_chain=hash_chain.GENESIS,
            chain=b"",
            resume=tuple(
                ResumeOffset(topic=topic, next_offset=counts[topic] and ends[topic] + counts[topic])
                for topic in INPUT_TOPICS
            ),
        )
        self.seal = self._sealed(unsealed, by, state_hash)
        self.records[JOURNAL] = [self._record(codec.encode(self.seal), None)]

    def _sealed(
        self, seal: BatchSealed, by: tuple[str, str], state_hash: Callable[[State], bytes]
    ) -> BatchSealed:
        """The seal with the hash of the state that it leaves, and its chain."""
        replica = Replica(self._number, *by)
        replica.begin_at_close(replace(seal, chain=hash_chain.chain(seal)), self._events)
        stated = replace(seal, state_hash=state_hash(replica.state))
        return replace(stated, chain=hash_chain.chain(stated))

    def _write(self, event: StageEvent, cause: str) -> None:
        seq = self._first_seq + len(self._events)
        stamp(event, seq, self._now_ns, cause)
        self._events.append(event)
        topic = TOPIC_OF[type(event)]
        instrument_id = getattr(event, "instrument_id", None)
        record = self._record(codec.encode(event), instrument_id and instrument_id.encode())
        self.records.setdefault(topic, []).append(record)
        digest = self._digests.setdefault(topic, hash_chain.new_hash())
        digest.update(hash_chain.frame(seq, *record[1:]))

    def _record(self, value: bytes, key: bytes | None) -> NewRecord:
        return NewRecord(self._number, self._now_ns // NS_PER_MS, key, (), value)


def positions(counts: Mapping[str, int]) -> PositionsCarried:
    """Nothing was written before, and of the inputs what the batch consumes."""
    return PositionsCarried(
        inputs=tuple(TopicPlace(topic=t, next_position=counts[t]) for t in INPUT_TOPICS),
        outputs=tuple(TopicPlace(topic=t, next_position=0) for t in WRITTEN),
    )


def input_range(topic: str, records: Sequence[NewRecord]) -> InputRange:
    digest = hash_chain.new_hash()
    for position, record in enumerate(records):
        digest.update(hash_chain.frame(position, *record[1:]))
    return InputRange(
        topic=topic, first_position=0, next_position=len(records), digest=digest.digest()
    )


# ------------------------------------------------------------------------------------ proof


def continued_from(number: int, seal: BatchSealed, events: Sequence[StageEvent]) -> LogContinued:
    """What an opening batch goes on from. Raises CorruptLogError if it does not say so."""
    first = events[0] if events else None
    if not isinstance(first, LogContinued) or seal.previous_chain != hash_chain.GENESIS:
        raise CorruptLogError(
            f"shard {number}: the first batch begins at seq {seal.first_seq} and names no log that "
            "it goes on from. The log's beginning is missing, or was written by another hand."
        )
    if seal.kind is not SealKind.CLOSE or not seal.state_hash:
        raise CorruptLogError(
            f"shard {number}: the first batch goes on from another log, but its seal is no close "
            "or states no hash of what it leaves. It was written by another hand."
        )
    if seal.first_seq < max(entry.next_seq for entry in first.closes):
        raise CorruptLogError(
            f"shard {number}: the first batch begins at seq {seal.first_seq}, not above those of "
            "all shards that it goes on from."
        )
    return first


def as_new(record: Record, partition: int) -> NewRecord:
    return NewRecord(partition, *record[2:])
