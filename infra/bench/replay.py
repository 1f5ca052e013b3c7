"""Take the time of a script on a log: once through the engine, once through a bare loop.

The bare loop reads the same inputs in the same batches, turns each into plain values, turns the
plain values of the same events into the same bytes, and commits the same records. It knows Avro
and the log and nothing else: no event classes, no digests, no decisions. Engine and bare loop take
each round in turns, each on a log of its own of the same kind, so that the other load of the
machine falls on both.
"""

import gc
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, NamedTuple

import fastavro

import schemas
from engine.log.port import Lease, Leases, Log, NewRecord, Reader, Record, ShardWriter
from engine.runtime.garbage_collection import collected_rarely
from engine.runtime.recovery.finished_file import DiskStore
from engine.runtime.shard import Sealed, Shard
from infra.bench.player import Script
from infra.bench.world import RULES

APPEND_RECORDS = 5_000
CLAIM_WAIT_S = 60.0
PREFIX_BYTES = 5  # Confluent wire format: a zero byte and a 4-byte schema id.

_SCHEMAS: dict[int, Any] = {
    schema_id: fastavro.parse_schema(schemas.schema(subject))
    for subject, schema_id in schemas.catalogue().items()
}


class Plain(NamedTuple):
    """A record to write, its value as plain values."""

    record: NewRecord
    schema: Any
    prefix: bytes
    fields: Any


@dataclass(slots=True)
class Clock:
    """Seconds on the wall and of this process's processor time, and the records moved in them."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    records: int = 0
    bytes: int = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        cpu, wall = time.process_time(), time.perf_counter()
        yield
        self.seconds += time.perf_counter() - wall
        self.cpu_seconds += time.process_time() - cpu

    def moved(self, records: Sequence[Record] | Sequence[NewRecord]) -> None:
        self.records += len(records)
        self.bytes += sum(len(record.value) for record in records)


@dataclass(slots=True)
class Ends:
    """A shard's readers and its writer on one log, claimed as a worker claims them."""

    leases: Leases
    lease: Lease
    readers: dict[str, Reader]
    writer: ShardWriter
    polled_s: float = field(default_factory=time.monotonic)

    @classmethod
    def claim(cls, log: Log, topics: Sequence[str], owner: str) -> "Ends":
        leases = log.leases(owner)
        lease = None
        deadline_s = time.monotonic() + CLAIM_WAIT_S
        while lease is None:
            for gained in leases.poll(0.05).gained:
                lease = gained
            assert time.monotonic() < deadline_s, f"{owner} waits for the shard in vain"
        readers = {topic: log.reader(topic, 0) for topic in topics}
        return cls(leases, lease, readers, log.writer(lease))

    def read(self, counts: Mapping[str, int]) -> dict[str, Sequence[Record]]:
        """Exactly so many records of each topic."""
        return {topic: self._exactly(topic, count) for topic, count in counts.items()}

    def _exactly(self, topic: str, count: int) -> Sequence[Record]:
        reader = self.readers[topic]
        records = reader.read(count)
        if len(records) == count:
            return records
        found = list(records)
        while len(found) < count:
            found += reader.read(count - len(found))
        return found

    def keep_alive(self) -> None:
        if time.monotonic() - self.polled_s > 1:
            self.leases.poll(0)
            self.polled_s = time.monotonic()

    def close(self) -> None:
        self.writer.close()
        for reader in self.readers.values():
            reader.close()
        self.leases.close()


@dataclass(slots=True)
class Measured:
    """Both clocks of a replay."""

    engine: Clock
    bare: Clock

    @property
    def ratio(self) -> float:
        """Speed of the engine beside the bare loop; 1 is as fast."""
        return self.bare.seconds / self.engine.seconds


def load(log: Log, script: Script) -> None:
    """Append all inputs."""
    for topic, records in script.inputs.items():
        for first in range(0, len(records), APPEND_RECORDS):
            log.append(topic, records[first : first + APPEND_RECORDS])


def measure(script: Script, engine_log: Log, bare_log: Log, from_round: int = 0) -> Measured:
    """Play a script on both logs; `from_round` is the first whose time counts."""
    load(engine_log, script)
    load(bare_log, script)
    topics = list(script.inputs)
    ours, bare = (
        Ends.claim(log, topics, name) for log, name in ((engine_log, "engine"), (bare_log, "bare"))
    )
    shard = Shard(0, RULES, DiskStore())
    found = Measured(Clock(), Clock())
    with as_in_a_worker(), closing(ours), closing(bare):
        for number, cut in enumerate(script.rounds):
            if number == from_round:
                found = Measured(Clock(), Clock())
            expected = script.outputs[number]
            with found.engine.running():
                batch = ours.read(cut.counts)
                sealed = shard.step(batch, cut.now_ns)
                if sealed is not None:
                    ours.writer.commit(sealed.records)
            note(found.engine, batch, sealed)
            plain = plain_values(expected)
            with found.bare.running():
                copied = bare.read(cut.counts)
                written = bare_round(copied, plain)
                if written is not None:
                    bare.writer.commit(written)
            note_bare(found.bare, copied, written)
            del plain
            ours.keep_alive()
            bare.keep_alive()
    assert shard.chain == script.chain, "the log played another day than the script"
    return found


@contextmanager
def as_in_a_worker() -> Iterator[None]:
    """The collector runs as rarely as in a worker, and never over the harness's script."""
    gc.collect()
    gc.freeze()
    try:
        with collected_rarely():
            yield
    finally:
        gc.unfreeze()


def note(clock: Clock, batch: Mapping[str, Sequence[Record]], sealed: Sealed | None) -> None:
    for records in batch.values():
        clock.moved(records)
    if sealed is not None:
        for written in sealed.records.values():
            clock.moved(written)


def note_bare(
    clock: Clock,
    batch: Mapping[str, Sequence[Record]],
    written: Mapping[str, Sequence[NewRecord]] | None,
) -> None:
    for copied in batch.values():
        clock.moved(copied)
    for records in (written or {}).values():
        clock.moved(records)


def plain_values(
    outputs: Mapping[str, Sequence[NewRecord]] | None,
) -> dict[str, list[Plain]] | None:
    """The records of a round, as the values that an Avro library takes; not timed."""
    if outputs is None:
        return None
    return {topic: [plain(record) for record in records] for topic, records in outputs.items()}


def plain(record: NewRecord) -> Plain:
    prefix = record.value[:PREFIX_BYTES]
    schema = _SCHEMAS[int.from_bytes(prefix[1:], "big")]
    return Plain(record, schema, prefix, read_value(record.value))


def read_value(value: bytes) -> object:
    body = BytesIO(value)
    schema = _SCHEMAS[int.from_bytes(body.read(PREFIX_BYTES)[1:], "big")]
    return fastavro.schemaless_reader(body, schema, None)


def bare_round(
    batch: Mapping[str, Sequence[Record]], outputs: Mapping[str, Sequence[Plain]] | None
) -> dict[str, list[NewRecord]] | None:
    """Decode every input, encode every output."""
    for records in batch.values():
        for record in records:
            read_value(record.value)
    if outputs is None:
        return None
    written: dict[str, list[NewRecord]] = {}
    for topic, plains in outputs.items():
        made = written[topic] = []
        for new, schema, prefix, fields in plains:
            out = BytesIO()
            out.write(prefix)
            fastavro.schemaless_writer(out, schema, fields)
            made.append(
                NewRecord(
                    new.partition,
                    new.timestamp_ms,
                    new.key,
                    new.headers,
                    out.getvalue(),
                )
            )
    return written
