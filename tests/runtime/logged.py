"""A shard that runs on a real log, and the state of its recovery."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from world import (
    CLOSE_NS,
    HOUR,
    NOW_NS,
    OTHER_LIT,
    SECOND,
    SETTINGS,
    Raw,
    World,
    at_once,
    cancel,
    day_closed,
    day_opened,
    fill_report,
    halt,
    instrument,
    lift,
    market,
    order,
    px,
    quote,
    report,
)

from engine.core import events as e
from engine.core.day import carry_forward
from engine.log.embedded import EmbeddedLog
from engine.log.port import INPUT_TOPICS, NewRecord, Record
from engine.runtime.recovery.recovery import recover
from engine.runtime.shard import Rules, Sealed, Shard
from engine.runtime.shard_log import ShardLog

RULES = Rules(json.dumps(SETTINGS, sort_keys=True), release="test", python="3", partitions=1)
GTC: dict[str, Any] = {"time_in_force": e.TimeInForce.GTC}


class Live:
    """A shard that runs on a real log: append, read, step, commit."""

    def __init__(self, log: EmbeddedLog, rules: Rules = RULES) -> None:
        self.log = log
        self.world = World()  # Numbers the records of each source.
        self.shard = Shard(0, rules)
        self.now_ns = NOW_NS
        self.leases = log.leases("test")
        (lease,) = self.leases.poll(0).gained
        self.writer = log.writer(lease)

    def when(self, *inputs: Any, after_ns: int = 0) -> "Live":  # noqa: ANN401
        """Append, and step until every input is decided on and committed."""
        self.now_ns += after_ns
        for one in inputs:
            topic = one.topic if isinstance(one, Raw) else e.TOPIC_OF[type(one)]
            self.publish(topic, self.world._record(topic, one))  # noqa: SLF001
        while True:
            self.step()
            is_waiting = any(self._waiting(topic) for topic in INPUT_TOPICS)
            if not is_waiting and not self.shard.state.is_closing:
                return self

    def publish(self, topic: str, record: Record) -> None:
        self.log.append(topic, [NewRecord(0, *record[2:])])

    def step(self) -> Sealed | None:
        """Step once on all that waits, and commit."""
        waiting = {topic: self._waiting(topic) for topic in INPUT_TOPICS}
        sealed = self.shard.step(waiting, self.now_ns)
        if sealed is not None:
            self.writer.commit(sealed.records)
        return sealed

    def _waiting(self, topic: str) -> Sequence[Record]:
        return self.log.reader(topic, 0, self.shard.resume(topic)).read(1_000)

    def children(self) -> list[Any]:
        return [child for child in self.shard.state.children.values() if child.is_live]

    def close(self) -> None:
        self.writer.close()
        self.leases.close()


class EarlierShard(Shard):
    """Closes a day as an early release did, which carried no facts."""

    def _carry_positions(self, cause: str, now_ns: int) -> None:
        """It did not know that event."""


@contextmanager
def an_earlier_release() -> Iterator[None]:
    """No fact is carried: an EarlierShard writes inside this what that release wrote."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(carry_forward, "facts_in_force", lambda _: ())
        yield


def read_seals(log: EmbeddedLog) -> list[e.BatchSealed]:
    with ShardLog(log, 0) as shard_log:
        return [seal for seal, _ in shard_log.seals()]


def recovered(log: EmbeddedLog, rules: Rules = RULES) -> Shard:
    steps = recover(log, 0, rules)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            shard: Shard = done.value
            return shard


def assert_same(found: Shard, live: Shard) -> None:
    """Equal to the order of every dict, and at the same position of every input."""
    assert found.state == live.state
    assert repr(found.state) == repr(live.state)
    assert (found.next_batch, found.chain) == (live.next_batch, live.chain)
    assert all(found.resume(topic) == live.resume(topic) for topic in INPUT_TOPICS)


def morning(live: Live) -> Live:
    """Orders, a cross, fills, an unreadable record, a halt and its end."""
    live.when(*market()).when(quote(OTHER_LIT), order("o1", 6_000))
    live.when(order("s1", 700, side=e.Side.SELL, client_id="c2"), after_ns=SECOND)
    live.when(at_once("o2", 1_500, end_ns=live.now_ns + 50 * SECOND))
    live.when(*(fill_report(c, 30, f"E{n}") for n, c in enumerate(live.children())))
    live.when(Raw("orders", source="lost"), cancel("o1"), halt(), after_ns=SECOND)
    live.when(*(report(c, e.ExecType.CANCELED) for c in live.children()))
    return live.when(lift(), quote(received_ns=live.now_ns), order("g", limit_px=px(99.0), **GTC))


def over_the_close(live: Live) -> Live:
    """A close with inputs waiting after it, and the next morning."""
    live.when(day_closed(), order("late"), after_ns=CLOSE_NS - live.now_ns)
    live.when(cancel("nothing"), instrument(lot_qty=50), after_ns=HOUR)
    open_ns = live.now_ns + 17 * HOUR
    live.when(day_opened(20180103, open_ns), quote(received_ns=open_ns), after_ns=17 * HOUR)
    return live.when(order("n1", 900, limit_px=px(99.95)), after_ns=SECOND)
