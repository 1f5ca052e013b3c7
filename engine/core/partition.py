"""The shard of an instrument: murmur2 of the record key, as Kafka's Java clients compute it.

Java producers, `librdkafka` with `partitioner=murmur2_random` and this function agree; the
default partitioner of librdkafka (crc32) does not. The partition is always passed explicitly.
Source: org.apache.kafka.common.utils.Utils.murmur2 and toPositive.
"""

SEED = 0x9747B28C
MULTIPLIER = 0x5BD1E995
MASK = 0xFFFFFFFF


def murmur2(data: bytes) -> int:
    """32-bit murmur2 of `data`, unsigned."""
    length = len(data)
    h = SEED ^ length
    whole = length & ~3
    for at in range(0, whole, 4):
        k = int.from_bytes(data[at : at + 4], "little") * MULTIPLIER & MASK
        k = (k ^ k >> 24) * MULTIPLIER & MASK
        h = h * MULTIPLIER & MASK ^ k
    if length != whole:
        h = (h ^ int.from_bytes(data[whole:], "little")) * MULTIPLIER & MASK
    h = (h ^ h >> 13) * MULTIPLIER & MASK
    return h ^ h >> 15


def partition_of(key: bytes, partitions: int) -> int:
    """The partition of a record with this key, 0 <= partition < partitions."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions
