"""Examine a log shard by shard: the damage, and the ways out that a person has.

The same proof as verification's, without deciding again: the open day is folded as a worker's
recovery folds it, so what sets a shard aside is found here, with its place. Nothing is changed.
What a person may do depends on one question: whether a seal covers what is wrong. A record that no
seal covers was never decided on, and a copy without it is the same log. What a seal states and the
log does not have any more can only come back from a copy.
"""

from typing import NamedTuple

from engine.audit import verification
from engine.audit.days import BATCHES_MAX
from engine.audit.difference import Difference, Kind
from engine.audit.reconsideration import UnfitError
from engine.audit.verification import Bounds
from engine.log.port import OUTPUT_TOPICS, Log
from engine.runtime.shard import Rules

SOUND = "sound"
KEEP = "Keep a copy of the log as it is: it is the evidence."
WRITER = (
    "Find the process that wrote it. On Kafka, access lists allow the stages and the journal to "
    "the workers alone; a file belongs to the engine's user."
)
WITHOUT = (
    "No seal covers it, so no decision rests on it. `metaorder log backup --sealed` copies all but "
    "it; `metaorder log restore` makes a log of the copy. Verify that, stop the workers, and give "
    "every process its URL."
)
UNKNOWN_END = (
    "The records and a cut journal look alike. With signed anchors `metaorder verify --anchors` "
    "tells them apart. If the journal is whole, go on as for a record that no seal covers: "
    "`metaorder log backup --sealed`, then `metaorder log restore`."
)
FROM_COPY = (
    "A seal states what the log does not have. Restore the newest backup (`metaorder log "
    "restore`), verify it, and have the senders send again what came after it: resends are known."
)
OTHER_RELEASE = (
    "The bytes are as they were sealed; this release cannot fold them. Run the release that the "
    "newest seal names, and report it with a copy of the log."
)


class Finding(NamedTuple):
    """A shard's state."""

    shard: int
    state: str  # SOUND, or the kind of what is wrong.
    batch: int  # The newest batch, or that of the damage; -1 where there is none.
    topic: str
    place: str
    text: str
    may: tuple[str, ...]  # What a person may do, in order.
    waiting: int = 0  # Inputs that no batch has consumed yet.


def examined(log: Log, number: int, rules: Rules) -> Finding:
    """A shard's finding. Raises LogUnavailableError."""
    steps = verification.verify(log, number, rules, Bounds(first=BATCHES_MAX))
    try:
        while True:
            next(steps)
    except StopIteration as done:
        proof: verification.Proof = done.value
    except UnfitError as error:
        return Finding(number, "unfit", -1, "", "", str(error), (KEEP, OTHER_RELEASE))
    if proof.difference is None:
        unsealed = sum(proof.unsealed.values())
        return Finding(number, SOUND, proof.head, "", "", "", (), unsealed)
    return found(proof.difference, proof.head)


def found(difference: Difference, head: int) -> Finding:
    return Finding(
        difference.shard,
        difference.kind.value,
        difference.batch,
        difference.topic,
        difference.place,
        difference.text,
        advice(difference, head),
    )


def advice(difference: Difference, head: int) -> tuple[str, ...]:
    """The ways out, in order; `head` is the last batch that is sound."""
    if difference.kind is Kind.DECIDED:
        return (KEEP, OTHER_RELEASE)
    is_of_output = difference.topic in OUTPUT_TOPICS
    if difference.kind is Kind.INSERTED and is_of_output and difference.batch == max(head, 0):
        return (KEEP, WRITER, WITHOUT)
    if difference.kind is Kind.TRUNCATED:
        return (KEEP, UNKNOWN_END, WRITER)
    return (KEEP, FROM_COPY)
