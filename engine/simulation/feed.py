"""The inputs of a simulated day that are known before it, as the driver writes them to the log."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from engine.core.events import Input
from engine.log.port import Record
from engine.simulation.script import TimedInput
from engine.simulation.venues.impact import OBSERVED, Impact

BLOCK_INPUTS = 1_000  # Inputs written ahead at once.


class Played(NamedTuple):
    """An input as the log holds it, and the shards that read it."""

    event: Input | None
    topic: str
    parts: Sequence[int]
    records: Sequence[Record]  # One a part; a shared topic has one for all.


class Feed:
    """Inputs known before the day, written to the log a block ahead of the time they are for.

    A topic holds what others published before an engine reads it; blocks make that cheap.
    """

    def __init__(
        self,
        write: Callable[[Sequence[TimedInput]], list[Played]],
        inputs: Sequence[TimedInput],
        block_inputs: int = BLOCK_INPUTS,
    ) -> None:
        self._write = write
        self._block_inputs = block_inputs
        self._inputs = inputs
        self._block: list[Played] = []
        self._block_at = 0  # Number of the block's first input.
        self.taken = 0

    @property
    def next_ns(self) -> int | None:
        return self._inputs[self.taken].at_ns if self.taken < len(self._inputs) else None

    def take(self, now_ns: int) -> list[Played]:
        """All inputs until now."""
        found: list[Played] = []
        while self.taken < len(self._inputs) and self._inputs[self.taken].at_ns <= now_ns:
            if self.taken == self._block_at + len(self._block):
                self._block_at = self.taken
                self._block = self._write(
                    self._inputs[self.taken : self.taken + self._block_inputs]
                )
            found.append(self._block[self.taken - self._block_at])
            self.taken += 1
        return found


class MovedFeed(Feed):
    """A market that our fills move: its inputs are written when they are due, and not before."""

    def __init__(
        self,
        write: Callable[[Sequence[TimedInput]], list[Played]],
        inputs: Sequence[TimedInput],
        impact: Impact,
    ) -> None:
        super().__init__(write, inputs)
        self._impact = impact

    def take(self, now_ns: int) -> list[Played]:
        first = self.taken
        while self.taken < len(self._inputs) and self._inputs[self.taken].at_ns <= now_ns:
            self.taken += 1
        due = self._inputs[first : self.taken]
        return self._write([moved for timed in due for moved in self._moved(timed)])

    def _moved(self, timed: TimedInput) -> Iterator[TimedInput]:
        """The input as the market shows it, behind the quotes that move with it."""
        if not isinstance(timed.event, OBSERVED):
            yield timed
            return
        assert timed.stood is None, "a recorded log is played byte for byte, without impact"
        for event in self._impact.moved(timed.event, timed.at_ns):
            yield TimedInput(timed.at_ns, event, event.venue)
