"""Move records from the log into one DuckDB table an event type.

The loader goes shard by shard along the journal. A seal says how many records its batch wrote to
each topic and which inputs it consumed; exactly these are read, decoded straight to columns and
inserted. The rows of whole batches and the positions behind them are committed in one DuckDB
transaction, so a projector that is killed anywhere continues where the tables end: no row twice,
none missing. Inputs that no batch has consumed yet are not loaded.

On the way it checks that batches, seqs and positions follow each other without a gap and that
every topic holds what the seal counted; `metaorder verify` proves digests and chains.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import duckdb
import pyarrow as pa

from engine.log.codec import UnreadableError, decode_dict
from engine.log.headers import UNKNOWN_NUMBER, rejection_of, sender_of
from engine.log.port import (
    BEGINNING,
    DLQ,
    INPUT_TOPICS,
    JOURNAL,
    SHARED_TOPICS,
    STAGE_TOPICS,
    CorruptLogError,
    Headers,
    Log,
    Reader,
    Record,
    Start,
)
from projections.tables import Table, tables

ROWS_A_TRANSACTION = 50_000  # Guess: large enough to hide DuckDB's cost a statement.
ROWS_A_CHUNK = 4_096  # Rows held as Python objects before they become columns.
SEALS_A_READ = 16
COUNTED_RECORDS_WAIT_S = 15.0  # A commit reaches a log's partitions one by one; Kafka's time-out.
OWN_INPUTS: Final = tuple(topic for topic in INPUT_TOPICS if topic not in SHARED_TOPICS)
SHARD_TOPICS: Final = (*OWN_INPUTS, *STAGE_TOPICS, DLQ, JOURNAL)

Row = dict[str, Any]


class Loaded(NamedTuple):
    """Counts of one `load`."""

    rows: int
    batches: int


@dataclass(slots=True)
class _Shard:
    """The loader's progress in a shard; the last seal identifies the log."""

    next_batch: int = 0
    next_seq: int = 0
    seal: Start = BEGINNING  # Position of the last seal.
    chain: bytes = b""  # The last seal's chain; empty before the first.


@dataclass(slots=True)
class _Rows:
    """Rows on their way into one table: a few as dicts, the rest as columns."""

    table: Table
    fresh: list[Row] = field(default_factory=list)
    chunks: list[pa.RecordBatch] = field(default_factory=list)

    def add(self, row: Row) -> None:
        self.fresh.append(row)
        if len(self.fresh) >= ROWS_A_CHUNK:
            self.settle()

    def settle(self) -> None:
        if self.fresh:
            self.chunks.append(self.table.batch(self.fresh))
            self.fresh = []


