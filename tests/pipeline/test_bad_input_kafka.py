"""Records that only another program's Kafka producer can write: none of them ends a worker."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from confluent_kafka import Producer
from pipeline import desk, fresh_log, in_process, proof, short_day

from engine.core import events as e
from engine.core.partition import partition_of
from engine.log import open_log

PARTITIONS = 2
RULES = short_day.rules(PARTITIONS)
INSTRUMENTS = tuple(f"I{number:02}" for number in range(8))
GOOD = next(name for name in INSTRUMENTS if not partition_of(name.encode(), PARTITIONS))
RECORD_MAX_BYTES = 8 * 1024 * 1024

pytestmark = pytest.mark.kafka


Foreign = tuple[bytes | None, bytes | None, list[tuple[str, str | bytes | None]]]

HOSTILE: tuple[Foreign, ...] = (
    (None, b"I00", []),  # A tombstone.
    (None, None, []),
    (b"?", b"\xff\xfe", [("source", b"\xff\xfe"), ("", b"")]),  # No text.
    (b"?", b"k", [("source", b"A")] * 3_000),
    (b"?", None, [("source", b"A"), ("number", b"9" * 5_000)]),
    (bytes(RECORD_MAX_BYTES - 150), None, []),  # As large as may be.
)
NULL_HEADERS: Foreign = (b"?", None, [("source", None), ("number", None)])


def check_costs_itself_alone(url: str, hostile: Sequence[Foreign]) -> None:
    kafka, _, name = url.removeprefix("kafka:").partition("/")
    stranger = Producer({"bootstrap.servers": kafka, "message.max.bytes": RECORD_MAX_BYTES})
    with open_log(url, partitions=PARTITIONS) as log:
        publisher = desk.Publisher(log, desk.OMS)
        desk.open_day(publisher, INSTRUMENTS)
        opened = in_process.opener(url, PARTITIONS)
        with in_process.worker(opened) as running:
            for value, key, headers in hostile:
                stranger.produce(f"{name}.market-data", value, key, 0, headers=headers)
            assert stranger.flush(10) == 0
            publisher.send(desk.order("AFTER", GOOD))
            in_process.until(
                lambda: (
                    len(in_process.events(log, "ingest", e.InputRejected)) == len(hostile)
                    and in_process.events(log, "ingest", e.OrderAccepted)
                ),
                f"{len(hostile)} rejections and an order",
                running,
            )
        partition = proof.partition_of(log, 0)
        buried = [record.value for record in partition.records["dlq"]]
        assert buried == [value or b"" for value, _, _ in hostile]
        proof.whole(partition, is_all_taken=False)
        decided = proof.decides_the_same(partition, RULES)
        assert proof.same_state(proof.recovered(log, 0, RULES), decided)


def test_foreign_records_cost_themselves_alone(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = fresh_log.url(request, tmp_path, fresh_log.KAFKA, PARTITIONS)
    check_costs_itself_alone(url, HOSTILE)


def test_a_header_without_a_value_costs_its_record_alone(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = fresh_log.url(request, tmp_path, fresh_log.KAFKA, PARTITIONS)
    check_costs_itself_alone(url, [NULL_HEADERS])
