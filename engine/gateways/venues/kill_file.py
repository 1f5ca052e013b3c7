"""The second kill switch: a file, which works on a full disk and without a broker.

While it is there a gateway sends nothing and cancels what is open (`hold`). What is in it is for
people. A gateway that cannot look whether it is there counts it as there.
"""

import os
from pathlib import Path


class KillFile:
    """The file that a gateway watches; None watches nothing."""

    def __init__(self, path: Path | None) -> None:
        self.path = path

    def is_there(self) -> bool:
        if self.path is None:
            return False
        try:
            os.lstat(self.path)  # Not followed: a link to nowhere is a file that is there.
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return True