class Loader:
    """Fills the tables of one connection from one log; drop it after any error."""

    def __init__(self, log: Log, connection: duckdb.DuckDBPyConnection) -> None:
        """Continue where the tables end. Raises OtherLogError if another log filled them."""
        self._log = log
        self._connection = connection
        self._rows: dict[str, _Rows] = {}
        create_tables(connection)
        starts, self._shards = _read_progress(connection, log.partitions)
        self._require_same_log()
        self._readers: dict[tuple[int, str], Reader] = {}
        for shard in range(log.partitions):
            for topic in (*SHARD_TOPICS, *(SHARED_TOPICS if shard == 0 else ())):
                start = starts.get((shard, topic), BEGINNING)
                self._readers[shard, topic] = log.reader(topic, shard, start)

    @property
    def next_batches(self) -> Sequence[int]:
        """The number of batches loaded of each shard."""
        return [shard.next_batch for shard in self._shards]

    def load(self, max_rows: int = ROWS_A_TRANSACTION) -> Loaded:
        """Load whole batches until about `max_rows` rows and commit them; 0 batches at the end."""
        rows = batches = 0
        moving = list(range(len(self._shards)))
        while moving and rows < max_rows:
            for shard in tuple(moving):
                seals = self._readers[shard, JOURNAL].read(SEALS_A_READ)
                if not seals:
                    moving.remove(shard)
                rows += sum(self._load_batch(shard, record) for record in seals)
                batches += len(seals)
        if batches:
            self._commit()
        return Loaded(rows, batches)

    def close(self) -> None:
        """Close the readers; the connection is the caller's."""
        for reader in self._readers.values():
            reader.close()

    # ------------------------------------------------------------------ one batch

    def _load_batch(self, shard: int, record: Record) -> int:
        seal = _stage_row(JOURNAL, shard, record)
        self._check_seal(shard, seal)
        rows = 1 + self._load_outputs(shard, seal)
        for consumed in seal["inputs"]:
            rows += self._load_inputs(shard, consumed)
        self._add("BatchSealed", seal)
        state = self._shards[shard]
        state.next_batch, state.next_seq = seal["batch"] + 1, seal["next_seq"]
        state.seal, state.chain = Start(record.offset, record.position), seal["chain"]
        return rows

    def _check_seal(self, shard: int, seal: Row) -> None:
        state = self._shards[shard]
        if state.next_batch == 0 and seal["kind"] == "CLOSE":
            state.next_seq = seal["first_seq"]  # This log continues another one, above its seqs.
        if (seal["batch"], seal["first_seq"]) != (state.next_batch, state.next_seq):
            raise CorruptLogError(
                f"shard {shard}: the journal holds batch {seal['batch']} from seq "
                f"{seal['first_seq']}, expected batch {state.next_batch} from seq "
                f"{state.next_seq}. Run `metaorder verify --log URL --shard {shard}`."
            )

    def _load_outputs(self, shard: int, seal: Row) -> int:
        count = 0
        seqs: list[int] = []
        for output in seal["outputs"]:
            topic = output["topic"]
            for record in self._take(shard, topic, output["record_count"]):
                count += 1
                if topic == DLQ:
                    self._add("", _dlq_row(shard, record))
                    continue
                row = _stage_row(topic, shard, record)
                row["event_id"] = f"{shard}-{row['seq']}"
                seqs.append(row["seq"])
                self._add(row["event"], row)
        seqs.sort()
        expected = range(seal["first_seq"], seal["next_seq"])
        if len(seqs) != len(expected) or any(map(int.__ne__, seqs, expected)):
            found = next((s for s, e in zip(seqs, expected, strict=False) if s != e), "no more")
            raise CorruptLogError(
                f"shard {shard}: batch {seal['batch']} counts seq {expected.start} to "
                f"{expected.stop - 1}, found {len(seqs)} events and {found} out of order. "
                f"Run `metaorder verify --log URL --shard {shard}`."
            )
        return count

    def _load_inputs(self, shard: int, consumed: Row) -> int:
        topic = consumed["topic"]
        shared = topic in SHARED_TOPICS
        partition = 0 if shared else shard
        at = self._readers[partition, topic].next.position
        first, end = consumed["first_position"], consumed["next_position"]
        if not shared and first != at:
            raise CorruptLogError(
                f"shard {shard}: a batch consumed {topic} from position {first}, expected {at}. "
                f"Run `metaorder verify --log URL --shard {shard}`."
            )
        count = 0
        for record in self._take(partition, topic, end - at):  # Another shard may be ahead.
            row = _input_row(topic, partition, record)
            if row is not None:
                count += 1
                self._add(row["event"], row)
        return count

    def _take(self, partition: int, topic: str, count: int) -> Iterator[Record]:
        """Exactly `count` records. Raises CorruptLogError if the topic ends before."""
        reader = self._readers[partition, topic]
        deadline = time.monotonic() + COUNTED_RECORDS_WAIT_S
        while count > 0:
            records = reader.read(count)
            count -= len(records)
            yield from records
            if records:
                deadline = time.monotonic() + COUNTED_RECORDS_WAIT_S
            elif time.monotonic() > deadline:
                raise CorruptLogError(
                    f"shard {partition}: {topic} ends at position {reader.next.position}, its "
                    f"journal counts {count} more records. "
                    f"Run `metaorder verify --log URL --shard {partition}`."
                )
            else:
                self._log.wait(0.01)

    def _add(self, event: str, row: Row) -> None:
        rows = self._rows.get(event)
        if rows is None:
            rows = self._rows[event] = _Rows(tables()[event])
        rows.add(row)

    # ------------------------------------------------------------------ DuckDB

    def _commit(self) -> None:
        connection = self._connection
        connection.begin()
        for rows in self._rows.values():
            rows.settle()
            connection.from_arrow(pa.Table.from_batches(rows.chunks)).insert_into(rows.table.name)
        self._write_progress()
        connection.commit()
        self._rows.clear()

    def _write_progress(self) -> None:
        positions = [
            {"shard": shard, "topic": topic, **reader.next._asdict()}
            for (shard, topic), reader in self._readers.items()
        ]
        shards = [
            {
                "shard": number,
                "next_batch": state.next_batch,
                "next_seq": state.next_seq,
                "seal_offset": state.seal.offset,
                "seal_position": state.seal.position,
                "chain": state.chain,
            }
            for number, state in enumerate(self._shards)
        ]
        self._connection.execute("delete from projection_positions")
        self._connection.from_arrow(pa.Table.from_pylist(positions, POSITIONS)).insert_into(
            "projection_positions"
        )
        self._connection.execute("delete from projection_shards")
        self._connection.from_arrow(pa.Table.from_pylist(shards, SHARDS)).insert_into(
            "projection_shards"
        )

    def _require_same_log(self) -> None:
        for shard, state in enumerate(self._shards):
            if not state.chain:
                continue
            # Not by a reader, which on Kafka has nothing yet when it is new.
            found = self._log.records_before(JOURNAL, shard, state.seal.offset + 1, 1)
            newest = found[-1] if found and found[-1].offset == state.seal.offset else None
            chain = decode_dict(JOURNAL, newest.value)[1]["chain"] if newest else None
            if chain != state.chain:
                raise OtherLogError(
                    f"shard {shard}: batch {state.next_batch - 1} of the projection is not in "
                    f"this log: another log filled it."
                )


