"""The allotter: what the shards may spend never sums to more than the limit."""

from pathlib import Path
from random import Random

import pytest
from firm import FIRM, Firm, Run
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st
from world import NOW_NS, an, day_closed, risk_limit

from engine.core import events as e
from engine.core.controls import allotments
from engine.gateways import input_records
from engine.gateways.allotter.run import Allotter
from engine.gateways.venues.run import SupersededError
from engine.log.embedded import EmbeddedLog

UNIT = allotments.UNIT_PX
MS = 1_000_000


def holds(firm: Firm) -> None:
    assert firm.bound() <= max(firm.most(), firm.spent())


def is_accepted(events: list[object]) -> bool:
    return any(isinstance(event, e.OrderAccepted) for event in events)


def working(shards: int = 2, limit_cur: int = 100_000) -> tuple[Firm, Run]:
    firm = Firm(shards)
    firm.limit(limit_cur)
    firm.deliver()
    run = Run(firm, "a", NOW_NS)
    firm.settle(run)
    return firm, run


def test_without_an_allotter_nothing_is_accepted_under_a_limit_of_the_day() -> None:
    firm = Firm(2)
    assert is_accepted(firm.order(0, 10))
    firm.limit(100_000)
    firm.deliver()
    assert not is_accepted(firm.order(0, 10))
    assert not is_accepted(firm.order(1, 10))


def test_the_parts_of_all_shards_are_the_limit() -> None:
    firm, _ = working(3, 100_000)
    assert firm.bound() == firm.most() == 100_000 * UNIT
    assert all(is_accepted(firm.order(shard, 300)) for shard in range(3))


def test_a_refused_order_finds_what_the_other_shard_has_not_used() -> None:
    firm, run = working(2, 100_000)
    assert not is_accepted(firm.order(0, 900))
    firm.settle(run)
    holds(firm)
    assert is_accepted(firm.order(0, 900))
    assert not is_accepted(firm.order(1, 100))
    firm.settle(run)
    assert is_accepted(firm.order(1, 100))
    assert firm.spent() == 100_000 * UNIT


def test_an_order_above_what_is_left_takes_nothing_from_the_others() -> None:
    firm, run = working(2, 100_000)
    firm.order(0, 2_000)
    before = len(firm.controls)
    firm.settle(run)
    assert len(firm.controls) == before


def test_nothing_is_given_before_what_was_taken_is_answered() -> None:
    firm, run = working(2, 100_000)
    firm.order(0, 900)
    run.read()
    run.write()  # Taken from shard 1, which does not read it yet.
    firm.deliver(0)
    for _ in range(3):
        run.read()
        run.write()
        firm.deliver(0)
        holds(firm)
    assert not is_accepted(firm.order(0, 900))
    assert is_accepted(firm.order(1, 490))  # It spends what it still has.
    firm.settle(run)
    holds(firm)
    assert not is_accepted(firm.order(0, 900))  # The receipt says that it is gone.
    assert not is_accepted(firm.order(0, 500))
    firm.settle(run)
    assert is_accepted(firm.order(0, 500))


def test_a_lower_limit_leaves_what_was_spent_and_divides_the_rest_again() -> None:
    firm, run = working(2, 100_000)
    firm.order(0, 300)
    firm.limit(50_000)
    firm.deliver()
    assert firm.bound() == 30_000 * UNIT
    assert not is_accepted(firm.order(1, 1))
    firm.settle(run)
    assert firm.bound() == 50_000 * UNIT
    firm.limit(20_000)
    firm.settle(run)
    assert firm.bound() == 30_000 * UNIT
    assert not is_accepted(firm.order(0, 1))


def test_a_lower_limit_is_divided_when_the_slowest_shard_has_answered_it() -> None:
    firm, run = working(3, 100_000)
    firm.limit(24_000)
    firm.deliver(2)
    run.read()
    run.write()
    firm.order(1, 320)  # Still under the former limit.
    firm.deliver(0)
    run.read()
    run.write()
    firm.deliver()
    holds(firm)
    firm.settle(run)
    assert firm.bound() == firm.spent() == 32_000 * UNIT


