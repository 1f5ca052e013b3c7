"""A gateway obeys its kill file: cancels first, then tells the shards.

The venues are asked for cancels without the log, which may be full or away. Then the sessions are
reported as down, so that the shards route nothing; they come up when the file is gone.
"""

import logging
from collections.abc import Callable

from engine.gateways.venues.kill_file import KillFile
from engine.gateways.venues.session_status import SessionStatuses

_log = logging.getLogger(__name__)


class Hold:
    """A gateway's obedience to its kill file."""

    def __init__(
        self, kill_file: KillFile, statuses: SessionStatuses, cancel_open: Callable[[], int]
    ) -> None:
        """`cancel_open` asks the venues for cancels, without the log, and returns their count."""
        self.is_on = False  # The file is there, and what was open is being cancelled.
        self._is_told = False  # The shards know.
        self._kill_file = kill_file
        self._statuses = statuses
        self._cancel_open = cancel_open

    def follow(self) -> None:
        """Act on a file that has come or gone. Raises LogUnavailableError, after the cancels."""
        self.cancel_if_there()
        if self.is_on and not self._is_told:
            self._statuses.disconnect_all()
            self._is_told = True
        elif self.is_on and not self._kill_file.is_there():
            self.is_on = self._is_told = False
            self._statuses.forget()
            _log.warning("the kill file %s is gone; the sessions come up", self._kill_file.path)

    def cancel_if_there(self) -> None:
        if self.is_on or not self._kill_file.is_there():
            return
        self.is_on = True
        count = self._cancel_open()
        _log.warning("the kill file %s is there; cancelling %s", self._kill_file.path, count)
