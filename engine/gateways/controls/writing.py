"""Write controls, and follow them until every shard and gateway has answered."""

from collections.abc import Sequence
from typing import NamedTuple

from engine.gateways.controls.known import unknown_ids
from engine.gateways.controls.receipts import Receipt, Receipts
from engine.gateways.files.controls_file import Control
from engine.log.port import Log, NewRecord


class Written(NamedTuple):
    """Controls that are in the log, and what came of them."""

    receipts: list[Receipt]
    unknown: list[str]  # A sentence for each id that the log does not know.


def write(
    log: Log, controls: Sequence[Control], records: Sequence[NewRecord], wait_s: float
) -> Written:
    """Append at once, and ask afterwards: a stop waits for nothing. Raises LogUnavailableError."""
    receipts = Receipts(log)
    log.append("controls", records)
    found = receipts.expect(records)
    return Written(receipts.follow(wait_s), unknown_ids(controls, found))
