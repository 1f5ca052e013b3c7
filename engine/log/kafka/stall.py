"""A partition that hands nothing out: has it ended, or has its client stopped fetching?

A client that stops says nothing, and its reader would wait for ever below what is written. So the
silence of a partition that is read is timed, from the first look that finds nothing new; when it
lasts, the broker is asked how far the log is stable. No read waits for the answer, and where the
client itself has said that this is the end, the question comes seldom.
"""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.log.kafka.client import LOGGER
from engine.log.kafka.ends import Ends, Location

if TYPE_CHECKING:
    from concurrent.futures import Future

STALL_S = 5.0  # A silence is looked into after this; then it is given twice as long, ...
STALL_MAX_S = 60.0  # ... up to this, which is also what the client's word for an end is good for.


@dataclass(slots=True)
class Silence:
    """From an offset on nothing is handed out."""

    offset: int
    since_s: float
    asked_s: float  # Of the last question; as the silence began if there was none.
    patience_s: float
    stable: int  # The log is known to be stable up to here; it may be further.


class Silences:
    """Those of one topic. Whoever calls sees to it that nobody else does."""

    def __init__(self, topic: str, ends: Ends) -> None:
        self._topic = topic
        self._ends = ends
        self._silences: dict[int, Silence] = {}
        self._ended: dict[int, int] = {}  # What the client has called the end.
        self._asked: list[int] = []  # The partitions of the question that is under way.
        self._answer: Future[list[int]] | None = None

    def say_end(self, partition: int, offset: int) -> None:
        self._ended[partition] = offset

    def forget(self, partition: int) -> None:
        self._silences.pop(partition, None)
        self._ended.pop(partition, None)

    def has_stalled(self, partition: int, offset: int, stable: int) -> bool:
        """Whether the client ought to hand out what lies at `offset`, and does not; says so.

        Ask whenever a read finds nothing. `stable` is an offset that the log is known to be stable
        up to, 0 if none is.
        """
        now_s = time.monotonic()
        silence = self._silences.get(partition)
        if silence is None or silence.offset != offset:
            self._silences[partition] = Silence(offset, now_s, now_s, STALL_S, stable)
            return False
        self._take_answer()
        silence.stable = max(silence.stable, stable)
        silent_s = now_s - silence.since_s
        if silent_s < silence.patience_s:
            return False
        if silence.stable <= offset:
            self._ask(now_s, partition)
            return False
        LOGGER.warning(
            "%s partition %d: nothing came from offset %d on for %.1f s, but the log is stable to "
            "offset %d; it is fetched anew from there",
            *(self._ends.name(self._topic), partition, offset, silent_s, silence.stable),
        )
        patience_s = min(2 * silence.patience_s, STALL_MAX_S)
        self._silences[partition] = Silence(offset, now_s, now_s, patience_s, silence.stable)
        return True

    def _ask(self, now_s: float, partition: int) -> None:
        """Ask of all partitions that are silent, in one question, when it is time for this one."""
        silence = self._silences[partition]
        is_end = self._ended.get(partition) == silence.offset
        wait_s = STALL_MAX_S if is_end else silence.patience_s
        if self._answer is not None or now_s - silence.asked_s < wait_s:
            return
        for other in self._silences.values():
            other.asked_s = now_s
        self._asked = list(self._silences)
        self._answer = self._ends.stable_later([Location(self._topic, n) for n in self._asked])

    def _take_answer(self) -> None:
        if self._answer is None or not self._answer.done():
            return
        answer, self._answer = self._answer, None
        failure = answer.exception()
        if failure is not None:  # The next read that finds nothing asks again, in its time.
            LOGGER.warning("%s: nothing comes: %s", self._ends.name(self._topic), failure)
            return
        for partition, stable in zip(self._asked, answer.result(), strict=True):
            if partition in self._silences:
                silence = self._silences[partition]
                silence.stable = max(silence.stable, stable)
