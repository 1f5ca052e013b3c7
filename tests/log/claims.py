"""The claim of a shard that its last holder has just released."""

import time

from engine.log.port import LeaseLostError, Leases, Log

PATIENCE_S = 90.0
PAUSE_S = 0.05


def claimed_after_a_release(log: Log, owner: str) -> Leases:
    """Claim shard 0: a broker may hear of the claim before it hears that the last holder leaves."""
    deadline_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            return log.leases(owner, [0])
        except LeaseLostError:
            if time.monotonic() > deadline_s:
                raise
            time.sleep(PAUSE_S)
