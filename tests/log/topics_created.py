"""The topics of a test's log on the broker that all tests share."""

import time

from engine.log.kafka import topics
from engine.log.port import LogUnavailableError
from engine.log.security import OPEN, Security

PATIENCE_S = 120.0
PAUSE_S = 0.5  # A busy broker is not asked again at once.


def create(bootstrap: str, prefix: str, partitions: int, security: Security = OPEN) -> None:
    """Create the topics; try again while the broker does not answer, or does not know us yet.

    Those already made are found.
    """
    deadline_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            topics.create(bootstrap, prefix, partitions, security=security)
        except LogUnavailableError:
            if time.monotonic() > deadline_s:
                raise
            time.sleep(PAUSE_S)
        else:
            return
