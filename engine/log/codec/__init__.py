"""Events to bytes and back, as every part outside this package uses it."""

from engine.log.codec.codec import (
    PREFIX_BYTES,
    UnreadableError,
    decode,
    decode_dict,
    decode_partly,
    decode_sealed,
    encode,
    encode_dict,
    is_a,
    topic_of,
)

__all__ = [
    "PREFIX_BYTES",
    "UnreadableError",
    "decode",
    "decode_dict",
    "decode_partly",
    "decode_sealed",
    "encode",
    "encode_dict",
    "is_a",
    "topic_of",
]
