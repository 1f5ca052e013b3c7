"""The first batch of each shard of a log that goes on from another one of another partition count.

A log's number of partitions never changes: an instrument's shard follows from it. So a new log
takes over at a close, and its first batches carry the state that the old log's last closes left,
divided among the new shards (`core.day.repartition`). They are a function of these closes and the
first seq, so that a reader of both logs, or of the old one's archive, can make them again and
compare. Each begins with LogContinued, which names the last close of every shard of the old log:
through it the new chains hang on the old ones. Seqs go on above those of all old shards, also of
those that an idle worker's adoptions took after the close, so that no id is given twice. `controls`
and `reference` of the new log begin with the facts in force, for every gateway and view that reads
them; each first batch consumes these records.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from engine.core.controls import risk
from engine.core.day import repartition, trading_day
from engine.core.events import (
    BatchSealed,
    ControlScope,
    KillSwitchSet,
    LogContinued,
    PositionsCarried,
    RestrictionSet,
    SealKind,
    StageEvent,
    TopicPlace,
    stamp,
)
from engine.core.state import fingerprint
from engine.core.state.state import Controls, Reference, State
from engine.core.units import NS_PER_MS
from engine.log import codec
from engine.log.headers import sender_headers
from engine.log.port import (
    BEGINNING,
    INPUT_TOPICS,
    JOURNAL,
    SHARED_TOPICS,
    CorruptLogError,
    EngineError,
    NewRecord,
    Record,
)
from engine.runtime.closed_log import ClosedLog
from engine.runtime.hash_chain import GENESIS
from engine.runtime.open_batch import OpenBatch, chained, seal_record
from engine.runtime.replica import WRITTEN, Replica

CAUSE = "opening:"
SENDER = "repartition"
SET_BY_CARRY = "carried"  # `set_by` of a kill switch: the log knows only that it is engaged.


class FirstBatches(NamedTuple):
    """All first records of a log by topic, and the seals among them by shard."""

    records: dict[str, list[NewRecord]]
    seals: list[BatchSealed]


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
    the release that writes, where that is another one. Raises EngineError where the controls or
    reference data of the source's shards differ.
    """
    try:
        parted = repartition.repartitioned(source.states, partitions)
    except repartition.ShardsDifferError as error:
        raise EngineError(f"{error}. Mend it and close the day again.") from error
    shared = first_shared_records(source, parted)
    records: dict[str, list[NewRecord]] = {topic: list(shared[topic]) for topic in SHARED_TOPICS}
    seals: list[BatchSealed] = []
    for state in parted:
        batch = first_batch(source, state, shared, ends)
        seal = first_seal(batch, source.now_ns, (release, python), state_hash or hashed)
        written = {**batch.records, JOURNAL: [seal_record(state.shard, seal)]}
        for topic, own in written.items():
            records.setdefault(topic, []).extend(own)
        seals.append(seal)
    return FirstBatches(records, seals)


def hashed(state: State) -> bytes:
    """The hash that this release's seal of a first batch states of the state after it."""
    return fingerprint.fingerprint(state, 0, whole=True)


# --------------------------------------------------------------------------- shared topics


def first_shared_records(
    source: ClosedLog, parted: Sequence[State]
) -> Mapping[str, list[NewRecord]]:
    """The facts in force, as the first records of `reference` and `controls`."""
    reference, controls = repartition.shared_facts(source.states)
    facts_of = {
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
                sender_headers(SENDER, number),
                codec.encode(fact),
            )
            for number, fact in enumerate(facts)
        ]
        for topic, facts in facts_of.items()
    }


def reference_facts(reference: Reference) -> Iterator[object]:
    yield from reference.venues.values()
    yield from reference.fees.values()
    yield from reference.calendars.values()
    yield from reference.instruments.values()
    yield from reference.ticks.values()
    yield from reference.curves.values()
    for rows in reference.waiting.values():
        yield from rows
    yield from reference.actions.values()


