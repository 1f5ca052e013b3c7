"""A partition that gives no records: has it ended, or has its client stopped fetching?

A client that has stopped reports nothing, and its reader would wait for ever although more was
written. So the silence of a partition that is read is timed, from the first read that finds nothing
new. When it lasts, the broker is asked how far the log is stable. No read waits for the answer, and
where the client itself has signalled the end, the broker is asked rarely.
"""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.log.kafka.client import LOGGER
from engine.log.kafka.ends import Ends, Location

if TYPE_CHECKING:
    from concurrent.futures import Future

STALL_S = 5.0  # After so long a silence the broker is asked; after twice as long again, ...
STALL_MAX_S = 60.0  # ... up to this; also how long the client's end signal counts.


@dataclass(slots=True)
class Stall:
    """A partition whose client has given no record from an offset on."""

    offset: int
    since_s: float
    asked_s: float  # Of the last question; `since_s` if there was none.
    patience_s: float
    stable: int  # The log is known to be stable up to here; it may be further.


class Stalls:
    """The stalls of one topic's partitions. Not thread-safe: the caller holds a lock."""

    def __init__(self, topic: str, ends: Ends) -> None:
        self._topic = topic
        self._ends = ends
        self._stalls: dict[int, Stall] = {}
        self._ended: dict[int, int] = {}  # The offset at which the client signalled the end.
        self._asked: list[int] = []  # The partitions of the request that is under way.
        self._answer: Future[list[int]] | None = None

    def note_end(self, partition: int, offset: int) -> None:
        self._ended[partition] = offset

    def forget(self, partition: int) -> None:
        self._stalls.pop(partition, None)
        self._ended.pop(partition, None)

    def has_stalled(self, partition: int, offset: int, stable: int) -> bool:
        """Whether the client should give the record at `offset` and does not; logs it then.

        Call it whenever a read finds nothing. The log is known to be stable up to `stable`, 0 if
        nothing is known.
        """
        now_s = time.monotonic()
        stall = self._stalls.get(partition)
        if stall is None or stall.offset != offset:
            self._stalls[partition] = Stall(offset, now_s, now_s, STALL_S, stable)
            return False
        self._take_answer()
        stall.stable = max(stall.stable, stable)
        silent_s = now_s - stall.since_s
        if silent_s < stall.patience_s:
            return False
        if stall.stable <= offset:
            self._ask(now_s, partition)
            return False
        LOGGER.warning(
            "%s partition %d: nothing came from offset %d on for %.1f s, but the log is stable to "
            "offset %d; it is fetched anew from there",
            *(self._ends.name(self._topic), partition, offset, silent_s, stall.stable),
        )
        patience_s = min(2 * stall.patience_s, STALL_MAX_S)
        self._stalls[partition] = Stall(offset, now_s, now_s, patience_s, stall.stable)
        return True

    def _ask(self, now_s: float, partition: int) -> None:
        """Ask the broker about all silent partitions at once, if this one's time has come."""
        stall = self._stalls[partition]
        is_end = self._ended.get(partition) == stall.offset
        wait_s = STALL_MAX_S if is_end else stall.patience_s
        if self._answer is not None or now_s - stall.asked_s < wait_s:
            return
        for other in self._stalls.values():
            other.asked_s = now_s
        self._asked = list(self._stalls)
        self._answer = self._ends.stable_later([Location(self._topic, n) for n in self._asked])

    def _take_answer(self) -> None:
        if self._answer is None or not self._answer.done():
            return
        answer, self._answer = self._answer, None
        failure = answer.exception()
        if failure is not None:  # A later read that finds nothing asks again.
            LOGGER.warning(
                "%s: no records come, and the broker did not answer how far it is stable: %s",
                self._ends.name(self._topic),
                failure,
            )
            return
        for partition, stable in zip(self._asked, answer.result(), strict=True):
            if partition in self._stalls:
                stall = self._stalls[partition]
                stall.stable = max(stall.stable, stable)
