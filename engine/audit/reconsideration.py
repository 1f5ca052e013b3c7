"""Let this release decide again what another release recorded, and count where it departs.

Every batch is decided from the recorded state: after the comparison the recorded events are folded
and not the decided ones. So each departure is one of its own, and none the consequence of an
earlier one. For that there are two states: the recorded one, which only folds, and the deciding
one. While the events agree, one state serves both; after a departure the deciding state is copied
anew from the recorded one.

Configuration, time and faults are the recorded ones: code is compared, not settings.
"""

from collections.abc import Sequence
from functools import cache

import schemas
from engine.audit import departures, difference, event_diff
from engine.audit.departures import Departure, DepartureCounts, Kind
from engine.core.events import BatchSealed, SealKind, StageEvent
from engine.core.state import fingerprint
from engine.log.codec import PREFIX_BYTES
from engine.log.port import (
    DLQ,
    CorruptLogError,
    EngineError,
    LogUnavailableError,
)
from engine.runtime.recovery import snapshot
from engine.runtime.replica import Replica
from engine.runtime.shard import Rules, Sealed, Shard
from engine.runtime.shard_log import Records, rules_of_batch
from schemas import compatibility

RECORDED, DECIDING = "the recorded release", "the deciding release"


class UnfitError(EngineError):
    """This release cannot take over a log whose bytes are sound."""


class Reconsideration:
    """The deciding state of a shard: `decide` before a recorded batch is folded, `follow` after."""

    def __init__(self, number: int, rules: Rules, in_full: int) -> None:
        """`in_full` is the number of departures that are reported in full."""
        self.departures = DepartureCounts(in_full)
        self._shard = Shard(number, rules)
        self._is_apart = True  # The deciding state is not the recorded one.
        self._hash = b""  # Of the state after the batch, where its seal has one.

    def decide(
        self,
        recorded: Replica,
        seal: BatchSealed,
        inputs: Records,
        outputs: Records,
        events: Sequence[StageEvent],
    ) -> None:
        """Decide a batch from the recorded state before it, and count what differs.

        Raises LogUnavailableError.
        """
        shard = self._shard
        if self._is_apart:
            state = snapshot.copied(recorded.state)
            shard.start_from(recorded.next_batch - 1, recorded.chain, recorded.next_starts(), state)
        shard.rules = rules_of_batch(shard, seal, outputs)
        self.departures.recorded_by[f"{seal.release} on Python {seal.python}"] += 1
        unknown = unknown_fields(frozenset(ids_of(outputs)))
        self.departures.unknown.update(unknown)
        try:
            again = shard.step(inputs, seal.now_ns, faulted=frozenset(seal.faults), must_seal=True)
        except (CorruptLogError, LogUnavailableError):
            raise
        except Exception as error:  # noqa: BLE001  A worker would record it as a fault.
            self._is_apart = True
            self.departures.count_raised(self._raised(seal, inputs, error))
            return
        assert again is not None, "must_seal gives a seal"
        self._is_apart = list(again.events) != list(events) or again.seal.kind is not seal.kind
        self._hash = again.seal.state_hash
        if self._is_apart:
            self._compare(seal, again, inputs, events, frozenset(unknown))
        else:
            self.departures.count_same(events)

    def leave(self) -> None:
        """Leave a batch out: the next one is decided from the recorded state after it."""
        self._is_apart = True

    def follow(self, recorded: Replica, seal: BatchSealed) -> None:
        """Move on to the end of the batch, which `recorded` has folded.

        Raises UnfitError where this release folds its own events to another state than it has
        after deciding them.
        """
        if self._is_apart:
            return
        shard = self._shard
        shard.start_from(seal.batch, seal.chain, recorded.next_starts(), shard.state)
        is_close = seal.kind is SealKind.CLOSE
        if not self._hash:
            return
        if fingerprint.fingerprint(recorded.state, seal.batch, whole=is_close) != self._hash:
            raise UnfitError(
                f"shard {shard.number}: after batch {seal.batch} release {shard.release} has "
                "another state by folding than by deciding the same events. The log's bytes are "
                "sound; workers of this release could not be recovered. Do not upgrade to it; "
                "report it with a copy of the log."
            )

    def _compare(
        self,
        seal: BatchSealed,
        again: Sealed,
        inputs: Records,
        events: Sequence[StageEvent],
        unknown: frozenset[str],
    ) -> None:
        number = self._shard.number
        pairs = event_diff.pairs(number, events, again.events, unknown, seal.faults)
        is_kind = again.seal.kind is seal.kind
        if is_kind and all(pair.is_same for pair in pairs):
            self.departures.count_same(events)
            return
        self.departures.count_different(seal, number, pairs, inputs)
        if not is_kind:
            self.departures.count_seal(departures.sealed_otherwise(seal, number, again.seal.kind))

    def _raised(self, seal: BatchSealed, inputs: Records, error: Exception) -> Departure:
        at = self._shard.at
        return Departure(
            shard=self._shard.number,
            batch=seal.batch,
            now_ns=seal.now_ns,
            kind=Kind.RAISED,
            decided=difference.shown(repr(error)),
            input=difference.cause_of(at, inputs) or "the batch as a whole",
        )


def ids_of(outputs: Records) -> set[int]:
    """The schema ids that a batch was written with."""
    prefixes = {
        record.value[:PREFIX_BYTES]
        for topic, records in outputs.items()
        if topic != DLQ
        for record in records
    }
    return {int.from_bytes(prefix[1:], "big") for prefix in prefixes}


@cache  # By what one release writes: few.
def unknown_fields(ids: frozenset[int]) -> dict[str, str]:
    """The fields that only one of the two releases knows, as `Name.field`, and which one.

    A field within a field that is named is not named again.
    """
    found: dict[str, str] = {}
    for number in sorted(ids & schemas.earlier().keys()):
        subject, version = schemas.earlier()[number]
        written = compatibility.field_paths(schemas.released_schema(version, subject))
        present = compatibility.field_paths(schemas.schema(subject))
        for path in sorted(written ^ present):
            if not any(path.startswith(f"{outer}.") for outer in found):
                found[path] = RECORDED if path in written else DECIDING
    return found
