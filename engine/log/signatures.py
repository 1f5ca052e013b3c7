"""Signatures of input records: the bytes that are signed, and a log that signs what it appends.

A writer signs with Ed25519 what makes its record: topic, key, headers and value. Each part is
framed with its length, so that no two records have the same bytes. The signature is the last
header. The partition follows from the key, and the timestamp means nothing, so neither is signed.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from types import TracebackType
from typing import Any, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from engine.log.port import Headers, LeasedAppender, Log, NewRecord

SIGNATURE = "signature"
DOMAIN = b"metaorder record 1"  # The key signs nothing else that could be taken for a record.
KEYS_REMEMBERED = 1_024
NO_KEY = 2**32 - 1  # The length of a key that is not there.


def signed_bytes(topic: str, key: bytes | None, headers: Headers, value: bytes) -> bytes:
    """The message: DOMAIN, then each part after its length as four bytes, the highest first.

    The parts are the topic, the key, the number of headers, name and value of each, and the value.
    """
    parts = [DOMAIN, _framed(topic.encode())]
    parts.append(NO_KEY.to_bytes(4) if key is None else _framed(key))
    own = [header for header in headers if header[0] != SIGNATURE]
    parts.append(len(own).to_bytes(4))
    for name, content in own:
        parts += [_framed(name.encode()), _framed(content)]
    parts.append(_framed(value))
    return b"".join(parts)


def _framed(part: bytes) -> bytes:
    return len(part).to_bytes(4) + part


def signature_of(headers: Headers) -> bytes:
    """Empty if there is none; of a header that is repeated the last one counts."""
    return dict(headers).get(SIGNATURE, b"")


def signed(topic: str, record: NewRecord, key: Ed25519PrivateKey) -> NewRecord:
    """The record with its signature, in the place of an earlier one."""
    headers = tuple(header for header in record.headers if header[0] != SIGNATURE)
    made = key.sign(signed_bytes(topic, record.key, headers, record.value))
    return record._replace(headers=(*headers, (SIGNATURE, made)))


def is_signed_by(
    public_key: str, topic: str, key: bytes | None, headers: Headers, value: bytes
) -> bool:
    """Whether a record's signature is that of the key, 64 hexadecimal digits."""
    try:
        message = signed_bytes(topic, key, headers, value)
        _loaded(public_key).verify(signature_of(headers), message)
    except InvalidSignature:
        return False
    return True


@lru_cache(KEYS_REMEMBERED)
def _loaded(public_key: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))


class SignedAppender:
    """The appender of a lease; what it appends is signed."""

    def __init__(self, appender: LeasedAppender, key: Ed25519PrivateKey) -> None:
        self._appender = appender
        self._key = key
        self.renew: Callable[[], None] = appender.renew
        self.close: Callable[[], None] = appender.close

    def append(self, topic: str, records: Sequence[NewRecord]) -> None:
        self._appender.append(topic, [signed(topic, record, self._key) for record in records])


class SignedLog:
    """A log whose inputs are signed as they are appended; all else is the log's own."""

    def __init__(self, log: Log, key: Ed25519PrivateKey) -> None:
        self._log = log
        self._key = key

    def append(self, topic: str, records: Sequence[NewRecord]) -> None:
        self._log.append(topic, [signed(topic, record, self._key) for record in records])

    def take_over(self, name: str, owner: str) -> LeasedAppender:
        return SignedAppender(self._log.take_over(name, owner), self._key)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  Whatever the log has.
        return getattr(self._log, name)

    def __enter__(self) -> Self:
        self._log.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._log.__exit__(kind, error, trace)
