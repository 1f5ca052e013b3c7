"""A log whose shards have all closed their day: the state that their last closes leave.

Another log, of another partition count, can go on from it (see `first_batches`), or the same one on
the next day. Since its close a shard may have adopted another configuration, as an idle worker
does, and that took seqs; anything else, or an input that no batch has consumed, means that the
shard is at work again.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from engine.core.events import ConfigurationAdopted, LogContinued, ShardClosed
from engine.core.state.state import State
from engine.log.port import INPUT_TOPICS, SHARED_TOPICS, EngineError, Log
from engine.runtime.recovery import last_close
from engine.runtime.replica import Replica
from engine.runtime.shard_log import events_of


class ClosedLog(NamedTuple):
    """The state that the last closes of a log leave."""

    closes: tuple[ShardClosed, ...]
    states: list[State]
    now_ns: int  # The latest of the closes.
    first_seq: int  # Above every id that the log has given.


class ClosedShard(NamedTuple):
    """A shard's last close, and what came after it."""

    closed: ShardClosed
    closed_ns: int
    next_seq: int  # One beyond its last event; an idle worker's adoptions took seqs too.
    state: State  # As the close left it.
    shared_positions: tuple[int, ...]  # Where the close left each shared topic.
    has_moved: bool  # A later batch did more than adopt a configuration.
    waiting: dict[str, int]  # Inputs that no batch has consumed, by topic; counts.


def closed_shard(
    log: Log, number: int, release: str, python: str, upto: int | None = None
) -> ClosedShard | None:
    """A shard's last close, or None where it has none from which a recovery can start.

    `upto` is the last batch that counts, as a log from which another one went on may have moved
    since; None is the newest. Raises CorruptLogError.
    """
    close = last_close.last_close(log, number, upto=upto)
    if close is None:
        return None
    replica = Replica(number, release, python)
    seal = close.seal_record.seal
    next_seq, has_moved, waiting = seal.next_seq, False, {}
    with last_close.started_after(log, replica, close) as shard_log:
        if upto is None:
            for later, _ in shard_log.seals():
                shard_log.inputs(later, INPUT_TOPICS)
                events = events_of(later, shard_log.outputs(later), number)
                is_idle = all(isinstance(event, ConfigurationAdopted) for event in events)
                has_moved |= bool(later.inputs) or not is_idle
                next_seq = later.next_seq
            waiting = {topic: shard_log.cursor(topic).count() for topic in INPUT_TOPICS}
    closed = ShardClosed(shard=number, batch=seal.batch, next_seq=seal.next_seq, chain=seal.chain)
    positions = tuple(replica.resume(topic).position for topic in SHARED_TOPICS)
    return ClosedShard(closed, seal.now_ns, next_seq, replica.state, positions, has_moved, waiting)


def why_not_closed(number: int, shard: ClosedShard) -> Iterator[str]:
    """The reasons why a shard is at work again after its last close; none if it is closed."""
    if shard.has_moved:
        yield f"shard {number} has decided more after its close of batch {shard.closed.batch}"
    for topic, count in shard.waiting.items():
        if count:
            yield f"{count} records of {topic} wait for a batch of shard {number}"


def closed_log(log: Log, release: str, python: str, proved: Sequence[ShardClosed]) -> ClosedLog:
    """The state that a log's last closes leave, which are still those that were `proved`.

    Raises EngineError where they are not, or an input waits; CorruptLogError.
    """
    shards: list[ClosedShard] = []
    for number, closed in enumerate(proved):
        shard = closed_shard(log, number, release, python)
        if shard is None or shard.closed != closed:
            raise EngineError(f"shard {number} was closed again while the log was proved.")
        for reason in why_not_closed(number, shard):
            raise EngineError(f"{reason}: the log was at work while it was proved.")
        shards.append(shard)
    return _joined(shards, max(shard.next_seq for shard in shards))


def closed_log_named(
    log: Log, release: str, python: str, named: LogContinued, first_seq: int
) -> ClosedLog:
    """The state that those closes leave which a later log names; its ids start at `first_seq`.

    Where the old log holds other closes than the named ones, they are returned, for the caller to
    compare. Raises EngineError where a shard has none from which a recovery can start,
    CorruptLogError.
    """
    upto = {entry.shard: entry.batch for entry in named.closes}
    shards: list[ClosedShard] = []
    for number in range(log.partitions):
        shard = closed_shard(log, number, release, python, upto.get(number))
        if shard is None:
            raise EngineError(f"shard {number} has no close that carries the whole state.")
        shards.append(shard)
    return _joined(shards, first_seq)


def _joined(shards: Sequence[ClosedShard], first_seq: int) -> ClosedLog:
    return ClosedLog(
        closes=tuple(shard.closed for shard in shards),
        states=[shard.state for shard in shards],
        now_ns=max(shard.closed_ns for shard in shards),
        first_seq=first_seq,
    )
