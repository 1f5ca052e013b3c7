"""Frames that no two records share, and the chain over a seal's fields."""

import hashlib
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from engine.core.events import BatchSealed, InputRange, OutputDigest, ResumeOffset, SealKind
from engine.log import codec
from engine.runtime import hash_chain

INT64 = st.integers(-(2**63), 2**63 - 1)
BYTES = st.binary(max_size=4)
RECORDS = st.tuples(
    INT64,
    INT64,
    st.none() | BYTES,
    st.lists(st.tuples(st.text(max_size=3), BYTES), max_size=3).map(tuple),
    BYTES,
)
SEALED = BatchSealed(
    batch=3,
    kind=SealKind.NORMAL,
    now_ns=17,
    inputs=(InputRange(topic="orders", first_position=4, next_position=6, digest=b"i" * 32),),
    first_seq=10,
    next_seq=12,
    outputs=(OutputDigest(topic="ingest", record_count=2, digest=b"o" * 32),),
    faults=(),
    release="1",
    python="3.11",
    state_hash=b"",
    previous_chain=hash_chain.GENESIS,
    chain=b"c" * 32,
    resume=(ResumeOffset(topic="orders", next_offset=9),),
)
OTHERWISE: dict[str, Any] = {
    "batch": 4,
    "kind": SealKind.CLOSE,
    "now_ns": 18,
    "inputs": (),
    "first_seq": 9,
    "next_seq": 13,
    "outputs": (),
    "faults": ("orders:4",),
    "release": "2",
    "python": "3.12",
    "state_hash": b"s" * 32,
    "previous_chain": b"p" * 32,
}


def test_the_frame_of_a_record_is_written_out() -> None:
    found = hash_chain.frame(5, -1, b"AAPL", (("source", b"oms"),), b"\x00v")

    assert found == (
        (5).to_bytes(8, "big")
        + b"\xff" * 8
        + b"\x00\x00\x00\x04AAPL"
        + b"\x00\x00\x00\x01"
        + b"\x00\x00\x00\x06source"
        + b"\x00\x00\x00\x03oms"
        + b"\x00\x00\x00\x02\x00v"
    )


def test_no_key_is_another_key_than_an_empty_one() -> None:
    assert hash_chain.frame(0, 0, None, (), b"") == bytes(16) + b"\xff" * 4 + bytes(8)
    assert hash_chain.frame(0, 0, b"", (), b"") == bytes(28)


@for_all(RECORDS, RECORDS)
def test_two_records_share_a_frame_only_if_they_are_equal(
    one: tuple[int, int, bytes | None, tuple[tuple[str, bytes], ...], bytes],
    other: tuple[int, int, bytes | None, tuple[tuple[str, bytes], ...], bytes],
) -> None:
    assert (hash_chain.frame(*one) == hash_chain.frame(*other)) == (one == other)


@for_all(st.lists(RECORDS, max_size=4), st.lists(RECORDS, max_size=4))
def test_two_lists_of_records_share_a_digest_only_if_they_are_equal(
    some: list[tuple[int, int, bytes | None, tuple[tuple[str, bytes], ...], bytes]],
    others: list[tuple[int, int, bytes | None, tuple[tuple[str, bytes], ...], bytes]],
) -> None:
    digests = []
    for records in (some, others):
        found = hash_chain.new_hash()
        for record in records:
            found.update(hash_chain.frame(*record))
        digests.append(found.digest())
    assert (digests[0] == digests[1]) == (some == others)


def test_the_chain_is_the_hash_of_the_seals_avro_bytes_without_chain_and_resume() -> None:
    bare = codec.encode(replace(SEALED, chain=b"", resume=()))

    assert hash_chain.chain(SEALED) == hashlib.sha256(bare).digest()


@pytest.mark.parametrize("name", [f.name for f in fields(BatchSealed)])
def test_every_field_but_the_chain_and_resume_moves_the_chain(name: str) -> None:
    if name in OTHERWISE:
        assert hash_chain.chain(replace(SEALED, **{name: OTHERWISE[name]})) != hash_chain.chain(
            SEALED
        )
    else:
        assert name in ("chain", "resume")
        empty: dict[str, Any] = {name: b"" if name == "chain" else ()}
        assert hash_chain.chain(replace(SEALED, **empty)) == hash_chain.chain(SEALED)


def test_the_chain_of_a_run_depends_on_the_order_of_its_shards() -> None:
    assert hash_chain.run_chain([b"a", b"b"]) == hashlib.sha256(b"ab").digest()
    assert hash_chain.run_chain([b"a", b"b"]) != hash_chain.run_chain([b"b", b"a"])
