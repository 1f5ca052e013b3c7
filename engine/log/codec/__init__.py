"""Events to bytes and back: what other packages import of the codec."""

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
