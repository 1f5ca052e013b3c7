"""Sign the heads of all chains every minute and at each close, and store them apart from the log.

A notary is a process of its own with its own key. It only reads the log, checks that each seal
follows the one before, and stops at a seal that does not: a notary that stopped is an alarm. It
starts at its newest anchor, so a start after a year is as quick as one after a day. In a log that
was restored with offsets of its own it finds the seals that it signed by their numbers.
"""

import logging
import time
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine.audit import anchors
from engine.audit.anchors import AnchorError, Head
from engine.core.events import SealKind
from engine.log.port import JOURNAL, CorruptLogError, Log, Record, Start
from engine.runtime import hash_chain
from engine.runtime.shard_log import SealRecord, ShardLog, decoded

SIGN_EVERY_S = 60.0
POLL_EVERY_S = 1.0  # For new seals; a close is signed at the next poll.
READ_RECORDS = 2_000

_log = logging.getLogger(__name__)


class Notary:
    """Reads the journals of a log and signs their heads."""

    def __init__(
        self,
        log: Log,
        path: Path,
        key: Ed25519PrivateKey,
        *,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """Raises AnchorError for a file with anchors of another key or log, or with broken ones."""
        self._path = path
        self._key = key
        self._log_id = log.identity.log_id
        self._clock_ns = clock_ns
        self._previous = anchors.FIRST_PREVIOUS
        self._heads: dict[int, Head] = {}
        if path.exists():
            found, self._previous = anchors.read(path, [key.public_key()])
            self._refuse_unended(path)
            anchors.require_of_log(found, log.identity.log_id)
            for anchor in found:
                self._heads |= {head.shard: head for head in anchor.heads}
        self._signed = dict(self._heads)
        self._readers = [
            log.reader(JOURNAL, shard, self._start(log, shard)) for shard in range(log.partitions)
        ]

    def sign_new(self) -> bool:
        """Read every journal to its end. Returns whether a day was closed.

        Raises CorruptLogError if a seal does not follow the one before.
        """
        is_closed = False
        for shard, reader in enumerate(self._readers):
            while (records := reader.read(READ_RECORDS)) or not reader.at_end():
                for record in records:  # None where Kafka has not answered yet.
                    is_closed |= self._follow(shard, record)
        return is_closed

    def sign(self) -> int:
        """Sign the new heads. Returns the number of shards that have one."""
        news = [head for shard, head in self._heads.items() if self._signed.get(shard) != head]
        if news:
            news.sort(key=lambda head: head.shard)
            anchor = anchors.signed(self._key, news, self._previous, self._clock_ns(), self._log_id)
            self._previous = anchors.append(self._path, anchor)
            self._signed = dict(self._heads)
        return len(news)

    def run(self, is_over: Callable[[float], bool], every_s: float = SIGN_EVERY_S) -> None:
        """Read and sign until `is_over`, which waits the seconds given; sign once more then."""
        due_s = time.monotonic()
        while True:
            is_closed = self.sign_new()
            if is_closed or time.monotonic() >= due_s:
                count = self.sign()
                _log.info("%s heads signed%s", count, ", a day was closed" if is_closed else "")
                due_s = time.monotonic() + every_s
            if is_over(POLL_EVERY_S):
                self.sign_new()
                self.sign()
                return

    def close(self) -> None:
        for reader in self._readers:
            reader.close()

    def _start(self, log: Log, shard: int) -> Start:
        """After the seal that was signed last; a journal's position is its batch number."""
        head = self._heads.get(shard)
        if head is None:
            return Start(0, 0)
        found = _seal_at(log, shard, Start(head.offset, head.batch))
        if found is None or not _is_of(head, found):
            found = _seal_of(log, head)
            self._heads[shard] = self._signed[shard] = head._replace(offset=found.record.offset)
        return Start(found.record.offset + 1, head.batch + 1)

    def _follow(self, shard: int, record: Record) -> bool:
        seal = decoded(JOURNAL, shard, record)
        head = self._heads.get(shard)
        previous = hash_chain.GENESIS if head is None else head.chain
        batch = 0 if head is None else head.batch + 1
        follows = (seal.batch, seal.previous_chain, seal.chain)
        if follows != (batch, previous, hash_chain.chain(seal)):
            raise CorruptLogError(
                f"shard {shard}: the seal at offset {record.offset}, batch {seal.batch}, does not "
                f"follow batch {batch - 1}, or does not have the chain it states. It is not "
                f"signed; run `metaorder verify --shard {shard}`."
            )
        self._heads[shard] = Head(shard, seal.batch, seal.chain, record.offset, seal.now_ns)
        return seal.kind is SealKind.CLOSE

    def _refuse_unended(self, path: Path) -> None:
        if path.stat().st_size and not path.read_bytes().endswith(b"\n"):
            raise AnchorError(
                f"{path}: the last line is incomplete, as a notary was killed while writing it. "
                "Remove that line and start again: an incomplete line is no anchor, none is lost."
            )


def _is_of(head: Head, found: SealRecord) -> bool:
    return (found.seal.batch, found.seal.chain) == (head.batch, head.chain)


def _seal_at(log: Log, shard: int, start: Start) -> SealRecord | None:
    """The seal there; None if the log has none."""
    with ShardLog(log, shard) as shard_log:
        shard_log.start(JOURNAL, start)
        try:
            return next(shard_log.seals(), None)
        except CorruptLogError:  # It may be elsewhere; if it is not, that is said.
            return None


def _seal_of(log: Log, head: Head) -> SealRecord:
    """The seal that was signed, by its number. Raises CorruptLogError."""
    with ShardLog(log, head.shard) as shard_log:
        for found in shard_log.seals():
            if _is_of(head, found):
                return found
    raise CorruptLogError(
        f"shard {head.shard}: batch {head.batch} was signed with chain {head.chain.hex()}, and the "
        "log has no such seal: it was cut or replaced. Nothing is signed; run `metaorder verify "
        f"--anchors FILE --shard {head.shard}`."
    )
