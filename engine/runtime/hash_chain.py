"""Record digests and the chain of seals, which make a batch provable.

A record's frame is its number (position of an input, seq of an event, 0 in the dlq), timestamp,
key, headers and value, each with its length, so that no two records share a frame. A topic's
digest is SHA-256 over the frames; the seal holds a digest for each topic, and its `chain` is
SHA-256 over the seal's Avro bytes without `chain` and `resume`. `previous_chain` is one of its
fields, so each chain depends on all before it.
"""

import hashlib
import struct
from dataclasses import replace
from typing import Protocol

from engine.core.events import BatchSealed
from engine.log import codec
from engine.log.port import Headers

GENESIS = bytes(32)  # The chain before the first seal.
_HEAD = struct.Struct(">qqi")  # Number, timestamp, length of the key.
_BODY = struct.Struct(">ii")  # No headers, length of the value.
_LENGTH = struct.Struct(">i")
_NULL = -1  # Length of a key that is null.


class Hash(Protocol):
    """A hash object of hashlib."""

    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...


def new_hash() -> Hash:
    return hashlib.sha256()


def frame(
    number: int, timestamp_ms: int, key: bytes | None, headers: Headers, value: bytes
) -> bytes:
    """The bytes of a record in a digest."""
    if key is None:
        head = _HEAD.pack(number, timestamp_ms, _NULL)
    else:
        head = _HEAD.pack(number, timestamp_ms, len(key)) + key
    if not headers:
        return head + _BODY.pack(0, len(value)) + value
    parts = [head, _LENGTH.pack(len(headers))]
    for name, content in headers:
        encoded = name.encode()
        parts += (_LENGTH.pack(len(encoded)), encoded, _LENGTH.pack(len(content)), content)
    parts += (_LENGTH.pack(len(value)), value)
    return b"".join(parts)


def chain(seal: BatchSealed) -> bytes:
    """The chain that a seal must hold."""
    return hashlib.sha256(codec.encode(replace(seal, chain=b"", resume=()))).digest()


def run_chain(shard_chains: list[bytes]) -> bytes:
    """The chain of a run: the hash of its shards' chains in order."""
    return hashlib.sha256(b"".join(shard_chains)).digest()
