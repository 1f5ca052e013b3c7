"""A close and the inputs before it, where a log returns one topic before another."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline import desk, in_process, proof, short_day

from engine.core import events as e
from engine.log import open_log
from engine.log.embedded import EmbeddedLog
from engine.log.port import BEGINNING, Reader, Record, Start

PARTITIONS = 1
INSTRUMENT = "I00"
LATE_READS = 20


class LateReader:
    """Returns nothing at first, like one whose first fetch is not answered yet."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._late = LATE_READS

    @property
    def next(self) -> Start:
        return self._reader.next

    def read(self, max_records: int) -> Sequence[Record]:
        self._late -= 1
        return () if self._late >= 0 else self._reader.read(max_records)

    def at_end(self) -> bool:
        return self._late < 0 and self._reader.at_end()

    def close(self) -> None:
        self._reader.close()


class LateOrders(EmbeddedLog):
    def reader(self, topic: str, partition: int, start: Start = BEGINNING) -> Any:  # noqa: ANN401
        reader = super().reader(topic, partition, start)
        return LateReader(reader) if topic == "orders" else reader


def test_a_close_waits_for_orders_that_are_in_the_log_and_not_yet_at_hand(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    with open_log(f"sqlite:{path}", partitions=PARTITIONS) as log:
        publisher = desk.Publisher(log, desk.OMS)
        desk.open_day(publisher, [INSTRUMENT])
        publisher.send(desk.order("O1", INSTRUMENT), e.DayClosed(day=desk.DAY, set_ns=1))
        with in_process.worker(lambda: LateOrders(path, PARTITIONS)) as running:
            in_process.until(lambda: in_process.taken(log, "orders", 0) == 1, "the order", running)
            closed = publisher.sent["controls", 0]
            in_process.until(
                lambda: in_process.taken(log, "controls", 0) == closed, "the close", running
            )
        assert not in_process.events(log, "ingest", e.OrderRejected)
        assert [x.cl_ord_id for x in in_process.events(log, "ingest", e.OrderAccepted)] == ["O1"]
        proof.decides_the_same(proof.partition_of(log, 0), short_day.rules(PARTITIONS))
