"""How a gateway reads the log, and where it begins.

It needs the day's routes and reports, and the quotes that may still be alive.

The journal says it: children of a closed day are dead, and a quote that every seal of now has
consumed long ago is too old to trade against.
"""

import logging
from collections.abc import Iterator
from typing import Any, NamedTuple

from engine.core.events import SealKind
from engine.log import codec
from engine.log.port import BEGINNING, JOURNAL, Log, Reader, Record, Start
from engine.runtime.shard_log import decoded

REPORTS = "venue-reports"
MARKET = "market-data"
ROUTES = "routes"
READ_RECORDS = 2_000

_log = logging.getLogger(__name__)


class Beginning(NamedTuple):
    """Where a gateway begins in a shard, as its journal says."""

    routes_count: int  # Records of `routes` up to the last close: their children are dead.
    reports: Start
    market: Start  # Quotes from here on may still be alive.
    journal: Start


def beginning_of(log: Log, number: int, recent_ns: int) -> Beginning:
    """Where a shard's day began, and where the quotes since `recent_ns` begin."""
    found = Beginning(0, BEGINNING, BEGINNING, BEGINNING)
    positions = {MARKET: 0, REPORTS: 0}
    routes_count = 0
    reader = log.reader(JOURNAL, number)
    try:
        for record in _all(reader):
            seal = decoded(JOURNAL, number, record)
            positions |= {x.topic: x.next_position for x in seal.inputs if x.topic in positions}
            routes_count += sum(x.record_count for x in seal.outputs if x.topic == ROUTES)
            offsets = {x.topic: x.next_offset for x in seal.resume}
            starts = {x: Start(offsets[x], positions[x]) for x in positions}
            if seal.kind is SealKind.CLOSE:
                found = found._replace(routes_count=routes_count, reports=starts[REPORTS])
            if seal.now_ns < recent_ns:
                found = found._replace(market=starts[MARKET])
        return found._replace(journal=reader.next)
    finally:
        reader.close()


def readers(log: Log, recent_ns: int) -> dict[str, list[Reader]]:
    """A reader for each partition of what a gateway reads, each where it begins."""
    begins = [beginning_of(log, number, recent_ns) for number in range(log.partitions)]
    return {
        "reference": [log.reader("reference", 0)],
        "controls": [log.reader("controls", 0)],
        MARKET: [log.reader(MARKET, number, begin.market) for number, begin in enumerate(begins)],
        REPORTS: [log.reader(REPORTS, number, x.reports) for number, x in enumerate(begins)],
        ROUTES: [_after(log.reader(ROUTES, n), x.routes_count) for n, x in enumerate(begins)],
        JOURNAL: [log.reader(JOURNAL, number, x.journal) for number, x in enumerate(begins)],
    }


def _after(reader: Reader, count: int) -> Reader:
    """The reader behind so many records."""
    while count:
        count -= len(reader.read(min(count, READ_RECORDS)))
    return reader


def _all(reader: Reader) -> Iterator[Record]:
    while True:
        records = reader.read(READ_RECORDS)
        if not records and reader.at_end():
            return
        yield from records


def read_event(topic: str, record: Record) -> Any:  # noqa: ANN401  One of the catalogue's events.
    """The event of an input; None if it cannot be read, which the shard records."""
    try:
        return codec.decode(topic, record.value)
    except codec.UnreadableError as error:
        _log.warning("%s at offset %s: %s", topic, record.offset, error)
        return None
