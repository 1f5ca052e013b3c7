"""Whatever is done to the files of a stopped broker is found when it runs again, with its place.

One short day is written to a real broker. While that is down, its files are copied to the topics
of other prefixes, one a kind of manipulation, and changed there, checksums and all.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, NoReturn

import kafka_broker
import pytest
from audit.kafka_segment import DERIVED, Partition, Stored
from confluent_kafka import Producer
from log.topics_created import create
from pipeline import short_day

from engine import config
from engine.audit import verification
from engine.audit.difference import Kind
from engine.audit.verification import Proof
from engine.cli.application import execute
from engine.cli.exits import Exit
from engine.cli.rules import rules_of
from engine.core.events import BatchSealed, FillBooked
from engine.log import codec, open_log, port
from engine.log.port import ALL_TOPICS, JOURNAL, STAGE_TOPICS, CorruptLogError
from engine.simulation.driver import Simulation
from engine.simulation.script import of_folder

PARTITIONS = 1
SEED = 7
WHOLE = "whole"
MIDDLE = 20  # Of a topic with many records.

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


class Folder:
    """The partitions of one prefix in a stopped broker's data."""

    def __init__(self, data: Path, prefix: str) -> None:
        self._data = data
        self._prefix = prefix

    def of(self, topic: str) -> Path:
        return self._data / f"{self._prefix}.{topic}-0"

    def partition(self, topic: str) -> Partition:
        return Partition(self.of(topic))

    def change(self, topic: str, at: int, make: Callable[[Stored], Sequence[Stored]]) -> None:
        partition = self.partition(topic)
        partition.replace_record(at, make)
        partition.write()


class Found(NamedTuple):
    """Finding that verification owes to a manipulation."""

    topic: str
    kinds: tuple[Kind, ...]
    place: str = ""  # A part of it.
    field: str = ""


# ------------------------------------------------------------------------- the manipulations


def changed_value(folder: Folder) -> Found:
    """A fill at a better price, in a body that any reader takes."""
    records = folder.partition("fills").records
    at, event = next(
        (at, event)
        for at, record in enumerate(records)
        if isinstance(event := codec.decode("fills", record.value or b""), FillBooked)
    )
    fields = {name: getattr(event, name) for name in event.__slots__}
    forged = codec.encode(FillBooked(**{**fields, "last_px": event.last_px - 1}))
    folder.change("fills", at, lambda record: [record._replace(value=forged)])
    return Found("fills", (Kind.CHANGED,), f"offset {records[at].offset}", "last_px")


def changed_byte_of_an_input(folder: Folder) -> Found:
    def flip(record: Stored) -> list[Stored]:
        value = bytearray(record.value or b"")
        value[-1] ^= 1
        return [record._replace(value=bytes(value))]

    folder.change("orders", 3, flip)
    return Found("orders", (Kind.CHANGED, Kind.UNKNOWN), "position")


def changed_key(folder: Folder) -> Found:
    folder.change("routes", 3, lambda record: [record._replace(key=b"another")])
    return Found("routes", (Kind.CHANGED,), "offset", "key")


def changed_header(folder: Folder) -> Found:
    def rename(record: Stored) -> list[Stored]:
        (name, content), *others = record.headers
        return [record._replace(headers=((name, content + b"?"), *others))]

    folder.change("market-data", MIDDLE, rename)
    return Found("market-data", (Kind.CHANGED, Kind.UNKNOWN), "position")


def changed_timestamp(folder: Folder) -> Found:
    folder.change("slices", 3, lambda r: [r._replace(timestamp_ms=r.timestamp_ms + 1)])
    return Found("slices", (Kind.CHANGED,), "offset", "timestamp_ms")


def changed_offset(folder: Folder) -> Found:
    """A hole among the records of one commit, as if one had been there; all else moves up."""
    partition = folder.partition("ingest")
    first, *later = partition.batches
    *kept, last = first.records
    hole = replace(
        first,
        records=(*kept, last._replace(offset=last.offset + 1)),
        last_offset=first.last_offset + 1,
    )
    partition.batches = [hole, *(batch.moved(1) for batch in later)]
    partition.write()
    return Found("ingest", (Kind.CHANGED,), f"offset {last.offset + 1}", "offset")


def moved_inputs(folder: Folder) -> Found:
    """All offsets from some batch on are higher by one; positions and contents are the same."""
    partition = folder.partition("venue-reports")
    at = len(partition.batches) // 2
    partition.batches[at:] = [batch.moved(1) for batch in partition.batches[at:]]
    partition.write()
    return Found(JOURNAL, (Kind.CHANGED, Kind.DECIDED))