def control_facts(controls: Controls, parted: Sequence[State], now_ns: int) -> Iterator[object]:
    for (scope, scope_id), text in controls.killed.items():
        yield KillSwitchSet(
            scope=ControlScope(scope),
            scope_id=scope_id,
            engaged=True,
            set_by=SET_BY_CARRY,
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
    for keys in controls.writer_keys.values():
        for key in sorted(keys, key=lambda one: one.from_day):
            # A reader of the new log's controls knows of no day yet, and the policy follows.
            yield key if key.from_day > controls.closed_day else replace(key, from_day=0)
    if controls.policy is not None:
        yield controls.policy


def key_of(fact: Any) -> bytes:  # noqa: ANN401  Any fact of a shared topic.
    """The record's key: what the fact is about, as far as it names it."""
    for name in ("instrument_id", "venue", "client_id", "calendar_id", "scope_id", "writer"):
        found = getattr(fact, name, None)
        if found is not None:
            return str(found).encode()
    return b""


# --------------------------------------------------------------------------------- a batch


def first_batch(
    source: ClosedLog,
    state: State,
    shared: Mapping[str, Sequence[NewRecord]],
    ends: Mapping[str, int],
) -> OpenBatch:
    """One shard's first batch, without its seal."""
    batch = OpenBatch(state.shard, source.first_seq)
    for topic in SHARED_TOPICS:
        for position, record in enumerate(shared[topic]):
            read = Record(ends[topic] + position, position, *record[1:])
            batch.consume(topic, read, BEGINNING)
    for event, cause in first_events(source, state, shared):
        stamp(event, batch.first_seq + len(batch.events), source.now_ns, cause)
        instrument_id = getattr(event, "instrument_id", None)
        batch.write_event(event, instrument_id and instrument_id.encode())
    return batch


def first_events(
    source: ClosedLog, state: State, shared: Mapping[str, Sequence[NewRecord]]
) -> Iterator[tuple[StageEvent, str]]:
    """The events of a first batch in order, each with its cause."""
    yield LogContinued(partitions=len(source.closes), closes=source.closes), CAUSE
    for position, record in enumerate(shared["controls"]):
        control = codec.decode("controls", record.value)
        for event in risk.DECIDE[type(control)](state, control, source.now_ns):
            yield event, f"controls:{position}"
    for event in trading_day.carried_events(state):
        yield event, CAUSE
    counts = {topic: len(shared.get(topic, ())) for topic in INPUT_TOPICS}
    yield positions(counts), CAUSE


def first_seal(
    batch: OpenBatch, now_ns: int, by: tuple[str, str], state_hash: Callable[[State], bytes]
) -> BatchSealed:
    """The seal of a first batch; it states the hash of the state that a replica starts with."""
    ends = {topic: consumed.next_offset for topic, consumed in batch.inputs.items()}
    seal = batch.seal(
        0,
        SealKind.CLOSE,
        now_ns,
        by=by,
        previous_chain=GENESIS,
        next_offsets={topic: ends.get(topic, 0) for topic in INPUT_TOPICS},
        state_hash=b"",
    )
    replica = Replica(batch.shard, *by)
    replica.start_at_close(seal, batch.events)
    return chained(replace(seal, state_hash=state_hash(replica.state)))


def positions(counts: Mapping[str, int]) -> PositionsCarried:
    """Nothing was written before the batch, and of the inputs it consumes these counts."""
    return PositionsCarried(
        inputs=tuple(TopicPlace(topic=t, next_position=counts[t]) for t in INPUT_TOPICS),
        outputs=tuple(TopicPlace(topic=t, next_position=0) for t in WRITTEN),
    )


# ------------------------------------------------------------------------------------ proof


def is_continued(seal: BatchSealed) -> bool:
    """Whether a batch goes on from another log: without one a shard's first seq is 0."""
    return seal.batch == 0 and seal.first_seq > 0


def continued_from(number: int, seal: BatchSealed, events: Sequence[StageEvent]) -> LogContinued:
    """The event in which a first batch names the log that it goes on from.

    Raises CorruptLogError if there is none, or its seal is not that of a first batch.
    """
    first = events[0] if events else None
    if not isinstance(first, LogContinued) or seal.previous_chain != GENESIS:
        raise CorruptLogError(
            f"shard {number}: the first batch begins at seq {seal.first_seq} and names no log that "
            "it goes on from. The log's beginning is missing, or another program wrote it."
        )
    if seal.kind is not SealKind.CLOSE or not seal.state_hash:
        raise CorruptLogError(
            f"shard {number}: the first batch goes on from another log, but its seal is no close "
            "or states no hash of the state that it leaves. Another program wrote it."
        )
    if seal.first_seq < max(entry.next_seq for entry in first.closes):
        raise CorruptLogError(
            f"shard {number}: the first batch begins at seq {seal.first_seq}, not above those of "
            "all shards that it goes on from."
        )
    return first


def as_new(record: Record, partition: int) -> NewRecord:
    return NewRecord(partition, *record[2:])
