"""A follower beside a live shard, and what restarts from its snapshots must come to."""

from dataclasses import replace
from pathlib import Path

from logged import RULES, Live, assert_same, morning
from world import SECOND, at_once, cancel, fill_report, fills, order, orders, px, quote

from engine.core.state.state import State
from engine.log.embedded import EmbeddedLog
from engine.runtime.recovery import snapshot
from engine.runtime.recovery.finished_file import DiskShelf
from engine.runtime.recovery.recovery import fold, opened, recover
from engine.runtime.replica import Follower
from engine.runtime.shard import Rules, Shard

EAGER = replace(RULES, shelve_after_ns=0)


def day(live: Live) -> Live:
    """A morning of which much is finished: filled, cancelled, moved by an amend."""
    morning(live)
    for n in range(3):
        live.when(quote(received_ns=live.now_ns))
        live.when(at_once(f"d{n}", 600, limit_px=px(99.98), end_ns=live.now_ns + 50 * SECOND))
        live.when(*(fill_report(c, c.leaves_qty, f"D{n}{c.child_id}") for c in live.children()))
        live.when(order(f"c{n}", limit_px=px(90 + n)), after_ns=SECOND).when(cancel(f"c{n}"))
    return live


class Beside:
    """A follower that writes a snapshot whenever it is told."""

    def __init__(self, log: EmbeddedLog, folder: Path, rules: Rules = EAGER) -> None:
        self.folder = folder
        shelf = DiskShelf(folder, 0)
        self.follower = Follower(0, rules.release, rules.python, shelf, rules.shelve_after_ns)
        self._recording = opened(log, self.follower, folder)

    def follow(self, until: int | None = None) -> Path:
        """Fold up to a batch, write a snapshot, and say where."""
        for sealing in self._recording.seals():
            fold(self.follower, self._recording, sealing.seal)
            if sealing.seal.batch == until or until is None:
                place = snapshot.Place.of(self.follower, self._recording, sealing)
                path = snapshot.write(self.folder, place, self.follower.state)
            if sealing.seal.batch == until:
                break
        return path

    def close(self) -> None:
        self.follower.state.shelf.close()
        self._recording.close()


def restarted(log: EmbeddedLog, folder: Path | None, rules: Rules = EAGER) -> Shard:
    steps = recover(log, 0, rules, folder)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            shard: Shard = done.value
            return shard


def assert_all_the_same(found: Shard, live: Live) -> None:
    """What lies on the shelf, too."""
    assert_same(found, live.shard)
    state = live.shard.state
    assert orders(found.state) == orders(state)
    assert fills(found.state) == fills(state)
    assert same(found.state) == same(state)


def same(state: State) -> list[str]:
    return sorted(repr(parent) for parent in state.parents_of_day())


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.shelf"))
