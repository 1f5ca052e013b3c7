"""Input records as every edge writes them: key, partition, sender and its own number.

The key is the instrument, the partition murmur2 of it; controls and reference have one partition.
`number` rises with each record of a sender, so that a record that could not be read can be
requested by it. A process starts its count at the clock in microseconds: it needs no memory between
runs, and rises over them as long as a sender writes fewer than a million records a second.
"""

from collections.abc import Sequence

from engine.core.partition import partition_of
from engine.core.units import NS_PER_MS
from engine.log.codec import encode, topic_of
from engine.log.headers import sender_headers
from engine.log.port import SHARED_TOPICS, NewRecord

SHARED_PARTITION = 0


def first_number(clock_ns: int) -> int:
    """The number before a process's first record."""
    return clock_ns // 1_000


def record(
    event: object, key: str, *, sender: str, number: int, at_ns: int, partitions: int
) -> NewRecord:
    """The record of an input event whose topic has `partitions` partitions, unless it is shared."""
    name = key.encode()
    shared = topic_of(event) in SHARED_TOPICS
    return NewRecord(
        partition=SHARED_PARTITION if shared else partition_of(name, partitions),
        timestamp_ms=at_ns // NS_PER_MS,
        key=name,
        headers=sender_headers(sender, number),
        value=encode(event),
    )


def shared_records(
    keyed: Sequence[tuple[str, object]], *, sender: str, at_ns: int
) -> list[NewRecord]:
    """Records for `controls` or `reference`: (key, event) pairs in order."""
    first = first_number(at_ns)
    return [
        record(event, key, sender=sender, number=first + n, at_ns=at_ns, partitions=1)
        for n, (key, event) in enumerate(keyed)
    ]
