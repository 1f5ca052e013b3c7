"""Count what a simulated day refused, by reason, and say when that was most of its input.

A run whose market, reference data or orders were mostly refused has figures of another day than the
one that was meant. What could not be read never reached the log, so it is counted beside what the
engine refused there.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from engine.gateways.orders import order_file
from engine.simulation.market.data import BadRow, FolderFacts

if TYPE_CHECKING:
    import duckdb

REASONS_SHOWN = 10
OF_THE_ENGINE = (
    "select '{topic}' as topic, reason, count(*) from {table} group by reason order by reason"
)
# A shared topic is read by every shard, and each refuses: an input counts once.
OF_INPUTS = (
    "select topic, reason, count(*) from (select distinct topic, reason, input_position, "
    "if(topic = 'reference', 0, shard) as part from input_rejected) group by all order by all"
)
REFUSALS = ("order_rejected", "order_change_rejected")  # Answers to requests of `orders`.


class Refused(NamedTuple):
    """One kind of input: all of it, and what was refused by reason."""

    name: str  # In the plural, for people.
    total: int
    reasons: Counter[str]

    @property
    def refused_count(self) -> int:
        return self.reasons.total()

    @property
    def is_most(self) -> bool:
        return 2 * self.refused_count > self.total


def counted(
    folders: Iterable[FolderFacts],
    order_lines: int,
    unreadable: Iterable[order_file.Line],
    reference_records: int,
    connection: "duckdb.DuckDBPyConnection",
) -> dict[str, Refused]:
    """Refusals of market, reference and orders; `connection` is to the run's projection."""
    found = {
        "market-data": _of_market(folders),
        "reference": Refused("reference records", reference_records, Counter()),
        "orders": Refused(
            "order lines", order_lines, Counter(order_file.reason_of(x.error) for x in unreadable)
        ),
    }
    queries = [OF_INPUTS, *(OF_THE_ENGINE.format(topic="orders", table=x) for x in REFUSALS)]
    for query in queries:
        for topic, reason, count in connection.execute(query).fetchall():
            if topic in found:
                found[topic].reasons[reason] += count
    return {"market": found["market-data"], **{x: found[x] for x in ("reference", "orders")}}


def _of_market(folders: Iterable[FolderFacts]) -> Refused:
    rows, reasons = 0, Counter[str]()
    for facts in folders:
        rows += facts.quote_count + facts.trade_count + len(facts.bad_rows) + facts.duplicate_count
        reasons.update(map(_kind, facts.bad_rows))
    return Refused("market rows", rows, reasons)


def by_reason(refused: Mapping[str, Refused]) -> dict[str, dict[str, int]]:
    """For machines: the counts of each kind, the most frequent reason first."""
    return {name: dict(x.reasons.most_common()) for name, x in refused.items()}


def sentences(refused: Iterable[Refused]) -> Iterator[str]:
    """A kind that was mostly refused, and its most frequent reasons."""
    for kind in refused:
        if kind.is_most:
            yield f"most {kind.name} were refused, {kind.refused_count:,} of {kind.total:,}:"
            for reason, count in kind.reasons.most_common(REASONS_SHOWN):
                yield f"{count:>12,}  {reason}"


def _kind(bad: BadRow) -> str:
    return f"{bad.field}, expected {bad.expected}"
