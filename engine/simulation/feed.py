"""The inputs of a simulated day that are known before it, as the driver writes them to the log."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from engine.core.events import Input
from engine.log.port import Record
from engine.simulation.script import TimedInput

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
        self, write: Callable[[Sequence[TimedInput]], list[Played]], inputs: Sequence[TimedInput]
    ) -> None:
        self._write = write
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
                self._block = self._write(self._inputs[self.taken : self.taken + BLOCK_INPUTS])
            found.append(self._block[self.taken - self._block_at])
            self.taken += 1
        return found
