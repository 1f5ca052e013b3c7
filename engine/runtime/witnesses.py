"""The newest times in a log, as witnesses of a clock.

A seal has the time of the worker that wrote it, an input that of its sender: mostly another
process, often another machine. Seals come first, as the first time that agrees is enough.
"""

from collections.abc import Iterator

from engine.core.units import NS_PER_MS
from engine.log.port import INPUT_TOPICS, SHARED_TOPICS, CorruptLogError, Log
from engine.runtime.shard_log import last_seal


def newest_ns(log: Log) -> Iterator[int]:
    """The times of the last seals and of each topic's last inputs, ns; none without a seal.

    Where nothing was decided yet, a wrong time can end no order. Raises LogUnavailableError.
    """
    is_empty = True
    for shard in range(log.partitions):
        try:
            seal = last_seal(log, shard)
        except CorruptLogError:  # Its shard is set aside; its time is worth nothing.
            continue
        if seal is not None:
            is_empty = False
            yield seal.now_ns
    if is_empty:
        return
    for topic in INPUT_TOPICS:
        for partition in range(1 if topic in SHARED_TOPICS else log.partitions):
            record = log.last(topic, partition)
            if record is not None:
                yield record.timestamp_ms * NS_PER_MS
