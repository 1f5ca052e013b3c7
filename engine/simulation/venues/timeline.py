"""Actions to come, in order of time; at one time in order of entry."""

from collections.abc import Callable
from heapq import heappop, heappush


class Timeline:
    """Actions with due times, and how far time has come."""

    def __init__(self) -> None:
        self.now_ns = 0
        self._pending: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0  # Of entries, ever.

    @property
    def next_ns(self) -> int | None:
        """When the next action is due; None if there is none."""
        return self._pending[0][0] if self._pending else None

    def at(self, due_ns: int, action: Callable[[], None]) -> None:
        """Enter an action; one that is late already is due now."""
        self._count += 1
        heappush(self._pending, (max(due_ns, self.now_ns), self._count, action))

    def run_until(self, now_ns: int) -> None:
        """Run the actions due until then, that moment included; time never goes back."""
        while self._pending and self._pending[0][0] <= now_ns:
            self.now_ns, _, action = heappop(self._pending)
            action()
        self.now_ns = max(self.now_ns, now_ns)