class OtherLogError(CorruptLogError):
    """Another log filled the tables: rebuild them."""


# ---------------------------------------------------------------------- rows of records


def _stage_row(topic: str, shard: int, record: Record) -> Row:
    """The row of a record that the engine wrote. Raises CorruptLogError if it can't be read."""
    try:
        event, row = decode_dict(topic, record.value)
    except UnreadableError as error:
        raise CorruptLogError(
            f"shard {shard}: {topic} position {record.position} holds no event: {error}. "
            f"Run `metaorder verify --log URL --shard {shard}`."
        ) from error
    return _with_position(event, row, shard, record)


def _input_row(topic: str, partition: int, record: Record) -> Row | None:
    """The row of an input; None if it can't be read: then dlq and input_rejected have it."""
    try:
        event, row = decode_dict(topic, record.value)
    except UnreadableError:
        return None
    row = _with_position(event, row, partition, record)
    row["sender"], row["sender_number"] = _sender(record.headers)
    row["resubmits"] = _resubmits(record.headers)
    return row


def _with_position(event: str, row: Row, partition: int, record: Record) -> Row:
    table = tables()[event]
    for old, new in table.renamed:
        row[new] = row.pop(old)
    if not table.has_instrument and record.key is not None:
        row["instrument_id"] = record.key.decode("utf-8", "replace")
    row["event"] = event
    row["shard"] = partition
    row["position"] = record.position
    row["log_offset"] = record.offset
    row["timestamp_ms"] = record.timestamp_ms
    return row


def _dlq_row(shard: int, record: Record) -> Row:
    rejection = rejection_of(record.headers)
    sender, number = _sender(record.headers)
    return {
        "shard": shard,
        "position": record.position,
        "log_offset": record.offset,
        "timestamp_ms": record.timestamp_ms,
        "instrument_id": None if record.key is None else record.key.decode("utf-8", "replace"),
        "topic": rejection.topic,
        "input_position": None if rejection.position == UNKNOWN_NUMBER else rejection.position,
        "reason": rejection.reason,
        "sender": sender,
        "sender_number": number,
        "raw": record.value,
    }


def _sender(headers: Headers) -> tuple[str | None, int | None]:
    """A record's sender and the sender's number for it; None for what is unknown."""
    sender = sender_of(headers)
    return sender.name or None, None if sender.number == UNKNOWN_NUMBER else sender.number


def _resubmits(headers: Headers) -> str | None:
    """The rejected record that this one replaces; None for most."""
    found = (value for name, value in headers if name == "resubmits")
    named = next(found, None)
    return None if named is None else named.decode("utf-8", "replace")


# ---------------------------------------------------------------------- the progress tables


def _schema(**columns: pa.DataType) -> pa.Schema:
    return pa.schema(columns)


POSITIONS: Final = _schema(
    shard=pa.int32(), topic=pa.string(), offset=pa.int64(), position=pa.int64()
)
SHARDS: Final = _schema(
    shard=pa.int32(),
    next_batch=pa.int64(),
    next_seq=pa.int64(),
    seal_offset=pa.int64(),
    seal_position=pa.int64(),
    chain=pa.binary(),
)


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the missing tables: one for each event type, and the loader's progress."""
    there = {
        row[0] for row in connection.execute("select table_name from duckdb_tables()").fetchall()
    }
    wanted: dict[str, Callable[[], pa.Table]] = {
        "projection_positions": POSITIONS.empty_table,
        "projection_shards": SHARDS.empty_table,
        **{table.name: table.empty for table in tables().values()},
    }
    connection.begin()
    for name, empty in wanted.items():
        if name not in there:
            connection.from_arrow(empty()).create(name)
    connection.commit()


def _read_progress(
    connection: duckdb.DuckDBPyConnection, partitions: int
) -> tuple[dict[tuple[int, str], Start], list[_Shard]]:
    starts = {
        (shard, topic): Start(offset, position)
        for shard, topic, offset, position in connection.execute(
            'select shard, topic, "offset", "position" from projection_positions'
        ).fetchall()
    }
    shards = [_Shard() for _ in range(partitions)]
    for row in connection.execute(
        "select shard, next_batch, next_seq, seal_offset, seal_position, chain "
        "from projection_shards"
    ).fetchall():
        shards[row[0]] = _Shard(row[1], row[2], Start(row[3], row[4]), row[5])
    return starts, shards
