"""The partitioner against the vectors of Kafka's own test, UtilsTest.testMurmur2."""

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from engine.core.partition import murmur2, partition_of

JAVA_VECTORS = [
    (b"21", -973932308),
    (b"foobar", -790332482),
    (b"a-little-bit-long-string", -985981536),
    (b"a-little-bit-longer-string", -1486304829),
    (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
    (b"abc", 479470107),
]


@pytest.mark.parametrize(("key", "java_int"), JAVA_VECTORS)
def test_murmur2_is_javas(key: bytes, java_int: int) -> None:
    assert murmur2(key) == java_int & 0xFFFFFFFF


@pytest.mark.parametrize(("key", "java_int"), JAVA_VECTORS)
def test_the_partition_drops_the_sign_bit_as_to_positive_does(key: bytes, java_int: int) -> None:
    assert partition_of(key, 8) == (java_int & 0x7FFFFFFF) % 8


@for_all(st.binary(max_size=64), st.integers(1, 4_096))
def test_a_partition_is_always_in_range(key: bytes, partitions: int) -> None:
    assert 0 <= partition_of(key, partitions) < partitions
    assert partition_of(key, 1) == 0
