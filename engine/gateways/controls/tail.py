"""The records of a partition that come after a moment, found from its end back.

A reader counts positions from the beginning, and an operator who stops trading cannot wait for
that. A tail asks for the last record alone, and walks back from it to the last one it has seen.
"""

from engine.log.port import Log, Record

PIECE_RECORDS = 256


class Tail:
    """The records that one partition gains from now on."""

    def __init__(self, log: Log, topic: str, partition: int) -> None:
        self._log = log
        self._topic = topic
        self._partition = partition
        self.before = log.last(topic, partition)  # The last record before the tail.
        self._seen = -1 if self.before is None else self.before.offset

    def fresh(self) -> list[Record]:
        """The records since the last call, in order. Raises LogUnavailableError."""
        last = self._last_offset()
        if last == self._seen:
            return []
        found: list[Record] = []
        before = last + 1
        while before > self._seen + 1:
            piece = self._log.records_before(self._topic, self._partition, before, PIECE_RECORDS)
            if not piece:
                break
            found[:0] = [record for record in piece if record.offset > self._seen]
            before = piece[0].offset
        self._seen = last
        return found

    def _last_offset(self) -> int:
        record = self._log.last(self._topic, self._partition)
        return -1 if record is None else record.offset
