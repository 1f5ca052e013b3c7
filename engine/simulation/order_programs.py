"""Programs: one intention, split in many small orders at one time or in waves.

A firm seldom sends one order. A stock that joins an index is bought by all that follow the index; a
manager's cash flow becomes an order for each of forty accounts, pro rata; a statistical-arbitrage
book sends lists of both sides every few minutes; a desk hedges what it has sold. Between them come
single orders. `KINDS` states each with its parameters; docs/order-generator.md has their sources.

A day of so many orders is divided among the kinds by their share; a kind makes programs until its
share is used up, and the last one is cut off. Times count trading time from the open, so sessions
with breaks and of any length work: gaps shrink where the rest of the session is too short.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from engine.simulation.chance import Draw, Weights
from engine.simulation.market.reference import U_SHAPE_PPM
from engine.simulation.order_clients import Client

SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS
BASKET_MOST = 10  # Instruments of a basket; a folder each.

# How long a wave's orders may work; minutes from the wave's start.
NO_WINDOW, TO_CLOSE, LAST_HOUR, MINUTES, HOURS = "none", "to close", "last hour", "minutes", "hours"
WINDOW_MINUTES = {MINUTES: (5, 30), HOURS: (60, 240)}
EITHER, INDEX_SIDE, MIXED = "either", "of the index", "mixed"

# Long-only managers that use such an algorithm, in a hundred (The TRADE 2018, figure 6). An
# implementation shortfall algorithm is ARRIVAL here; 36 of single stocks, 14 of baskets.
SINGLE_BENCHMARKS: Weights = (("VWAP", 56), ("POV", 60), ("ARRIVAL", 36), ("TWAP", 28))
BASKET_BENCHMARKS: Weights = (("VWAP", 56), ("POV", 60), ("ARRIVAL", 14), ("TWAP", 28))
# Size of a program against the mean of its kind, percent; a guess.
INTENSITIES: Weights = (("30", 35), ("100", 40), ("200", 20), ("500", 5))


class Kind(NamedTuple):
    """A kind of program, and what is common to the orders of one; percentages are of programs."""

    name: str
    share: int  # Of all orders, percent.
    clients: tuple[int, int]  # Least and most, percent of all clients.
    waves: tuple[int, int]  # Least and most.
    gap_minutes: int  # From wave to wave; each is up to a half longer or shorter.
    spread_ms: int  # A wave's orders arrive within.
    each: tuple[int, int]  # Orders of a client in a wave and instrument, least and most.
    is_basket: bool  # In all instruments, or in one.
    order_ppm: int  # Mean order, ppm of the average daily volume; 0: by the table of singles.
    early: int  # Programs that begin in the first half-hour, percent.
    sides: str
    urgencies: Weights
    benchmarks: Weights
    windows: Weights
    limits: int  # Programs with a limit, percent.
    completes: int  # Programs that must complete, percent.
    sources: tuple[str, ...]
    capacities: Weights


SINGLE = "single"
AGENCY: Weights = (("AGENCY", 1),)
KINDS = (
    Kind(
        name="index change",
        share=28,
        clients=(60, 100),
        waves=(1, 3),
        gap_minutes=60,
        spread_ms=20_000,
        each=(1, 1),
        is_basket=False,
        order_ppm=40,
        early=70,
        sides=INDEX_SIDE,
        urgencies=(("LOW", 60), ("NORMAL", 40)),
        benchmarks=(("VWAP", 80), ("TWAP", 20)),
        windows=((TO_CLOSE, 60), (LAST_HOUR, 40)),
        limits=0,
        completes=50,
        sources=("OMS-1", "FIX-7"),
        capacities=AGENCY,
    ),
    Kind(
        name="cash flow",
        share=32,
        clients=(75, 95),
        waves=(1, 2),
        gap_minutes=45,
        spread_ms=3_000,
        each=(1, 1),
        is_basket=True,
        order_ppm=35,
        early=20,
        sides=EITHER,
        urgencies=(("LOW", 25), ("NORMAL", 60), ("HIGH", 15)),
        benchmarks=BASKET_BENCHMARKS,
        windows=((NO_WINDOW, 40), (HOURS, 40), (TO_CLOSE, 20)),
        limits=30,
        completes=5,
        sources=("PM-ALPHA", "OMS-1"),
        capacities=AGENCY,
    ),
    Kind(
        name="statistical arbitrage",
        share=16,
        clients=(4, 9),
        waves=(4, 12),
        gap_minutes=5,
        spread_ms=500,
        each=(1, 3),
        is_basket=True,
        order_ppm=12,
        early=0,
        sides=MIXED,
        urgencies=(("HIGH", 85), ("NORMAL", 15)),
        benchmarks=(("ARRIVAL", 1),),
        windows=((MINUTES, 1),),
        limits=60,
        completes=0,
        sources=("ALGO-3",),
        capacities=AGENCY,
    ),
    Kind(
        name="hedge",
        share=4,
        clients=(1, 1),
        waves=(3, 10),
        gap_minutes=3,
        spread_ms=200,
        each=(1, 1),
        is_basket=False,
        order_ppm=20,
        early=0,
        sides=EITHER,
        urgencies=(("HIGH", 70), ("NORMAL", 30)),
        benchmarks=(("ARRIVAL", 80), ("POV", 20)),
        windows=((NO_WINDOW, 50), (MINUTES, 50)),
        limits=20,
        completes=30,
        sources=("FIX-7", "ALGO-3"),
        capacities=(("RISKLESS_PRINCIPAL", 60), ("PRINCIPAL", 40)),
    ),
    Kind(
        name=SINGLE,
        share=20,
        clients=(1, 1),
        waves=(1, 1),
        gap_minutes=0,
        spread_ms=1,
        each=(1, 1),
        is_basket=False,
        order_ppm=0,
        early=0,
        sides=EITHER,
        urgencies=(("LOW", 30), ("NORMAL", 50), ("HIGH", 20)),
        benchmarks=SINGLE_BENCHMARKS,
        windows=((NO_WINDOW, 60), (HOURS, 30), (TO_CLOSE, 10)),
        limits=25,
        completes=12,
        sources=("OMS-1", "FIX-7", "PM-ALPHA", "ALGO-3"),
        capacities=AGENCY,
    ),
)


class Program(NamedTuple):
    """One intention; its chance is what all its orders share."""

    kind: Kind
    draw: Draw
    first_order: int  # Number of its first order.
    begin_ns: int  # Trading time from the open at which its first wave comes.
    waves_ns: tuple[int, ...]  # The same of each wave.


class Slot(NamedTuple):
    """A small order of a program, before its words."""

    order: int  # Number of the order in the file.
    program: Program
    wave: int
    client: Client
    instrument: int  # Number of the market folder.
    turn: int  # Number among the client's orders of this wave and instrument.
    part_ppm: int  # Of the wave's quantity in this instrument.
    peers: int  # Orders of the wave in this instrument; the part is of them all.


def slots(
    clients: Sequence[Client], spans_ns: Sequence[int], count: int, seed: int
) -> Iterator[Slot]:
    """The orders of a day, program by program; order numbers count from 0 without a gap.

    `spans_ns` is the trading time of each market folder. The shares of the kinds are rounded down,
    and single orders take what is left.
    """
    order, number = 0, 0
    *kinds, single = KINDS
    for kind in (*kinds, single):
        last = count if kind is single else order + count * kind.share // 100
        while order < last:
            program = _program(kind, Draw(seed, "program", number), order, min(spans_ns))
            number += 1
            for slot in _slots_of(program, clients, len(spans_ns)):
                if order == last:
                    break
                yield slot
                order += 1


def _program(kind: Kind, draw: Draw, first_order: int, span_ns: int) -> Program:
    """A program and its waves, which all come before the last minute of the session."""
    last_ns = max(0, span_ns - MINUTE_NS)
    begin_ns = min(_begin_ns(kind, draw, span_ns), last_ns)
    count = between(draw, kind.waves, "waves")
    gap_ns = min(kind.gap_minutes * MINUTE_NS, (last_ns - begin_ns) * 2 // (3 * count))
    waves_ns = [begin_ns]
    for wave in range(1, count):
        # Half a gap to one and a half, so that the last wave is in time.
        waves_ns.append(waves_ns[-1] + gap_ns // 2 + draw.below(gap_ns + 1, f"gap {wave}"))
    return Program(kind, draw, first_order, begin_ns, tuple(waves_ns))


def _begin_ns(kind: Kind, draw: Draw, span_ns: int) -> int:
    """When the first wave comes: in the first half-hour, or as volume comes over the day."""
    bucket_ns = max(1, span_ns // len(U_SHAPE_PPM))
    if draw.below(100, "early") < kind.early:
        return draw.below(bucket_ns, "in half-hour")
    buckets = [(str(number), weight) for number, weight in enumerate(U_SHAPE_PPM)]
    return int(draw.weigh(buckets, "half-hour")) * bucket_ns + draw.below(bucket_ns, "in half-hour")


def _slots_of(program: Program, clients: Sequence[Client], folders: int) -> Iterator[Slot]:
    """Wave by wave, client by client: the whole program, pro rata by the clients' sizes."""
    kind, draw = program.kind, program.draw
    chosen = _clients_of(program, clients)
    instruments = _instruments_of(program, folders)
    order = program.first_order
    for wave in range(len(program.waves_ns)):
        turns = [between(draw, kind.each, f"orders {wave} {x.name}") for x in chosen]
        all_size = sum(client.size for client in chosen)
        for client, most in zip(chosen, turns, strict=True):
            part_ppm = client.size * 1_000_000 // (all_size * most)
            for instrument in instruments:
                for turn in range(most):
                    yield Slot(order, program, wave, client, instrument, turn, part_ppm, sum(turns))
                    order += 1


def _clients_of(program: Program, clients: Sequence[Client]) -> list[Client]:
    """The clients that take part, in an order of chance, as an allocation lists its accounts."""
    least, most = (max(1, len(clients) * part // 100) for part in program.kind.clients)
    count = between(program.draw, (least, most), "clients")
    drawn = sorted(clients, key=lambda client: program.draw.below(1 << 62, f"place {client.name}"))
    return drawn[:count]


def _instruments_of(program: Program, folders: int) -> list[int]:
    first = program.draw.below(folders, "instrument")
    count = min(folders, BASKET_MOST) if program.kind.is_basket else 1
    return sorted((first + place) % folders for place in range(count))


def between(draw: Draw, span: tuple[int, int], name: str) -> int:
    """A number from the least to the most of the span, both included."""
    least, most = span
    return least + draw.below(most - least + 1, name)
