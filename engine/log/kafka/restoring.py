"""A Kafka log made of the records of a copy: new topics, the same records in the same order.

Kafka gives the offsets, so a restored topic has none of the gaps that transactions left: offset and
position of a record are the same number. Seals, which state offsets, have to be given with these.

A restore is many writes and may be cut short. The first record of the topic `identity` says that it
was begun, and the log has an id, without which no process works on it, when all records are there.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from typing import NamedTuple

from engine.log.kafka import identity, topics
from engine.log.kafka.client import Cluster
from engine.log.kafka.ends import Ends, Location
from engine.log.kafka.writer import Appender
from engine.log.port import CorruptLogError, EngineError, Identity, NewRecord, Record
from engine.log.security import OPEN, Security

RECORDS_AT_ONCE = 1_000


class Place(NamedTuple):
    """A Kafka log that is to be made."""

    bootstrap: str
    prefix: str
    partitions: int
    replication: int = 1
    security: Security = OPEN


@contextmanager
def made(place: Place, named: Identity) -> Iterator["Making"]:
    """A log of another log's records, with its id, under a prefix without topics.

    Raises EngineError where there are topics, LogUnavailableError, CorruptLogError if another
    program writes into them meanwhile; what was written is then no log, and says so.
    """
    cluster = Cluster.secured(place.bootstrap, place.prefix, place.security)
    log_id = named.log_id or identity.new_id()
    _refuse_used(cluster, place.partitions)
    topics.make(cluster, {cluster.topic(identity.TOPIC): 1}, place.replication)
    with closing(Appender(cluster)) as appender, closing(Ends(cluster)) as ends:
        identity.write(appender, {identity.RESTORING: log_id})
        topics.make(cluster, topics.layout(place.prefix, place.partitions), place.replication)
        making = Making(cluster, appender)
        yield making
        making.require_counts(ends)
        identity.write(appender, {"log_id": log_id})


def _refuse_used(cluster: Cluster, partitions: int) -> None:
    known = topics.metadata_of(cluster, topics.admin_of(cluster)).topics
    names = [*topics.layout(cluster.prefix, partitions), cluster.topic(identity.TOPIC)]
    found = [name for name in names if name in known]
    if found:
        raise EngineError(
            f"Kafka at {cluster.bootstrap} has {found[0]} already. Nothing was written; give a "
            "prefix that no log has used."
        )


class Making:
    """A Kafka log while it is filled."""

    def __init__(self, cluster: Cluster, appender: Appender) -> None:
        self._cluster = cluster
        self._appender = appender
        self._counts: dict[Location, int] = {}

    def write(self, topic: str, partition: int, records: Iterable[Record]) -> None:
        """Write records in order. Raises CorruptLogError where one is missing among them."""
        place = Location(topic, partition)
        self._counts.setdefault(place, 0)  # One without records is counted too.
        left = iter(records)
        while batch := list(islice(left, RECORDS_AT_ONCE)):
            first = self._counts.get(place, 0)
            for position, record in enumerate(batch, first):
                if record.position != position:
                    raise CorruptLogError(
                        f"partition {partition} of {topic}: position {record.position} follows in "
                        f"the copy, expected {position}"
                    )
            self._appender.append(topic, [NewRecord(partition, *record[2:]) for record in batch])
            self._counts[place] = first + len(batch)

    def require_counts(self, ends: Ends) -> None:
        """Raise CorruptLogError if a topic holds anything but what was written."""
        places = list(self._counts)
        for place, end in zip(places, ends.high(places), strict=True):
            if end != self._counts[place]:
                raise CorruptLogError(
                    f"partition {place.partition} of {self._cluster.topic(place.topic)} ends at "
                    f"offset {end}, expected {self._counts[place]}: another program wrote into it. "
                    "Delete the topics of the prefix, and restore again."
                )
