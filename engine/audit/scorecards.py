"""Show scorecards of venues as of any event, and judge their forecasts.

Both from a projection alone, through the functions by which the router estimates: the cards are
made again from the counts that their events state. A forecast is judged where its answer is known.
That a resting child is filled within the time its route names is unknown of one that was taken back
before; whether it is filled before it is taken back is known once it ended. Forecasts are judged as
they were made, each from all that had ended by then, and once more with the cards as they were in
the middle of the time between the first and the last route, for the children routed after it.
Beside each is the log loss of the best constant: the filled part of the same children, by kind of
venue, which nothing could know in advance.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import duckdb

from engine.core.events import VenueKind
from engine.core.market.markouts import HORIZONS_S
from engine.core.routing import cells, chances, dark_split, scorecard, survival
from engine.core.routing.survival import CHILD_MILLI, Counts
from engine.core.state.model import Cell, Markout, Scorecard, Sizes
from engine.core.state.state import State
from engine.core.units import INT64_MAX, NS_PER_S, PPM

WITHIN_S = (10, 60, 300)
HIDDEN_LOTS = (1, 5, 20)
HIDDEN_OF = {cells.PEG: cells.PEG, cells.TAKE: cells.MIDPOINT_NOW}  # By tactic.
DECILES = 10
CHANCE_MIN = 1e-6  # A forecast of 0 or 1 that fails is charged as this, so that a sum is finite.
LATEST = "select * exclude (place) from ({}) where place = 1 order by all"


class Before(NamedTuple):
    """An event of a shard: the cards are those in force when it was decided."""

    shard: int
    seq: int


# -------------------------------------------------------------------------------- cards


def cards_of(
    connection: duckdb.DuckDBPyConnection, before: Before | None = None, until_ns: int = INT64_MAX
) -> dict[int, State]:
    """By shard a state with the scorecards before an event, or before a time; nothing else in it.

    With `before` only its shard is read.
    """
    shard, seq = before or (None, INT64_MAX)
    given = {"shard": shard, "seq": seq, "until_ns": until_ns}
    found: dict[int, State] = {}
    for row in latest(connection, "scorecard_latencies", ("shard", "venue"), given):
        state = found.setdefault(row["shard"], State(shard=row["shard"]))
        state.scorecards[row["venue"]] = Scorecard(
            version=1,
            samples=row["samples"],
            kind=VenueKind(row["kind"]),
            acks_milli=row["acks_milli"],
            acks_ns=row["acks_ns"],
            takes_milli=row["takes_milli"],
            takes_ns=row["takes_ns"],
        )
    for row in latest(connection, "scorecard_cells", ("shard", "venue", "cell"), given):
        counts = (row["at_risk_milli"], row["filled_milli"], row["cancelled_milli"])
        card = found[row["shard"]].scorecards[row["venue"]]
        card.cells[row["cell"]] = Cell(*(tuple(x) for x in counts))
    keys = ("shard", "venue", "tactic", "horizon_s")
    for row in latest(connection, "scorecard_markouts", keys, given):
        card = found[row["shard"]].scorecards[row["venue"]]
        key = (row["tactic"], row["horizon_s"])
        card.markouts[key] = Markout(row["fills_milli"], row["sum_millibps"])
    for row in latest(connection, "scorecard_sizes", ("shard", "venue", "tactic"), given):
        card = found[row["shard"]].scorecards[row["venue"]]
        card.sizes[row["tactic"]] = Sizes(tuple(row["at_risk_milli"]), tuple(row["ended_milli"]))
    for state in found.values():
        for card in state.scorecards.values():
            card.filled_milli = scorecard.filled_at_rest_milli(card.cells)
        state.pools = scorecard.pooled(state.scorecards)
    return found


def latest(
    connection: duckdb.DuckDBPyConnection,
    view: str,
    keys: Sequence[str],
    given: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """The last row of a view for each key before an event or a time."""
    inner = (
        f"select *, row_number() over (partition by {', '.join(keys)} order by seq desc) as place "  # noqa: S608 - Constant names.
        f"from {view} where shard = coalesce($shard, shard) and seq < $seq and at_ns < $until_ns"
    )
    result = connection.execute(LATEST.format(inner), dict(given))
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


# --------------------------------------------------------------------------------- rows


def rows(states: Mapping[int, State]) -> list[dict[str, Any]]:
    """One row a shard, venue and tactic: samples, chances with intervals, markouts, latencies."""
    found = []
    for _, state in sorted(states.items()):
        for venue, card in sorted(state.scorecards.items()):
            tactics = dict.fromkeys(cells.tactic_of(cell) for cell in sorted(card.cells))
            found += [row_of(state, venue, tactic) for tactic in tactics]
    return found


def row_of(state: State, venue: str, tactic: str) -> dict[str, Any]:
    """A card's figures of a tactic, all its cells together; chances in parts per million."""
    card = state.scorecards[venue]
    own = [counts for cell, counts in card.cells.items() if cells.tactic_of(cell) == tactic]
    counts = Counts(*(tuple(map(sum, zip(*(x[n] for x in own), strict=True))) for n in range(3)))
    found: dict[str, Any] = {
        "shard": state.shard,
        "venue": venue,
        "kind": card.kind.value,
        "tactic": tactic,
        "samples": (sum(counts.filled_milli) + sum(counts.cancelled_milli)) / CHILD_MILLI,
    }
    for within_s in WITHIN_S:
        chance = None if tactic == cells.TAKE else within_ppm(counts, within_s * NS_PER_S)
        found |= with_interval(f"fill_{within_s}s", chance)
    hit = None
    if tactic == cells.TAKE:
        hits, tries = counts.filled_milli[0], counts.at_risk_milli[0]
        hit = (hits * PPM // tries if tries else None, survival.wilson_ppm(hits, tries))
    found |= with_interval("hit", hit)
    sizes = card.sizes.get(HIDDEN_OF.get(tactic, ""))
    for lots in HIDDEN_LOTS:
        found |= with_interval(f"lots_{lots}", None if sizes is None else tail_ppm(sizes, lots))
    for horizon_s in HORIZONS_S:
        moved = scorecard.markout_millibps(state, venue, tactic, horizon_s)
        found[f"markout_{horizon_s}s_bps"] = None if moved is None else moved / 1_000
    found["ack_ms"] = mean_ms(card.acks_ns, card.acks_milli)
    found["take_ms"] = mean_ms(card.takes_ns, card.takes_milli)
    return found


Chance = tuple[int | None, tuple[int, int]]


def within_ppm(counts: Counts, within_ns: int) -> Chance:
    """Kaplan and Meier's chance of a fill within a time; None where no child rested so long."""
    reached = [
        at_risk
        for (first_ns, _), at_risk in zip(survival.SPANS, counts.at_risk_milli, strict=True)
        if first_ns < within_ns
    ]
    interval = survival.interval_ppm(counts, within_ns)
    if not all(reached):
        return None, interval
    hazards = [
        filled * PPM // max(1, at_risk)
        for at_risk, filled in zip(counts.at_risk_milli, counts.filled_milli, strict=True)
    ]
    return survival.filled_within_ppm(hazards, within_ns), interval


def tail_ppm(sizes: Sizes, lots: int) -> Chance:
    """Kaplan and Meier's chance that a venue hides so many lots; None where none were sent."""
    interval = dark_split.interval_ppm(sizes, lots)
    reached = [
        at_risk
        for (first, _), at_risk in zip(dark_split.CLASSES, sizes.at_risk_milli, strict=True)
        if first < lots
    ]
    if not all(reached):
        return None, interval
    tail = dark_split.tail_fine(sizes, (0,) * lots, 0, lots)
    return tail[-1] * PPM // survival.FINE, interval


def with_interval(name: str, chance: Chance | None) -> dict[str, int | None]:
    middle, (low, high) = chance or (None, (None, None))
    return {f"{name}_ppm": middle, f"{name}_low_ppm": low, f"{name}_high_ppm": high}


def mean_ms(sum_ns: int, count_milli: int) -> float | None:
    return sum_ns * CHILD_MILLI / count_milli / 1e6 if count_milli else None


# ----------------------------------------------------------------------------- judgement


class Forecast(NamedTuple):
    """A chance that was stated, and what came of it: 1 filled, 0 not, or the part of a take."""

    kind: str
    stated: float
    frozen: float
    came: float


QUESTIONS = ("post within its horizon", "post before it is taken back", "part of a take")


def judged(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """One row a question: children that were routed in the second half, and the log losses."""
    second = forecasts(connection)
    return [figures(question, second[question]) for question in QUESTIONS if second[question]]


def forecasts(connection: duckdb.DuckDBPyConnection) -> dict[str, list[Forecast]]:
    """The forecasts of the second half whose answer is known, by question."""
    result = connection.execute("from fill_forecasts order by routed_ns, shard, seq")
    names = [column[0] for column in result.description or ()]
    routed = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    found: dict[str, list[Forecast]] = {question: [] for question in QUESTIONS}
    if not routed:
        return found
    middle_ns = (routed[0]["routed_ns"] + routed[-1]["routed_ns"]) // 2
    states = cards_of(connection, until_ns=middle_ns)
    for row in routed:
        if row["routed_ns"] >= middle_ns and row["end_after_ns"] is not None:
            state = states.get(row["shard"]) or State(shard=row["shard"])
            for question, forecast in answered(state, row):
                found[question].append(forecast)
    return found


def answered(state: State, row: Mapping[str, Any]) -> Iterable[tuple[str, Forecast]]:
    """The questions that a child that ended answers."""
    venue, cell = row["venue"], row["cell"]
    card = state.scorecards.get(venue) or Scorecard()
    kind = card.kind
    if cells.is_take(cell):
        hit = chances.hit_ppm(state, venue, cell)
        part = row["filled_qty"] / row["child_qty"]
        yield QUESTIONS[2], Forecast(kind.value, row["fill_ppm"] / PPM, hit / PPM, part)
        return
    within_ns, after_ns = row["fill_within_ns"], row["fill_after_ns"]
    found = chances.of_kind(state.pools, kind, cell)
    within, ends = chances.rest_ppm(found, card, within_ns, row["left_ns"])
    is_filled = after_ns is not None and after_ns <= within_ns
    if is_filled or row["end_after_ns"] >= within_ns:
        yield (
            QUESTIONS[0],
            Forecast(kind.value, row["fill_ppm"] / PPM, within / PPM, float(is_filled)),
        )
    came = float(after_ns is not None)
    yield QUESTIONS[1], Forecast(kind.value, row["ends_filled_ppm"] / PPM, ends / PPM, came)


def figures(question: str, known: Sequence[Forecast]) -> dict[str, Any]:
    """The log losses of the forecasts of a question."""
    kinds = sorted({forecast.kind for forecast in known})
    of_kind = {kind: mean(x.came for x in known if x.kind == kind) for kind in kinds}
    return {
        "question": question,
        "children": len(known),
        "came": mean(x.came for x in known),
        "expected": mean(x.stated for x in known),
        "log_loss": mean(log_loss(x.stated, x.came) for x in known),
        "log_loss_frozen": mean(log_loss(x.frozen, x.came) for x in known),
        "log_loss_base_rate": mean(log_loss(of_kind[x.kind], x.came) for x in known),
        "log_loss_one_half": math.log(2),
    }


def calibration(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Takes of the second half by decile of the part that was expected to be hit."""
    ordered = sorted(forecasts(connection)[QUESTIONS[2]], key=lambda x: x.stated)
    found = []
    for number in range(DECILES):
        first, last = (len(ordered) * n // DECILES for n in (number, number + 1))
        part = ordered[first:last]
        if part:
            expected, came = mean(x.stated for x in part), mean(x.came for x in part)
            row = {"decile": number + 1, "takes": len(part), "expected": expected, "hit": came}
            found.append(row | {"points": 100 * (came - expected)})
    return found


def log_loss(chance: float, came: float) -> float:
    """Cross entropy of what came under a chance, nats; of a part, of its shares."""
    chance = min(1 - CHANCE_MIN, max(CHANCE_MIN, chance))
    return -came * math.log(chance) - (1 - came) * math.log(1 - chance)


def mean(found: Iterable[float]) -> float:
    values = list(found)
    return math.fsum(values) / len(values)