def removed(folder: Folder) -> Found:
    folder.change("venue-reports", 5, lambda _: [])
    return Found("venue-reports", (Kind.REMOVED, Kind.UNKNOWN), "position")


def removed_event(folder: Folder) -> Found:
    folder.change("allocations", 0, lambda _: [])  # One before the last: that is the end.
    return Found("allocations", (Kind.REMOVED,), "offset")


def inserted(folder: Folder) -> Found:
    folder.change("market-data", MIDDLE, lambda record: [record, record])
    return Found("market-data", (Kind.INSERTED, Kind.UNKNOWN), "position")


def inserted_event(folder: Folder) -> Found:
    folder.change("ingest", 20, lambda record: [record, record])
    return Found("ingest", (Kind.INSERTED,), "offset")


def reordered(folder: Folder) -> Found:
    partition = folder.partition("market-data")
    one, other = partition.records[MIDDLE : MIDDLE + 2]
    partition.replace_record(MIDDLE, lambda _: [other])
    partition.replace_record(MIDDLE + 1, lambda _: [one])
    partition.write()
    return Found("market-data", (Kind.REORDERED, Kind.UNKNOWN, Kind.CHANGED), "position")


def reordered_events(folder: Folder) -> Found:
    partition = folder.partition("aggregation")
    one, other = partition.records[3:5]
    partition.replace_record(3, lambda _: [other])
    partition.replace_record(4, lambda _: [one])
    partition.write()
    return Found("aggregation", (Kind.REORDERED, Kind.REMOVED, Kind.CHANGED), "offset")


def cut_tail(folder: Folder) -> Found:
    partition = folder.partition(JOURNAL)
    del partition.batches[-2:]  # The last seal and the marker of its commit.
    partition.write()
    return Found(JOURNAL, (Kind.TRUNCATED,), "after batch")


def cut_head(folder: Folder) -> Found:
    """The log begins later, and says so."""
    partition = folder.partition("market-data")
    partition.replace_record(0, lambda _: [])
    partition.batches = [batch.moved(1) for batch in partition.batches]
    partition.write()
    return Found("market-data", (Kind.REMOVED,), "offset 0")


def cut_head_of_the_journal(folder: Folder) -> Found:
    partition = folder.partition(JOURNAL)
    del partition.batches[:2]
    partition.write()
    return Found(JOURNAL, (Kind.REMOVED,), "offset 0")


def wrong_checksum(folder: Folder) -> Found:
    """A bit of a disk, that nobody made fit: the broker serves it, the reader must not take it."""
    partition = folder.partition("orders")
    value = partition.records[3].value
    assert value
    for path in folder.of("orders").glob("*.log"):
        data = path.read_bytes()
        path.write_bytes(data.replace(value, bytes([*value[:-1], value[-1] ^ 1])))
    return Found("orders", (Kind.UNKNOWN,), "offset")


MANIPULATIONS = (
    changed_value,
    changed_byte_of_an_input,
    changed_key,
    changed_header,
    changed_timestamp,
    changed_offset,
    moved_inputs,
    removed,
    removed_event,
    inserted,
    inserted_event,
    reordered,
    reordered_events,
    cut_tail,
    cut_head,
    cut_head_of_the_journal,
    wrong_checksum,
)
CUT_EVERYWHERE = "cut-everywhere"
ROGUE = "rogue"


def cut_last_batch_everywhere(folder: Folder) -> BatchSealed:
    """The newest batch as if it had never been; returns its seal."""
    journal = folder.partition(JOURNAL)
    seal: BatchSealed = codec.decode(JOURNAL, journal.records[-1].value or b"")
    for topic in (JOURNAL, *(entry.topic for entry in seal.outputs)):
        partition = folder.partition(topic)
        del partition.batches[-2:]
        partition.write()
    return seal


# --------------------------------------------------------------------------------- the broker


class Log(NamedTuple):
    """A broker with a log a manipulation, and what is to be found in each."""

    bootstrap: str
    found: dict[str, Found]
    cut: BatchSealed

    def url(self, prefix: str) -> str:
        return f"kafka:{self.bootstrap}/{prefix}"


