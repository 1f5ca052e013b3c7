"""What only a foreign Kafka producer can write: none of it takes a worker down."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer
from pipeline import desk, fresh_log, in_process, proof, short_day

from engine.core import events as e
from engine.log import open_log
from engine.log.partition import partition_of

PARTITIONS = 2
RULES = short_day.rules(PARTITIONS)
INSTRUMENTS = tuple(f"I{number:02}" for number in range(8))
GOOD = next(name for name in INSTRUMENTS if not partition_of(name.encode(), PARTITIONS))
RECORD_MAX_BYTES = 8 * 1024 * 1024

pytestmark = pytest.mark.kafka


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    yield fresh_log.url(request, tmp_path, fresh_log.KAFKA, PARTITIONS)


@pytest.mark.parametrize(
    ("value", "key", "headers"),
    [
        pytest.param(b"?", None, [("source", None), ("number", None)], id="null headers"),
        pytest.param(None, b"I00", [], id="tombstone"),
        pytest.param(None, None, [], id="nothing at all"),
        pytest.param(b"?", b"\xff\xfe", [("source", b"\xff\xfe"), ("", b"")], id="no text"),
        pytest.param(b"?", b"k", [("source", b"A")] * 3_000, id="many headers"),
        pytest.param(bytes(RECORD_MAX_BYTES - 150), None, [], id="as large as may be"),
    ],
)
def test_a_foreign_record_costs_itself_alone(
    url: str,
    value: bytes | None,
    key: bytes | None,
    headers: list[tuple[str, str | bytes | None]],
) -> None:
    kafka, _, name = url.removeprefix("kafka:").partition("/")
    stranger = Producer({"bootstrap.servers": kafka, "message.max.bytes": RECORD_MAX_BYTES})
    with open_log(url, partitions=PARTITIONS) as log:
        publisher = desk.Publisher(log, desk.OMS)
        desk.open_day(publisher, INSTRUMENTS)
        opened = in_process.opener(url, PARTITIONS)
        with in_process.worker(opened) as running:
            publisher.send(desk.order("BEFORE", GOOD))
            in_process.until(
                lambda: in_process.events(log, "ingest", e.OrderAccepted), "a first order", running
            )
            stranger.produce(f"{name}.market-data", value, key, 0, headers=headers)
            assert stranger.flush(10) == 0
            in_process.until(
                lambda: in_process.events(log, "ingest", e.InputRejected), "a rejection", running
            )
            publisher.send(desk.order("AFTER", GOOD))
            in_process.until(
                lambda: len(in_process.events(log, "ingest", e.OrderAccepted)) == 2,
                "an order after it",
                running,
            )
        partition = proof.partition_of(log, 0)
        assert [record.value for record in partition.records["dlq"]] == [value or b""]
        proof.whole(partition, is_all_taken=False)
        decided = proof.decides_the_same(partition, RULES)
        assert proof.same_state(proof.recovered(log, 0, RULES), decided)
