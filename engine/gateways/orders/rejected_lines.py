"""The lines of an order file that are in no record, kept beside it with their reasons.

The file is made when the order file is begun, so that a folder in which it cannot be is named
before anything is sent, and an earlier run's is replaced. Without a line it is removed again.
"""

from pathlib import Path
from types import TracebackType
from typing import Self

import orjson


class RejectedLines:
    def __init__(self, path: Path) -> None:
        self.path = path
        self._count = 0

    def __enter__(self) -> Self:
        self.path.unlink(missing_ok=True)  # Of an earlier try; a link is not followed.
        self._file = self.path.open("xb")
        return self

    def add(self, number: int, error: str, text: str) -> None:
        kept = {"line": number, "error": error, "text": text}
        self._file.write(orjson.dumps(kept) + b"\n")
        self._count += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
        if not self._count:
            self.path.unlink(missing_ok=True)
