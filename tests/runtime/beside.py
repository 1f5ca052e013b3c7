"""A follower beside a live shard, and the state of a restart from its snapshots."""

from dataclasses import replace
from pathlib import Path

from logged import RULES, Live, assert_same, morning
from world import SECOND, at_once, cancel, fill_report, fills, order, orders, px, quote

from engine.core.state.state import State
from engine.log.embedded import EmbeddedLog
from engine.runtime.recovery import snapshot
from engine.runtime.recovery.finished_file import DiskStore
from engine.runtime.recovery.recovery import fold, recover, started
from engine.runtime.replica import Replica
from engine.runtime.shard import Rules, Shard

EAGER = replace(RULES, evict_after_ns=0)


def day(live: Live) -> Live:
    """A morning with many finished orders: filled, cancelled, moved by an amend."""
    morning(live)
    for n in range(3):
        live.when(quote(received_ns=live.now_ns))
        live.when(
            at_once(
                f"d{n}",
                600,
                limit_px=px(99.98),
                settlement=f"D{n}",
                end_ns=live.now_ns + 50 * SECOND,
            )
        )
        live.when(*(fill_report(c, c.leaves_qty, f"D{n}{c.child_id}") for c in live.children()))
        live.when(order(f"c{n}", limit_px=px(90 + n), settlement=f"C{n}"), after_ns=SECOND).when(
            cancel(f"c{n}")
        )
    return live


class Beside:
    """A follower that writes a snapshot whenever a test asks."""

    def __init__(self, log: EmbeddedLog, folder: Path, rules: Rules = EAGER) -> None:
        self.folder = folder
        store = DiskStore(folder, 0)
        self.follower = Replica(0, rules.release, rules.python, store, rules.evict_after_ns)
        self._shard_log = started(log, self.follower, folder).shard_log

    def follow(self, until: int | None = None) -> Path:
        """Fold up to a batch and write a snapshot; returns its path."""
        for seal_record in self._shard_log.seals():
            fold(self.follower, self._shard_log, seal_record.seal)
            if seal_record.seal.batch == until or until is None:
                header = snapshot.SnapshotHeader.of(self.follower, self._shard_log, seal_record)
                path = snapshot.write(self.folder, header, self.follower.state)
            if seal_record.seal.batch == until:
                break
        return path

    def close(self) -> None:
        self.follower.state.finished.close()
        self._shard_log.close()


def restarted(log: EmbeddedLog, folder: Path | None, rules: Rules = EAGER) -> Shard:
    steps = recover(log, 0, rules, folder)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            shard: Shard = done.value
            return shard


def assert_all_the_same(found: Shard, live: Live) -> None:
    """The finished orders too."""
    assert_same(found, live.shard)
    state = live.shard.state
    assert orders(found.state) == orders(state)
    assert fills(found.state) == fills(state)
    assert same(found.state) == same(state)


def same(state: State) -> list[str]:
    return sorted(repr(parent) for parent in state.parents_of_day())


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.shelf"))
