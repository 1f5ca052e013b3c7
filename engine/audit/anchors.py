"""Chain heads, signed and stored apart from the log.

A chain proves a log only to its end: a writer of the log that has this code can cut off the newest
batches, or write the whole log anew. An anchor is a statement, signed with a key that the log's
writers do not have, that a shard's batch had a certain chain at a certain time. A day is proved up
to its newest anchor; the batches after it are only consistent with themselves.

An anchor file is JSON lines, appended to and never rewritten. Each line states the heads of some
shards and SHA-256 of the line before, so a line that was removed is noticed. The signature is
Ed25519 over the line's canonical JSON (sorted keys, no spaces) without `signature`. Ed25519 is
RFC 8032; signing is the `cryptography` package's.
"""

import base64
import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from engine.log.port import EngineError

FIRST_PREVIOUS = ""  # Of a file's first line.
PRIVATE_MODE = 0o600
OTHER_KEY = "found another kind of key, expected Ed25519. Make one with `metaorder notary keygen`."


class AnchorError(EngineError):
    """An anchor or a key cannot be used; the message says which and why."""


class Head(NamedTuple):
    """A shard's newest batch, and the offset of its seal in the journal."""

    shard: int
    batch: int
    chain: bytes
    offset: int
    now_ns: int


class Anchor(NamedTuple):
    """One signed line."""

    signed_ns: int
    heads: tuple[Head, ...]
    previous: str  # SHA-256 of the line before, as hex.
    key: str  # Fingerprint of the public key: SHA-256 of its raw bytes, as hex.
    signature: bytes
    log_id: str = ""  # Empty in anchors of an early release.

    def payload(self) -> bytes:
        """The bytes that are signed."""
        return orjson.dumps(self._plain(), option=orjson.OPT_SORT_KEYS)

    def line(self) -> bytes:
        signature = base64.b64encode(self.signature).decode()
        plain = {**self._plain(), "signature": signature}
        return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS) + b"\n"

    def _plain(self) -> dict[str, Any]:
        return {
            "heads": [{**head._asdict(), "chain": head.chain.hex()} for head in self.heads],
            "key": self.key,
            "previous": self.previous,
            "signed_ns": self.signed_ns,
            **({"log": self.log_id} if self.log_id else {}),
        }


# ---------------------------------------------------------------------------------- keys


def make_key(path: Path) -> Path:
    """Write a new private key, readable by its owner alone, and the public one beside it.

    Returns the public key's path. Raises AnchorError where either file exists.
    """
    public_path = path.with_name(path.name + ".pub")
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    for key_file, content, mode in ((path, pem, PRIVATE_MODE), (public_path, public, 0o644)):
        try:
            handle = os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        except FileExistsError:
            raise AnchorError(
                f"{key_file}: exists already, and a key is never overwritten. Give another path."
            ) from None
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, mode)  # Every reader may have the public key, whatever the mask is.
            file.write(content)
    return public_path


def private_key(path: Path) -> Ed25519PrivateKey:
    """Raises AnchorError for a file that is no such key, or that other users may read."""
    if path.stat().st_mode & 0o077:
        raise AnchorError(
            f"{path}: other users may read this private key. Run chmod 600 on it; if "
            "another user may have copied it, make a new key."
        )
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise AnchorError(f"{path}: found no private key in PEM ({error}).") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise AnchorError(f"{path}: {OTHER_KEY}")
    return key


def public_key(path: Path) -> Ed25519PublicKey:
    """Raises AnchorError for a file that is no such key."""
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise AnchorError(f"{path}: found no public key in PEM ({error}).") from error
    if not isinstance(key, Ed25519PublicKey):
        raise AnchorError(f"{path}: {OTHER_KEY}")
    return key


def fingerprint(key: Ed25519PublicKey) -> str:
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()


# --------------------------------------------------------------------------------- lines


def signed(
    key: Ed25519PrivateKey,
    heads: Sequence[Head],
    previous: str,
    signed_ns: int,
    log_id: str = "",
) -> Anchor:
    by = fingerprint(key.public_key())
    unsigned = Anchor(signed_ns, tuple(heads), previous, by, b"", log_id)
    return unsigned._replace(signature=key.sign(unsigned.payload()))


def digest_of(line: bytes) -> str:
    """Digest of a line, which the next line holds as `previous`."""
    return hashlib.sha256(line).hexdigest()


def append(path: Path, anchor: Anchor) -> str:
    """Add a line, which is on the disk when this returns. Returns its digest, for the next line."""
    line = anchor.line()
    with path.open("ab") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
    return digest_of(line)


def read(path: Path, keys: Sequence[Ed25519PublicKey]) -> tuple[list[Anchor], str]:
    """All anchors of a file, and the digest of its last line.

    Each is signed by one of the keys and follows the one before. Raises AnchorError with the line
    number otherwise. A last line without its end, from a notary that was killed, is not counted.
    """
    known = {fingerprint(key): key for key in keys}
    found: list[Anchor] = []
    previous = FIRST_PREVIOUS
    for number, line in enumerate(path.read_bytes().splitlines(keepends=True), start=1):
        if not line.endswith(b"\n"):
            break
        line_name = f"{path} line {number}"
        anchor = _parsed(line, line_name)
        if anchor.previous != previous:
            raise AnchorError(f"{line_name}: does not follow the line before; a line was removed.")
        key = known.get(anchor.key)
        if key is None:
            raise AnchorError(
                f"{line_name}: signed by key {anchor.key[:16]}, which is none of the keys given. "
                "Give its public key with --key."
            )
        try:
            key.verify(anchor.signature, anchor.payload())
        except InvalidSignature:
            raise AnchorError(f"{line_name}: the signature is not this line's.") from None
        found.append(anchor)
        previous = digest_of(line)
    return found, previous


def require_of_log(found: Sequence[Anchor], log_id: str) -> None:
    """Raise AnchorError if an anchor is of another log; those of an early release do not say."""
    others = sorted({anchor.log_id for anchor in found} - {"", log_id})
    if others and log_id:
        raise AnchorError(
            f"the anchors are of log {', '.join(others)}, and this is log {log_id}: the log was "
            "deleted, or another one is at its URL. Compare the log with its anchors, or give "
            "each log a file of its own."
        )


def chains(found: Sequence[Anchor]) -> Mapping[int, dict[int, bytes]]:
    """The chains that the anchors state, by shard and batch.

    Raises AnchorError where two anchors disagree.
    """
    by_shard: dict[int, dict[int, bytes]] = {}
    for anchor in found:
        for head in anchor.heads:
            stated = by_shard.setdefault(head.shard, {})
            if stated.setdefault(head.batch, head.chain) != head.chain:
                raise AnchorError(
                    f"two anchors state different chains for shard {head.shard}, batch "
                    f"{head.batch}: the log was written anew between them, or they are of two logs."
                )
    return by_shard


def _parsed(line: bytes, line_name: str) -> Anchor:
    try:
        plain = orjson.loads(line)
        heads = tuple(
            Head(
                shard=int(each["shard"]),
                batch=int(each["batch"]),
                chain=bytes.fromhex(each["chain"]),
                offset=int(each["offset"]),
                now_ns=int(each["now_ns"]),
            )
            for each in plain["heads"]
        )
        signature = base64.b64decode(plain["signature"], validate=True)
        return Anchor(
            int(plain["signed_ns"]),
            heads,
            str(plain["previous"]),
            str(plain["key"]),
            signature,
            str(plain.get("log", "")),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise AnchorError(f"{line_name}: is no anchor ({error!r:.200}).") from error
