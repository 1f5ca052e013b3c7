"""Ten large orders of equal terms at once on one side of a recorded day: all done, none favoured.

Each is a parent of its own, as they settle on terms of their own, or all are one. Together they are
a tenth of what the market trades in their window, so they want the same quotes all the time. Those
that take at once show the division of what is shown, without a queue.
"""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from trading_days import HOUR, LOT, MINUTE, SECOND, Run, order_of, run_of, utc_ns

from engine.core import events as e
from engine.core.events import Strategy
from engine.log import open_log
from engine.simulation.market.data import load

EQUITY_DAY = Path(__file__).parents[2] / "examples" / "us-equity-2018-01-02"
START_NS = utc_ns("2018-01-02T15:00:00")
END_NS = START_NS + HOUR // 2
ORDERS, QTY = 10, 3_000
ODD_SHARES = 10
CLIENTS = ("C01", "C02", "C03", "C04", "C05", "C06", "C07", "C08", "C09", "C11")


class Overlap(NamedTuple):
    """The run, and the parents of the ten orders."""

    run: Run
    parents: list[str]

    def done(self, until_ns: int) -> list[int]:
        """Executed for each parent before a time."""
        found = Counter(dict.fromkeys(self.parents, 0))
        for fill in self.run.of(e.FillBooked):
            if fill.at_ns < until_ns:
                found[fill.parent_id] += fill.last_qty
        return [found[name] for name in self.parents]


def played(folder: Path, urgency: e.Urgency, *, apart: bool) -> Run:
    """The ten orders, each of terms of its own or all of the same."""
    day = load(EQUITY_DAY, strict=True)
    last_ns = END_NS + MINUTE
    data = replace(day, events=[x for x in day.events if x.received_ns < last_ns])
    orders = [
        order_of(
            data.facts,
            cl_ord_id=f"o{number}",
            client_id=client_id,
            order_qty=QTY,
            urgency=urgency,
            benchmark=e.Benchmark.ARRIVAL,
            must_complete=False,
            max_participation_ppm=300_000,
            received_ns=START_NS + number,
            end_ns=END_NS - number * SECOND * apart,
            settlement=f"T{number}" if apart else "",
        )
        for number, client_id in enumerate(CLIENTS)
    ]
    with open_log(f"sqlite:{folder / 'log.db'}", partitions=1) as log:
        return run_of(data, orders, Strategy.TWAP, log)


@pytest.fixture(scope="module")
def overlap(tmp_path_factory: pytest.TempPathFactory) -> Overlap:
    run = played(tmp_path_factory.mktemp("overlap"), e.Urgency.HIGH, apart=True)
    return Overlap(run, [f"0-{x.seq}" for x in run.of(e.ParentOpened)])


@pytest.fixture(scope="module", params=[e.Urgency.HIGH, e.Urgency.NORMAL])
def pooled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One parent, with a tranche for the clients that may not trade in the dark, and so on."""
    return played(tmp_path_factory.mktemp("pooled"), request.param, apart=False)


def shares_of(run: Run, until_ns: int) -> Counter[str]:
    """Allocated to each order before a time."""
    found = Counter({f"0-{x.seq}": 0 for x in run.of(e.OrderAccepted)})
    for allocated in run.of(e.FillAllocated):
        if allocated.at_ns < until_ns:
            found.update(dict(zip(allocated.order_ids, allocated.shares_qty, strict=True)))
    return found


def takes(run: Run) -> dict[str, e.ChildRouted]:
    routed = run.of(e.ChildRouted, time_in_force=e.ChildTimeInForce.IOC)
    return {f"0-{x.seq}": x for x in routed}


def test_they_complete(overlap: Overlap) -> None:
    assert len(overlap.parents) == ORDERS
    assert sum(overlap.done(END_NS + MINUTE)) >= ORDERS * QTY * 98 // 100


@pytest.mark.parametrize("quarter", [1, 2, 3, 4])
def test_equal_terms_are_within_a_tenth_or_a_lot_of_pro_rata_at_every_quarter(
    overlap: Overlap, quarter: int
) -> None:
    """What is left is divided in lots, and at the first quarter a lot is more than a tenth."""
    done = overlap.done(START_NS + (END_NS - START_NS) * quarter // 4)

    for qty in done:
        assert abs(qty * ORDERS - sum(done)) <= max(sum(done) // 10, LOT * ORDERS)


def test_no_take_asks_for_more_than_is_left_and_nearly_all_are_filled(overlap: Overlap) -> None:
    sent = takes(overlap.run)
    filled_qty = sum(x.last_qty for x in overlap.run.of(e.FillBooked) if x.child_id in sent)

    assert all(0 < x.child_qty <= x.left_qty <= x.venue_qty for x in sent.values())
    assert filled_qty * 10 >= sum(x.child_qty for x in sent.values()) * 9


def test_several_share_what_is_left(overlap: Overlap) -> None:
    shared = [x for x in takes(overlap.run).values() if x.wanted_qty > x.left_qty]
    assert shared


# ---------------------------------------------------------------------------------- one parent


def test_orders_of_one_parent_complete(pooled: Run) -> None:
    assert len(pooled.of(e.ParentOpened)) == 1
    assert len(pooled.of(e.TrancheOpened)) > 1
    assert set(shares_of(pooled, END_NS + MINUTE).values()) == {QTY}


@pytest.mark.parametrize("quarter", [1, 2, 3])
def test_equal_orders_of_one_parent_are_as_far_at_every_quarter(pooled: Run, quarter: int) -> None:
    """Those of a tranche to a few shares. Tranches that wait differ by where they may wait."""
    found = shares_of(pooled, START_NS + (END_NS - START_NS) * quarter // 4)
    mean_qty = sum(found.values()) // ORDERS
    assert mean_qty > QTY * quarter // 8
    members: dict[int, list[int]] = {}
    for joined in pooled.of(e.MemberJoined):
        members.setdefault(joined.tranche, []).append(found[joined.order_id])

    assert all(max(got) - min(got) <= ODD_SHARES for got in members.values())
    most = max(abs(qty - mean_qty) for qty in found.values())
    is_waiting = pooled.of(e.OrderAccepted)[0].urgency is e.Urgency.NORMAL
    assert most <= (mean_qty // 5 if is_waiting else mean_qty // 100)
