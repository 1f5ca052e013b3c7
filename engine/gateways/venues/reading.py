"""The topics that a gateway reads, and how it reads them."""

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from engine.core.events import (
    DepthObserved,
    QuoteObserved,
    TradeObserved,
    VenueStatusObserved,
)
from engine.log import codec
from engine.log.port import Reader, Record

REFERENCE = "reference"
CONTROLS = "controls"
REPORTS = "venue-reports"
MARKET = "market-data"
ROUTES = "routes"
INGEST = "ingest"
MARKET_EVENTS = (QuoteObserved, TradeObserved, DepthObserved, VenueStatusObserved)
READ_RECORDS = 2_000  # One bounded read.

Handler = Callable[[int, Record], None]  # Takes the partition and its next record.

_log = logging.getLogger(__name__)


class Topics:
    """The readers of each topic; every record goes to its topic's handler."""

    def __init__(self, handlers: Mapping[str, Handler], on_step: Callable[[], object]) -> None:
        """`on_step` is called again and again while a long read goes on."""
        self._on_step = on_step
        self._handlers = handlers
        self._readers: Mapping[str, list[Reader]] = {}

    def open(self, readers: Mapping[str, list[Reader]]) -> None:
        """Read by these from now on, topic to a reader for each of its partitions."""
        self._readers = readers

    def read_each(self) -> bool:
        """Read once of every topic; True if there was a record."""
        return any([self.read(topic) for topic in self._readers])  # noqa: C419  Every one of them.

    def read(self, topic: str) -> bool:
        """Read what a topic has now, in bounds; True if there was a record.

        Its partitions share the bound: a kill switch waits for one round of all of them.
        """
        handle = self._handlers[topic]
        readers = self._readers[topic]
        has_read = False
        for number, reader in enumerate(readers):
            for record in reader.read(max(1, READ_RECORDS // len(readers))):
                handle(number, record)
                has_read = True
        return has_read

    def read_to_end(self, *topics: str) -> None:
        for topic in topics:
            while not all(reader.at_end() for reader in self._readers[topic]):
                self.read(topic)
                self._on_step()

    def close(self) -> None:
        for readers in self._readers.values():
            for reader in readers:
                reader.close()


def read_event(topic: str, record: Record) -> Any:  # noqa: ANN401  One of the catalogue's events.
    """The event of an input; None if it cannot be read, which the shard records."""
    try:
        return codec.decode(topic, record.value)
    except codec.UnreadableError as error:
        _log.warning("%s at offset %s: %s", topic, record.offset, error)
        return None


def read_all(reader: Reader) -> Iterator[Record]:
    """Every record that the reader has not returned yet, up to the end."""
    while True:
        records = reader.read(READ_RECORDS)
        if not records and reader.at_end():
            return
        yield from records
