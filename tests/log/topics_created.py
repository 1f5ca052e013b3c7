"""The topics of a test's log on the broker that all tests share."""

import time

from engine.log.kafka import topics
from engine.log.port import LogUnavailableError
from engine.log.security import OPEN, Security

PATIENCE_S = 120.0


def create(bootstrap: str, prefix: str, partitions: int, security: Security = OPEN) -> None:
    """As often as a busy broker needs it: what it has made by then is found there."""
    deadline_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            topics.create(bootstrap, prefix, partitions, security=security)
        except LogUnavailableError:
            if time.monotonic() > deadline_s:
                raise
        else:
            return