def copy(data: Path, prefix: str) -> Folder:
    """Give a prefix the records of the whole log; what names its topics stays its own."""
    source, target = Folder(data, WHOLE), Folder(data, prefix)
    for topic in ALL_TOPICS:
        for path in sorted(target.of(topic).iterdir()):
            if path.suffix in (".log", *DERIVED):
                path.unlink()
        for path in sorted(source.of(topic).iterdir()):
            if path.suffix in (".log", *DERIVED):
                shutil.copy(path, target.of(topic))
    return target


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Log]:
    folder = tmp_path_factory.mktemp("tampered")
    day = short_day.make(folder / "day", rows=100, order_count=20)
    with kafka_broker.private(folder / "kafka") as broker:
        broker.start()
        for prefix in (WHOLE, CUT_EVERYWHERE, ROGUE, *(m.__name__ for m in MANIPULATIONS)):
            create(broker.bootstrap, prefix, PARTITIONS)
        with open_log(f"kafka:{broker.bootstrap}/{WHOLE}", partitions=PARTITIONS) as whole:
            script = of_folder(day.data, day.inputs, day.controls, SEED)
            ours = rules_of(config.load(partitions=PARTITIONS))
            Simulation(whole, ours, script, seed=SEED).run()
        broker.stop()
        copy(broker.data, ROGUE)
        found = {m.__name__: m(copy(broker.data, m.__name__)) for m in MANIPULATIONS}
        cut = cut_last_batch_everywhere(copy(broker.data, CUT_EVERYWHERE))
        broker.start()
        yield Log(broker.bootstrap, found, cut)


def verified(url: str, anchors: dict[int, bytes] | None = None) -> Proof:
    ours = rules_of(config.load(partitions=PARTITIONS))
    with open_log(url, partitions=PARTITIONS) as log:
        steps = verification.verify(log, 0, ours, anchors=anchors)
        while True:
            try:
                next(steps)
            except StopIteration as done:
                proof: Proof = done.value
                return proof


# ---------------------------------------------------------------------------------- the tests


def test_a_broker_started_again_has_the_log_that_was_written(log: Log) -> None:
    proof = verified(log.url(WHOLE))

    assert proof.difference is None
    assert proof.batches == proof.decided == log.cut.batch + 1


@pytest.mark.parametrize("prefix", [m.__name__ for m in MANIPULATIONS])
def test_what_was_done_to_a_brokers_files_is_named_with_its_place(log: Log, prefix: str) -> None:
    expected = log.found[prefix]

    difference = verified(log.url(prefix)).difference

    assert difference is not None
    assert difference.topic == expected.topic, difference
    assert difference.kind in expected.kinds, difference
    assert expected.place in difference.place, difference
    assert difference.field == expected.field or not expected.field, difference


def test_a_batch_cut_off_in_all_topics_is_found_by_an_anchor_alone(log: Log) -> None:
    url = log.url(CUT_EVERYWHERE)

    alone, anchored = verified(url), verified(url, {log.cut.batch: log.cut.chain})

    assert (alone.difference, alone.head) == (None, log.cut.batch - 1)
    assert anchored.difference is not None
    assert anchored.difference.kind is Kind.TRUNCATED


def test_what_a_producer_without_a_lease_writes_is_found_as_inserted(log: Log) -> None:
    with open_log(log.url(ROGUE), partitions=PARTITIONS) as whole:
        record = whole.last("fills", 0)
    assert record is not None
    stranger = Producer({"bootstrap.servers": log.bootstrap})
    stranger.produce(f"{ROGUE}.fills", record.value, record.key, 0, headers=list(record.headers))
    assert stranger.flush(90) == 0

    difference = verified(log.url(ROGUE)).difference

    assert difference is not None
    assert (difference.topic, difference.kind) == ("fills", Kind.INSERTED)
    assert int(difference.place.removeprefix("offset ")) > record.offset


def read_for_ever(log: port.Log, reader: port.Reader) -> NoReturn:
    while True:
        assert not reader.read(1_000), "what lies behind a damaged batch was read"
        log.wait(0.01)


def test_a_reader_never_goes_on_behind_a_batch_that_fails_its_checksum(log: Log) -> None:
    with open_log(log.url(wrong_checksum.__name__), partitions=PARTITIONS) as damaged:
        reader = damaged.reader("orders", 0)
        for _ in range(2):  # What is wrong once stays wrong.
            with pytest.raises(CorruptLogError, match="CRC"):
                read_for_ever(damaged, reader)
        with pytest.raises(CorruptLogError, match="CRC"):
            damaged.last("orders", 0)


def test_the_command_ends_with_exit_code_3_and_the_place(
    log: Log, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METAORDER_PARTITIONS", str(PARTITIONS))

    assert execute(["verify", "--log", log.url(WHOLE)]) == Exit.OK
    assert execute(["verify", "--log", log.url(changed_value.__name__)]) == Exit.MISMATCH

    shown = capsys.readouterr().out
    assert "last_px" in shown
    assert "This is not the log that was decided" in shown


def test_the_topics_that_are_changed_hold_something(log: Log) -> None:
    """Else a manipulation would have changed nothing."""
    with open_log(log.url(WHOLE), partitions=PARTITIONS) as whole:
        for topic in (*STAGE_TOPICS, "orders", "market-data", "venue-reports", JOURNAL):
            assert whole.last(topic, 0) is not None, topic
