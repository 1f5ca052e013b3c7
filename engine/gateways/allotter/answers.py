"""The events of `ingest` that a seal covers: the only answers of a shard that count.

A receipt says what a shard can still spend, and what it has given up goes to another one. Any
process that can write to the log can add a receipt to `ingest`; no seal covers it, and it is
logged and not counted.
"""

import logging
from collections.abc import Iterator
from typing import Any

from engine.gateways.controls.tail import PIECE_RECORDS, Tail
from engine.gateways.venues.provenance import SealedRecords
from engine.gateways.venues.reading import INGEST
from engine.log import codec
from engine.log.port import JOURNAL, Log, Record
from engine.runtime.hash_chain import GENESIS
from engine.runtime.shard_log import decoded

_log = logging.getLogger(__name__)


class Answers:
    """The events that one shard writes to `ingest` from now on."""

    def __init__(self, log: Log, number: int) -> None:
        self._log = log
        self._number = number
        self._journal = Tail(log, JOURNAL, number)
        first_seq, chain = 0, GENESIS
        if self._journal.before is not None:
            seal = decoded(JOURNAL, number, self._journal.before)
            first_seq, chain = seal.next_seq, seal.chain
        self._ingest = Tail(log, INGEST, number)
        self._early = self._since(first_seq)  # Its seal may not be there yet.
        self._sealed = SealedRecords(INGEST, number, chain)

    def fresh(self, now_ns: int) -> Iterator[Any]:
        """The sealed events since the last call, in order.

        Raises CorruptLogError if a seal's are lost, LogUnavailableError.
        """
        records, self._early = [*self._early, *self._ingest.fresh()], []
        for record in records:
            self._sealed.hold(record, now_ns)
        for record in self._journal.fresh():
            self._sealed.seal(decoded(JOURNAL, self._number, record), now_ns)
        yield from self._sealed.sealed(now_ns)
        for held in self._sealed.strangers(now_ns):
            where = f"{INGEST}:{self._number}:{held.record.offset}"
            _log.warning("%s: no seal covers %.500r; it does not count", where, held.event)

    def _since(self, first_seq: int) -> list[Record]:
        """The records before the tail that are no older than an event."""
        found: list[Record] = []
        before = None if self._ingest.before is None else self._ingest.before.offset + 1
        while before is not None:
            piece = self._log.records_before(INGEST, self._number, before, PIECE_RECORDS)
            old = [x.offset for x in piece if 0 <= seq_of(x) < first_seq]
            found[:0] = [x for x in piece if not old or x.offset > old[-1]]
            before = None if old or not piece else piece[0].offset
        return found


def seq_of(record: Record) -> int:
    """The seq of an event; -1 of bytes that are none."""
    try:
        seq: int = codec.decode(INGEST, record.value).seq
    except codec.UnreadableError:
        return -1
    return seq
