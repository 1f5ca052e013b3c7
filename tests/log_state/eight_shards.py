"""A log of eight shards under workers of the test, with an instrument in each, and a stranger."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline import desk, in_process, proof

from engine.core.events import OrderAccepted
from engine.core.partition import partition_of
from engine.log import codec
from engine.log.embedded.appending import INSERT
from engine.log.embedded.file import Database, end_of, span_of
from engine.log.port import Log

SHARDS = 8


def instrument_of(shard: int) -> str:
    """An instrument whose orders are this shard's."""
    names = (f"I{number}" for number in range(10_000))
    return next(name for name in names if partition_of(name.encode(), SHARDS) == shard)


INSTRUMENTS = tuple(instrument_of(shard) for shard in range(SHARDS))


def accepted(log: Log) -> list[str]:
    """The ids of all accepted orders; what is no such event is passed over."""
    found = (record for shard in range(SHARDS) for record in proof.read_all(log, "ingest", shard))
    events = (codec.decode("ingest", r.value) for r in found if codec.is_a(OrderAccepted, r.value))
    return sorted(event.cl_ord_id for event in events)


class Stranger:
    """Another program that writes into the engine's file."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, None)

    def write(self, topic: str, shard: int, value: bytes) -> int:
        """Add a record that no seal covers. Returns its id."""
        span = span_of(topic, shard)
        end = end_of(self._database, span, marker=True)
        record_id = span.first + end.offset
        with self._database.transaction() as connection:
            connection.execute(INSERT, (record_id, end.position, 1, None, None, value))
        return record_id

    def remove(self, record_id: int) -> None:
        with self._database.transaction() as connection:
            connection.execute("delete from record where id = ?", (record_id,))

    def close(self) -> None:
        self._database.close()


class Held(in_process.Running):
    """A worker in a thread that goes on when a shard is set aside, and keeps which."""

    def __init__(self, url: str, owner: str, clock_ns: Callable[[], int] | None = None) -> None:
        super().__init__(in_process.opener(url, SHARDS), owner, None, clock_ns)
        self.aside: dict[int, str] = {}

    def _set_aside(self, shard: int, error: Exception) -> None:
        self.aside[shard] = str(error)


@contextmanager
def workers(
    url: str, count: int, clock_ns: Callable[[], int] | None = None
) -> Iterator[list[Held]]:
    """`clock_ns` as in `in_process.worker`: for a log that gets nothing new."""
    found = [Held(url, f"worker-{number}", clock_ns) for number in range(count)]
    for running in found:
        running.start()
    try:
        yield found
    finally:
        for running in found:
            running.finish()


def order_each(publisher: desk.Publisher, name: str) -> list[str]:
    """An order for the instrument of every shard; their ids."""
    names = [f"{name}{shard}" for shard in range(SHARDS)]
    publisher.send(*map(desk.order, names, INSTRUMENTS))
    return names
