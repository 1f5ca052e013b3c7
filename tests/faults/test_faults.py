"""The whole system under faults: nothing is lost, doubled or changed, and all work ends.

`infra.faults` describes a run; a thousand seeds run in `test_faults_seeds`.
"""

import logging
from collections import Counter
from collections.abc import Iterator

import pytest

from engine import topology
from infra.faults import checks, plan, shrinking
from infra.faults.__main__ import main
from infra.faults.plan import Kind
from infra.faults.world import Played, World


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Faults make warnings all the time."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def played(seed: int) -> Played:
    return World(plan.of_seed(seed)).run()


def rows(run: Played) -> list[object]:
    """All records of the log after the run."""
    return [entry.record for place in run.broker.topics.values() for entry in place.entries]


def test_the_same_seed_is_the_same_run() -> None:
    first, again = played(3), played(3)
    assert rows(first) == rows(again)
    assert (first.steps, first.struck, first.sent) == (again.steps, again.struck, again.sent)


def test_every_kind_of_fault_strikes_a_whole_life_of_orders() -> None:
    struck: Counter[str] = Counter()
    happened: Counter[type] = Counter()
    for seed in range(40):
        run = played(seed)
        struck += run.struck
        for number in range(run.log.partitions):
            happened.update(type(event) for event in checks.Books(run.log, number).events)
    assert set(struck) == set(Kind)
    unheard = [kind.__name__ for kind in topology.EVOLVE if not happened[kind]]
    # Errors are another test's subject. Events of facts that the plans do not send are missing.
    unsent = (
        *("FeeSchedule", "Calendar", "VolumeCurve", "Allotment", "Restriction"),
        *("CorporateAction", "WriterKey"),
    )
    expected = {*(f"{name}Carried" for name in unsent), "InstrumentHalted", "LogContinued"}
    # A carried order is never beyond the wide limits, and no person books to the error account.
    expected |= {"OrderHeld", "ErrorBooked"}
    # No instrument has a calendar with breaks, and none is split.
    expected |= {"ParentPaused", "CorporateActionApplied"}
    # No plan has a desk that steers a parent.
    expected |= {"InstructionAdopted"}
    # No plan asks for an order's state or settles a break; the others are of rare meetings.
    rare = {"OrderStatusReported", "BreakClosed", "ChildDoubted", "OrderReopened", "OrderRestated"}
    assert set(unheard) - rare == expected


def test_a_seed_is_replayed_by_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seed", "5", "--faults", "0", "--arrivals", "0,1,2,3"]) == 0
    assert "everything holds" in capsys.readouterr().out


def test_less_is_found_by_leaving_out() -> None:
    assert shrinking.less(tuple(range(20)), lambda some: {3, 17} <= set(some)) == (3, 17)
