"""Log lines that say the same again: said once, then only counted for a while.

A full disk or a broker that is away is met by every shard, topic and try. A thousand equal lines in
two minutes hide all others. What is equal is the user's to say: the text, or what is left of it
without the names and times that differ.
"""

import logging
import time
from collections.abc import Callable, Hashable

AGAIN_S = 60.0  # What is equal is only counted for so long, then said once more with its count.
KEPT_MAX = 1_000  # Different ones that are remembered.


class Repeats(logging.Filter):
    """Lets equal records pass once in AGAIN_S, with the number of those that it held back."""

    def __init__(
        self, alike: Callable[[logging.LogRecord], Hashable], least: int = logging.NOTSET
    ) -> None:
        """Records whose `alike` is the same are equal; those below the level `least` all pass."""
        super().__init__()
        self._alike = alike
        self._least = least
        self._said: dict[Hashable, tuple[float, int]] = {}  # When last, held since.

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < self._least:
            return True
        key = self._alike(record)
        now_s = time.monotonic()
        said_s, held = self._said.get(key, (now_s - AGAIN_S, 0))
        if now_s - said_s < AGAIN_S:
            self._said[key] = (said_s, held + 1)
            return False
        if key not in self._said and len(self._said) >= KEPT_MAX:
            self._said.clear()
        self._said[key] = (now_s, 0)
        if held:
            text = record.getMessage()
            record.msg = f"{text} (said {held} times more in the last {now_s - said_s:.0f} s)"
            record.args = None
        return True