def test_a_part_of_an_earlier_limit_changes_nothing() -> None:
    firm, run = working(2, 100_000)
    firm.order(0, 900)
    run.read()
    firm.limit(50_000)
    run.write()
    firm.deliver()
    for world in firm.worlds:
        world.then_some(an(e.ControlIgnored, reason=e.IgnoreReason.OTHER_LIMIT))
    holds(firm)
    firm.settle(run)
    assert firm.bound() == firm.most() == 50_000 * UNIT


def test_a_limit_that_ends_frees_the_shards() -> None:
    firm, run = working()
    firm.limit(None)
    firm.settle(run)
    assert is_accepted(firm.order(0, 5_000))
    assert run.ledger.rows() == []
    firm.limit(600_000)
    firm.settle(run)
    assert firm.bound() <= firm.most() == 600_000 * UNIT
    assert is_accepted(firm.order(1, 900))


def test_a_person_cannot_divide_a_limit_of_the_day() -> None:
    firm, _ = working()
    firm.say(
        e.LimitAllotted(
            scope=FIRM[0],
            scope_id="",
            currency=FIRM[1],
            shard=0,
            allotted_notional_cur=10**9,
            set_ns=0,
        )
    )
    firm.deliver()
    firm.worlds[0].then(an(e.ControlIgnored, reason=e.IgnoreReason.OTHER_LIMIT))
    holds(firm)


def test_a_clients_limit_is_divided_beside_the_firms() -> None:
    firm, run = working(2, 100_000)
    firm.limit(10_000, e.ControlScope.CLIENT, "c1")
    firm.settle(run)
    key = (e.ControlScope.CLIENT, "c1")
    assert firm.bound(key) == 10_000 * UNIT
    assert not is_accepted(firm.order(0, 80))
    assert is_accepted(firm.order(0, 80, "c2"))
    firm.settle(run)
    assert is_accepted(firm.order(0, 80))


def test_a_new_run_goes_on_from_the_log_alone() -> None:
    firm, run = working(2, 100_000)
    firm.order(0, 400)
    firm.order(1, 900)
    run.read()
    run.write()  # And dies before it reads an answer.
    new = Run(firm, "b", NOW_NS + 5 * MS)
    firm.settle(new)
    holds(firm)
    assert new.ledger.rows() == [
        {"scope": "FIRM", "scope_id": "USD", "limit": 100_000, "given": 100_000, "spent": 40_000}
        | {"shards": 2}
    ]


def test_a_superseded_run_stops_and_its_late_record_changes_nothing() -> None:
    firm, old = working(2, 100_000)
    firm.order(0, 900)
    old.read()  # Paused before it writes.
    new = Run(firm, "b", NOW_NS + 5 * MS)
    firm.settle(new)
    before = [world.state.controls.allotments for world in firm.worlds]
    old.write()
    firm.deliver()
    firm.worlds[0].then(
        *[an(e.ControlIgnored, reason=e.IgnoreReason.RESENT)] * len(firm.worlds[0].events)
    )
    assert [world.state.controls.allotments for world in firm.worlds] == before
    with pytest.raises(SupersededError, match="one of the two"):
        old.read()
    firm.settle(new)
    holds(firm)


def test_a_superseded_process_writes_nothing_although_it_has_read_no_newer_record(
    tmp_path: Path,
) -> None:
    """It was held up before its turn, and the newer one has not written anything yet."""
    with EmbeddedLog(tmp_path / "log.db", 2) as log:
        older = Allotter(log)
        limit = risk_limit(max_day_notional_cur=100_000)
        made = input_records.record(
            limit, "FIRM", sender="desk", number=1, at_ns=NOW_NS, partitions=1
        )
        log.append("controls", [made])
        newer = Allotter(log)
        with pytest.raises(SupersededError, match="stop one of the two"):
            older.turn()
        assert newer.turn() == 1  # Its question.
        older.close()
        assert newer.turn() == 0


def test_a_run_whose_clock_is_behind_takes_a_number_far_above() -> None:
    firm, old = working()
    new = Run(firm, "b", NOW_NS - 10**15)
    firm.settle(new)
    assert new.ledger.rows()[0]["shards"] == 2
    with pytest.raises(SupersededError):
        old.read()


