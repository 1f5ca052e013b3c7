"""Two days of random orders and reports: clients and views are told what is in force.

`two_days.py` is also a script, for more seeds than these.
"""

from pathlib import Path

import pytest
import two_days
from projected import projected, violated

PART = 50
VIEWED = range(1_000, 1_004)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 500, PART))
def test_what_clients_were_told_and_the_error_account_are_the_fills_in_force(first: int) -> None:
    for seed in range(first, first + PART):
        two_days.run(seed)


def test_a_few_seeds_hold() -> None:
    for seed in range(2_000, 2_020):
        two_days.run(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", VIEWED)
def test_the_views_say_what_clients_were_told(seed: int, tmp_path: Path) -> None:
    world, told = two_days.run(seed)
    with projected(world, tmp_path) as found:
        assert violated(found) == {}
        rows = found.execute(
            "select order_id, crossed_qty + allocated_qty, withdrawn_qty, open_qty, status "
            "from order_state"
        ).fetchall()
    assert {order_id for order_id, *_ in rows} == set(told.order_qty)
    for order_id, cum_qty, withdrawn_qty, open_qty, status in rows:
        assert cum_qty == told.cum_qty[order_id]
        assert withdrawn_qty == told.withdrawn_qty[order_id]
        assert open_qty == told.order_qty[order_id] - cum_qty - withdrawn_qty
        assert open_qty or not status.startswith("PENDING"), "a pending change is over by then"
