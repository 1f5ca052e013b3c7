"""The state of a log on one screen: who holds its shards, how far each is, and what is not well.

A shard is asked from outside, by its log alone. Its owner is the lease's. What it has not consumed
is the distance from its last seal to the ends of its inputs. Its open day is folded, as a recovery
does it: that finds a log that contradicts itself, and holds the halts, switches and suspensions in
force; it takes as long as a recovery, and can be left out. A process that hangs is seen by what it
no longer does: a shard with an owner and inputs that wait is late when its last seal is old.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from engine.core.controls.instructions import is_paused
from engine.core.state.state import State
from engine.core.units import NS_PER_S
from engine.gateways.controls.in_force import recovered
from engine.gateways.controls.receipts import Receipts
from engine.log.port import (
    INPUT_TOPICS,
    SHARED_TOPICS,
    CorruptLogError,
    Identity,
    Log,
)
from engine.runtime.shard import Rules
from engine.runtime.shard_log import last_seal

LATE_NS = 5 * NS_PER_S  # A shard seals what comes within a quarter of a second.
AHEAD_NS = NS_PER_S  # Two machines with the time of the network differ by less.
FREE_MIN_PPM = 50_000  # A twentieth of the disk, in parts per million,
FREE_MIN_BYTES = 1 << 30  # or less than this, is low.
END_OF_TIME_MS = 2**62


class Health(StrEnum):
    """The health of a shard, a gateway, the clock or the disk."""

    WELL = "well"
    STOPPED = "stopped"  # A person or a rule has stopped something; orders are refused.
    WRONG = "wrong"  # The clock or the disk.
    LATE = "late"  # Has an owner, and does not come on.
    SILENT = "silent"  # Has none, or does not answer.
    BROKEN = "broken"  # Its log contradicts itself.


WORST_FIRST = tuple(reversed(Health))


class ShardStatus(NamedTuple):
    """One shard."""

    shard: int
    owner: str  # Empty where no worker holds it.
    batch: int  # The last one sealed; -1 before the first.
    sealed_ns: int  # Its time; 0 before the first.
    waits: int  # Inputs that no batch has consumed.
    health: Health
    text: str  # Why it is broken.


class Stop(NamedTuple):
    """Something that is stopped or suspended, and the shards that hold it."""

    kind: str  # `kill`, `halt`, `suspension`, `session down` or `pause`.
    scope: str
    scope_id: str
    text: str
    shards: tuple[int, ...]


class Part(NamedTuple):
    """A gateway, the clock or the disk."""

    name: str
    health: Health
    text: str


class Status(NamedTuple):
    """The whole log."""

    identity: Identity
    now_ns: int
    shards: tuple[ShardStatus, ...]
    stops: tuple[Stop, ...]
    parts: tuple[Part, ...]

    @property
    def worst(self) -> Health:
        found = {shard.health for shard in self.shards} | {part.health for part in self.parts}
        found |= {Health.STOPPED} if self.stops else set()
        return next((health for health in WORST_FIRST if health in found), Health.WELL)


def status(
    log: Log,
    rules: Rules,
    now_ns: int,
    path: Path | None = None,
    on_shard: Callable[[int], None] | None = None,
    *,
    is_folded: bool = True,
) -> Status:
    """The state of a log at `now_ns`; `path` is its file, if it is one. Raises LogUnavailableError.

    Without `is_folded` a broken shard is not found, nor what is stopped.
    """
    owners = log.owners()
    held: dict[tuple[str, str, str, str], list[int]] = {}
    shards: list[ShardStatus] = []
    for number in range(log.partitions):
        found = _of_shard(log, number, owners.get(number, ""), now_ns)
        if is_folded and found.health is not Health.BROKEN:
            try:
                for stop in _stops(recovered(log, number, rules)):
                    held.setdefault(stop, []).append(number)
            except CorruptLogError as error:
                found = found._replace(health=Health.BROKEN, text=str(error))
        shards.append(found)
        if on_shard is not None:
            on_shard(number + 1)
    stops = tuple(Stop(*stop, tuple(numbers)) for stop, numbers in sorted(held.items()))
    parts = [*_gateways(log), _clock(shards, now_ns)]
    if path is not None:
        parts.append(_disk(path))
    return Status(log.identity, now_ns, tuple(shards), stops, tuple(parts))


# ---------------------------------------------------------------------------------- parts


def _of_shard(log: Log, number: int, owner: str, now_ns: int) -> ShardStatus:
    try:
        seal = last_seal(log, number)
    except CorruptLogError as error:
        return ShardStatus(number, owner, -1, 0, 0, Health.BROKEN, str(error))
    reached = {} if seal is None else {entry.topic: entry.next_offset for entry in seal.resume}
    waits = 0
    for topic in INPUT_TOPICS:
        partition = 0 if topic in SHARED_TOPICS else number
        end = log.offset_since(topic, partition, END_OF_TIME_MS)
        waits += max(0, end - reached.get(topic, 0))
    sealed_ns = 0 if seal is None else seal.now_ns
    health = Health.WELL
    if not owner:
        health = Health.SILENT
    elif waits and now_ns - sealed_ns > LATE_NS:
        health = Health.LATE
    return ShardStatus(
        number, owner, -1 if seal is None else seal.batch, sealed_ns, waits, health, ""
    )


def _stops(state: State) -> Iterator[tuple[str, str, str, str]]:
    for (scope, name), text in state.controls.killed.items():
        yield "kill", str(scope), name, text
    for name, text in state.halted.items():
        yield "halt", "INSTRUMENT", name, text
    for scope, name in state.suspended:
        yield "suspension", str(scope), name, ""
    for venue in state.sessions_down:
        yield "session down", "VENUE", venue, ""
    paused = [name for name, parent in state.parents.items() if is_paused(parent)]
    if paused:  # One line, however many they are; `controls list` has each.
        yield "pause", "PARENT", paused[0], f"parents that the desk has paused: {len(paused)}"


def _gateways(log: Log) -> Iterator[Part]:
    """The gateways of the day, each with how far it has applied the controls."""
    receipts = Receipts(log)
    last = max(receipts.expect(()).positions.values(), default=-1)
    for name, position in sorted(receipts.gateways.items()):
        is_well = position >= last
        text = "" if is_well else f"has applied controls up to {position} of {last}"
        yield Part(f"gateway {name}", Health.WELL if is_well else Health.SILENT, text)


def _clock(shards: Sequence[ShardStatus], now_ns: int) -> Part:
    ahead_ns = max((shard.sealed_ns for shard in shards), default=0) - now_ns
    if ahead_ns <= AHEAD_NS:
        return Part("clock", Health.WELL, "")
    return Part(
        "clock",
        Health.WRONG,
        f"the newest seal is {ahead_ns / NS_PER_S:,.0f} s ahead of this machine: a clock is or was "
        "wrong",
    )


def _disk(path: Path) -> Part:
    sizes = [each.stat().st_size for each in path.parent.glob(f"{path.name}*") if each.is_file()]
    usage = shutil.disk_usage(path.parent)
    is_low = usage.free < min(FREE_MIN_BYTES, usage.total * FREE_MIN_PPM // 1_000_000)
    text = f"log {sum(sizes) / 1e6:,.1f} MB, {usage.free / 1e9:,.1f} GB free"
    is_writable = os.access(path, os.W_OK)
    return Part(
        "disk",
        Health.WRONG if is_low or not is_writable else Health.WELL,
        text if is_writable else f"{text}, not writable by this user",
    )