def test_a_shard_that_does_not_answer_stops_gifts_of_a_new_run_and_takes_nothing() -> None:
    firm, _ = working(2, 100_000)
    new = Run(firm, "b", NOW_NS + 5 * MS)
    firm.order(0, 900)
    for _ in range(5):
        new.read()
        new.write()
        firm.deliver(0)
    assert firm.bound() == 100_000 * UNIT
    assert is_accepted(firm.order(0, 100))
    firm.settle(new)
    holds(firm)


def test_a_new_day_begins_with_nothing_spent_when_every_shard_has_closed() -> None:
    firm, run = working(2, 100_000)
    firm.order(0, 400)
    firm.order(1, 900)  # Refused: it wants what shard 0 has.
    firm.say(day_closed())
    for _ in range(3):
        run.read()
        run.write()
        firm.deliver(0)
        holds(firm)
    assert firm.worlds[1].state.day is not None
    before = len(firm.controls)
    run.read()
    run.write()
    assert len(firm.controls) == before  # Shard 1 is still in the former day.
    firm.settle(run)
    assert run.ledger.rows()[0]["spent"] == firm.spent() == 0
    holds(firm)


def raised(new_ns: int) -> tuple[Firm, Run, Run]:
    """An old run that is about to give both shards more, and a new one that starts."""
    firm, old = working(2, 100_000)
    new = Run(firm, "b", new_ns)
    firm.limit(300_000)
    firm.deliver()
    old.read()
    firm.order(0, 2_500)  # Refused: the new run would give shard 0 nearly all.
    return firm, old, new


def test_what_an_older_run_gave_before_the_new_one_had_its_place_is_counted() -> None:
    firm, old, new = raised(NOW_NS + 5_000 * MS)
    new.read()
    old.write()
    new.write()
    new.read()  # Its place is behind the gifts, which no shard has answered yet.
    new.write()
    firm.deliver(1, 2)
    firm.deliver(0)
    holds(firm)
    firm.settle(new)
    holds(firm)


def test_a_number_between_those_of_an_older_run_is_no_place() -> None:
    firm, old, new = raised(NOW_NS + 3_000)
    new.read()
    new.write()
    firm.deliver()
    new.read()
    old.write()  # Its second gift has a number above the new run's first record.
    firm.deliver()
    new.write()
    firm.deliver()
    holds(firm)
    firm.settle(new)
    holds(firm)


SAID = ("order", "deliver", "read", "write", "start", "limit")
WEIGHTS = (4, 6, 6, 6, 2, 2)
PASS_NS = (0, 1_000, 1_000, 5_000, 300 * MS)  # Some runs start within a few numbers of another.


@settings(max_examples=100, deadline=None)
@for_all(st.integers(0, 2**32), st.integers(2, 3))
def test_no_order_of_steps_lets_the_shards_spend_more_than_the_limit(
    seed: int, shards: int
) -> None:
    chance = Random(seed)  # noqa: S311  Steps, no secrets.
    firm, first = working(shards, 100_000)
    runs = [first]
    for step, said in enumerate(chance.choices(SAID, WEIGHTS, k=150)):
        firm.now_ns += chance.choice(PASS_NS)
        shard, run = chance.randrange(shards), chance.choice(runs)
        if said == "order":
            firm.order(shard, chance.randint(1, 500))
        elif said == "deliver":
            firm.deliver(shard, chance.randint(1, 4))
        elif said == "read" and is_superseded(run):
            runs.remove(run)
        elif said == "write":
            run.write()
        elif said == "limit":
            firm.limit(chance.randint(100, 2_000) * 100)
        if said == "start" or not runs:
            skew_ns = chance.choice((0, 0, 2_000 * MS, -2_000 * MS))
            runs.append(Run(firm, f"run {len(runs)} at {step}", firm.now_ns + skew_ns))
        holds(firm)
    last = Run(firm, "last", firm.now_ns)
    firm.settle(last)
    assert last.ledger.rows()[0]["shards"] == shards
    holds(firm)


def is_superseded(run: Run) -> bool:
    try:
        run.read()
    except SupersededError:
        return True
    return False
