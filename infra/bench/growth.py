"""Costs that must not grow: of a child with the children before it, of the heap with the orders.

Children come in waves. A wave opens the same parents, works them until none is at work, and so
asks the same of the engine each time; the only difference is how many children the day has seen.
"""

import gc
import resource
import tracemalloc
from dataclasses import dataclass
from statistics import median

from engine.core.strategy import almgren_chriss
from engine.log.codec.shapes import long_number
from infra.bench.player import Player
from infra.bench.world import SECOND_NS, Shape

WAVE = Shape(
    orders=0,
    orders_per_round=128,
    members=2,
    min_slice_qty=100,
    horizon_ns=20 * SECOND_NS,
    sells=False,
)
HEAP = Shape(orders=0, instruments=16, window_ns=20 * SECOND_NS, horizon_ns=60 * SECOND_NS)
NEAR = 5  # Waves of each kind, whose median counts.


@dataclass(frozen=True, slots=True)
class ChildCost:
    """Microseconds of engine time a child, after few children and after many."""

    early_children: int
    late_children: int
    early_us: float
    late_us: float

    def as_json(self) -> dict[str, object]:
        return {
            "early_children": self.early_children,
            "late_children": self.late_children,
            "early_us": round(self.early_us, 1),
            "late_us": round(self.late_us, 1),
            "ratio": round(self.late_us / self.early_us, 3),
        }


def child_cost(children: int) -> ChildCost:
    """Cost at about 1,000 children beside that at `children`.

    A day grows until it has seen so many. Then waves of that day and waves of days that are new
    take turns, so that the other load of the machine falls on both.
    """
    grown = Player(WAVE, keeps=False)
    grown.open()
    while grown.script.children < children:
        _wave_us(grown)
    early, late = [], []
    for _ in range(NEAR):
        fresh = Player(WAVE, keeps=False)
        fresh.open()
        _wave_us(fresh)
        early.append((fresh.script.children, _wave_us(fresh)))
        late.append((grown.script.children, _wave_us(grown)))
    return ChildCost(
        early_children=early[0][0],
        late_children=late[0][0],
        early_us=median(cost for _, cost in early),
        late_us=median(cost for _, cost in late),
    )


def _wave_us(player: Player) -> float:
    """Play a wave; microseconds of engine time a child."""
    before, before_s = player.script.children, player.engine_s
    player.wave(WAVE.orders_per_round)
    made = player.script.children - before
    assert made, "a wave routes children"
    return (player.engine_s - before_s) / made * 1e6


@dataclass(frozen=True, slots=True)
class Heap:
    """Live bytes of a shard once its orders are done, before the close of its day and after."""

    orders: int
    bytes_once: int
    bytes_tenfold: int
    bytes_once_before_close: int
    bytes_tenfold_before_close: int
    peak_rss_bytes: int

    def as_json(self) -> dict[str, object]:
        return {
            "orders_once": self.orders,
            "orders_tenfold": 10 * self.orders,
            "heap_bytes_once": self.bytes_once,
            "heap_bytes_tenfold": self.bytes_tenfold,
            "ratio": round(self.bytes_tenfold / self.bytes_once, 3),
            "heap_bytes_once_before_close": self.bytes_once_before_close,
            "heap_bytes_tenfold_before_close": self.bytes_tenfold_before_close,
            "ratio_before_close": round(
                self.bytes_tenfold_before_close / self.bytes_once_before_close, 3
            ),
            "peak_rss_bytes": self.peak_rss_bytes,
        }


def heap(orders: int) -> Heap:
    """A day of one wave of `orders`, then one of ten waves; the heap that each holds and leaves.

    In waves, as a longer day has no more orders at work at a time: the indices keep room for
    their most.
    """
    _day(orders, 1)  # Objects that are made once for good are made here.
    once_before, once = _day(orders, 1)
    tenfold_before, tenfold = _day(orders, 10)
    return Heap(orders, once, tenfold, once_before, tenfold_before, peak_rss_bytes())


def _day(orders: int, waves: int) -> tuple[int, int]:
    """Bytes that live once all orders are finished and evicted, and after the close."""
    gc.collect()
    tracemalloc.start()
    player = Player(HEAP, keeps=False)
    player.open()
    for _ in range(waves):
        player.wave(orders)
    player.evict()
    _clear_caches()
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    player.close()
    shard = player.shard
    del player
    _clear_caches()
    gc.collect()
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert not shard.state.orders
    return before, after


def _clear_caches() -> None:
    """Empty what is kept by value, in caches of a fixed size that no day outgrows."""
    long_number.cache_clear()
    almgren_chriss.remaining_part.cache_clear()


def peak_rss_bytes() -> int:
    """The most memory that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1_024
