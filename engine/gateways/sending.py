"""Append to a log that may be away: try until it takes the records, but not past a stop.

An edge has no other store for its records, so it waits for the log; a record that is late by then
is as late as from a slow feed. An edge that is being stopped gives up after a while with an error.
"""

import logging
import time
from collections.abc import Callable, Sequence

from engine.log.port import Appending, LogUnavailableError, NewRecord
from engine.runtime.clock import Clock

RETRY_WAIT_S = 0.2
STOPPING_TRIES_MAX = 25  # Five seconds; then a stop gives up on the log.

_log = logging.getLogger(__name__)


def append_until_taken(
    log: Appending,
    topic: str,
    records: Sequence[NewRecord],
    is_stopping: Callable[[], bool],
    clock: Clock = time,
    on_refused: Callable[[], None] = lambda: None,
) -> None:
    """Raises LogUnavailableError only while stopping. `on_refused` is called before each retry.

    Raises LeaseLostError if the log is the appender of a lease that was lost.
    """
    tries = 0
    while records:
        try:
            log.append(topic, records)
        except LogUnavailableError as error:
            tries += 1
            if is_stopping() and tries >= STOPPING_TRIES_MAX:
                raise
            _log.warning("%s; trying again", error)
            on_refused()
            clock.sleep(RETRY_WAIT_S)
        else:
            return
