"""Programs and baskets: one intention in many orders, clients whose words hold all day."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from engine.core.events import OrderSubmitted
from engine.gateways.orders.tickets import COLUMNS, parse
from engine.simulation.chance import Draw
from engine.simulation.market.data import MarketData
from engine.simulation.market.rows import OFF_EXCHANGE
from engine.simulation.order_clients import CLIENTS, clients_of
from engine.simulation.order_mistakes import MISTAKES, Row, mistake_of
from engine.simulation.order_programs import KINDS, SINGLE, Program, Slot, slots
from engine.simulation.order_rows import write_rows
from engine.simulation.program_rows import clock_ns, generate, order_ns, span_ns

EXAMPLES = Path(__file__).parents[2] / "examples"
COUNT, SEED = 2_500, 7
MINUTE_NS = 60_000_000_000
HOUR_NS = 60 * MINUTE_NS
ADV_QTY = 5_000_000
WORDS = ("no_dark", "excluded_venues", "max_participation", "crossing_consent", "currency")


@pytest.fixture(scope="module")
def rows(equity_day: MarketData) -> list[Row]:
    return generate([equity_day], COUNT, SEED)


@pytest.fixture(scope="module")
def plan(equity_day: MarketData) -> list[Slot]:
    return planned([equity_day], COUNT, SEED)


@pytest.fixture(scope="module")
def good(rows: list[Row]) -> dict[int, Row]:
    return good_rows(rows, SEED)


def planned(markets: Sequence[MarketData], count: int, seed: int) -> list[Slot]:
    venues = [code for data in markets for code in data.facts.venues]
    spans = [span_ns(data.facts.sessions) for data in markets]
    return list(slots(clients_of(seed, venues), spans, count, seed))


def good_rows(rows: list[Row], seed: int) -> dict[int, Row]:
    """The orders without a mistake, by their number."""
    found: dict[int, Row] = {}
    for row in rows:
        number = int(row["cl_ord_id"].split("-")[-1]) - 1 if row["action"] == "submit" else -1
        if number >= 0 and not mistake_of(Draw(seed, "order", number)):
            found.setdefault(number, row)
    return found


def of_kind(plan: list[Slot], name: str) -> dict[Program, list[Slot]]:
    found: dict[Program, list[Slot]] = defaultdict(list)
    for slot in plan:
        if slot.program.kind.name == name:
            found[slot.program].append(slot)
    return found


def with_sessions(
    data: MarketData, sessions: tuple[tuple[int, int], ...], name: str = "XXX"
) -> MarketData:
    """The folder with another session and no quotes."""
    instrument = replace(data.facts.instrument, instrument_id=name)
    facts = replace(
        data.facts,
        instrument=instrument,
        sessions=sessions,
        open_ns=sessions[0][0],
        close_ns=sessions[-1][1],
    )
    return MarketData(facts, ())


# ------------------------------------------------------------------------------ the file


def test_the_committed_file_is_what_the_generator_makes(rows: list[Row], tmp_path: Path) -> None:
    write_rows(tmp_path / "orders.csv", rows)

    assert (tmp_path / "orders.csv").read_text() == (EXAMPLES / "orders-2500.csv").read_text()


def test_the_file_has_the_asked_number_of_orders_in_order_of_time(rows: list[Row]) -> None:
    actions = Counter(row["action"] for row in rows)
    times = [row["ts"] for row in rows]

    assert actions["submit"] == COUNT
    assert 60 <= actions["amend"] <= 140
    assert 30 <= actions["cancel"] <= 300
    assert times == sorted(times)
    assert all(tuple(row) == COLUMNS for row in rows)


def test_its_volume_is_a_plausible_part_of_the_days(good: dict[int, Row]) -> None:
    assert 0.05 < sum(int(row["order_qty"]) for row in good.values()) / ADV_QTY < 0.15
    assert {row["client_id"] for row in good.values()} == set(CLIENTS)


def test_good_orders_are_sent_in_the_session_and_end_after_their_start(
    good: dict[int, Row], equity_day: MarketData
) -> None:
    facts = equity_day.facts
    for row in good.values():
        ticket = parse(row)
        order = ticket.to_event(ticket.ts or 0)
        assert isinstance(order, OrderSubmitted)
        assert facts.open_ns <= order.received_ns < facts.close_ns
        assert order.end_ns is None or order.received_ns < order.end_ns <= facts.close_ns
        if order.start_ns is not None:
            assert order.end_ns is not None
            assert order.received_ns < order.start_ns < order.end_ns


def test_each_kind_has_its_share_of_the_orders(plan: list[Slot]) -> None:
    counts = Counter(slot.program.kind.name for slot in plan)

    assert sum(kind.share for kind in KINDS) == 100
    assert counts == {kind.name: COUNT * kind.share // 100 for kind in KINDS}


def test_the_file_holds_every_mistake(rows: list[Row]) -> None:
    found = Counter(mistake_of(Draw(SEED, "order", order)) for order in range(COUNT))

    assert found.keys() == {"", *MISTAKES}
    assert sum(row["instrument_id"] == "NO-SUCH" for row in rows) == found["unknown instrument"]


def test_an_order_knows_nothing_of_later_quotes(equity_day: MarketData) -> None:
    noon_ns = equity_day.facts.open_ns + 3 * HOUR_NS
    morning = replace(equity_day, events=[x for x in equity_day.events if x.received_ns < noon_ns])
    noon = "2018-01-02T17:30"
    whole_day = [row for row in generate([equity_day], 400, SEED) if row["ts"] < noon]

    assert whole_day == [row for row in generate([morning], 400, SEED) if row["ts"] < noon]
    assert len(whole_day) > 50


def test_no_orders_and_no_folder_are_refused(equity_day: MarketData) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        generate([equity_day], 0, SEED)
    with pytest.raises(ValueError, match="at least 1"):
        generate([], 1, SEED)


# ------------------------------------------------------------------------------ intentions


def test_a_client_says_the_same_on_all_its_orders(good: dict[int, Row]) -> None:
    words = defaultdict(set)
    for row in good.values():
        words[row["client_id"]].add(tuple(row[name] for name in WORDS))

    assert all(len(said) == 1 for said in words.values())
    assert len(set.union(*words.values())) > 5  # Clients differ.


def test_a_programs_orders_share_what_the_manager_decided(
    plan: list[Slot], good: dict[int, Row]
) -> None:
    shared = ("source", "urgency", "benchmark", "must_complete", "capacity", "decision_px")
    by_program = defaultdict(set)
    for slot in plan:
        if slot.order in good:
            row = good[slot.order]
            side = "" if slot.program.kind.name == "statistical arbitrage" else row["side"]
            by_program[slot.program].add((side, *(row[name] for name in shared)))

    assert all(len(said) == 1 for said in by_program.values())


def test_an_index_change_is_on_one_side_all_day(plan: list[Slot], good: dict[int, Row]) -> None:
    programs = of_kind(plan, "index change")
    sides = {good[x.order]["side"] for every in programs.values() for x in every if x.order in good}

    assert len(sides) == 1
    assert len(programs) > 3


def test_a_cash_flow_is_pro_rata_over_about_forty_clients(
    plan: list[Slot], good: dict[int, Row]
) -> None:
    *whole, _ = of_kind(plan, "cash flow").values()  # The last one is cut off.
    for every in whole:
        first = [slot for slot in every if slot.wave == 0]
        assert 36 <= len({slot.client for slot in first}) <= 45
        by_size = sorted((x for x in first if x.order in good), key=lambda x: x.client.size)
        qtys = [int(good[slot.order]["order_qty"]) for slot in by_size]
        assert qtys == sorted(qtys)
        assert qtys[-1] > 10 * qtys[0]  # Sizes are heavy-tailed.


def test_a_statistical_arbitrage_list_has_both_sides_and_ends_soon(
    plan: list[Slot], good: dict[int, Row]
) -> None:
    for every in of_kind(plan, "statistical arbitrage").values():
        chosen = [good[slot.order] for slot in every if slot.order in good]
        assert {row["side"] for row in chosen} == {"BUY", "SELL"}
        assert all(row["end"] for row in chosen)


def test_a_withdrawn_program_is_cancelled_as_a_whole(equity_day: MarketData) -> None:
    every = generate([equity_day], 4_000, 11)
    plan = planned([equity_day], 4_000, 11)
    good = good_rows(every, 11)
    cancelled = {
        int(row["cl_ord_id"].split("-")[-2]) - 1 for row in every if row["action"] == "cancel"
    }
    by_program = defaultdict(list)
    for slot in plan:
        if slot.order in good:
            by_program[slot.program].append(slot.order in cancelled)
    withdrawn = [said for said in by_program.values() if len(said) > 20 and all(said)]

    assert withdrawn
    assert len(withdrawn) < len(by_program) // 5


def test_single_orders_have_a_program_each(plan: list[Slot]) -> None:
    assert all(len(every) == 1 for every in of_kind(plan, SINGLE).values())


# ------------------------------------------------------------------------------ any folder


@for_all(st.integers(1, 400), st.integers(0, 2**32), st.lists(st.integers(1, 400), min_size=1))
def test_orders_are_numbered_without_a_gap_and_waves_come_in_the_session(
    count: int, seed: int, minutes: list[int]
) -> None:
    spans = [each * MINUTE_NS for each in minutes]
    plan = list(slots(clients_of(seed, ("N", "P")), spans, count, seed))

    assert [slot.order for slot in plan] == list(range(count))
    for slot in plan:
        waves = slot.program.waves_ns
        assert list(waves) == sorted(waves)
        assert 0 <= waves[0] <= waves[-1] <= max(0, min(spans) - MINUTE_NS)
        assert slot.instrument < len(spans)


@for_all(
    st.lists(st.tuples(st.integers(0, 90), st.integers(1, 90)), min_size=1, max_size=4),
    st.integers(0, 50),
)
def test_orders_are_sent_in_sessions_whatever_the_breaks(
    equity_day: MarketData, lengths: list[tuple[int, int]], seed: int
) -> None:
    sessions: list[tuple[int, int]] = []
    at_ns = equity_day.facts.open_ns
    for pause, length in lengths:
        first_ns = at_ns + pause * MINUTE_NS
        at_ns = first_ns + length * MINUTE_NS
        sessions.append((first_ns, at_ns))
    data = with_sessions(equity_day, tuple(sessions))
    facts = data.facts

    for slot in planned([data], 20, seed):
        sent_ns = order_ns(facts, slot, Draw(seed, "order", slot.order))
        assert any(first <= sent_ns < last for first, last in sessions)
    assert clock_ns(sessions, 0) == sessions[0][0]
    assert clock_ns(sessions, span_ns(sessions)) == sessions[-1][1]
    assert clock_ns(sessions, span_ns(sessions) + 1) == sessions[-1][1]


def test_a_day_with_a_lunch_break_gets_orders_before_and_after_it(equity_day: MarketData) -> None:
    open_ns = equity_day.facts.open_ns
    sessions = (
        (open_ns, open_ns + 2 * HOUR_NS),
        (open_ns + 3 * HOUR_NS, open_ns + 6 * HOUR_NS),
    )
    rows = generate([with_sessions(equity_day, sessions)], 300, SEED)
    times = [parse(row).ts or 0 for row in good_rows(rows, SEED).values()]

    assert all(any(first <= at_ns < last for first, last in sessions) for at_ns in times)
    assert min(times) < sessions[0][1] < sessions[1][0] < max(times)


def test_a_basket_trades_all_folders_and_an_index_change_one(equity_day: MarketData) -> None:
    sessions = equity_day.facts.sessions
    names = ["AAA", "BBB", "CCC"]
    markets = [with_sessions(equity_day, sessions, name) for name in names]
    plan = planned(markets, 600, SEED)
    good = good_rows(generate(markets, 600, SEED), SEED)

    assert {row["instrument_id"] for row in good.values()} == set(names)
    first, *_ = of_kind(plan, "cash flow").values()
    assert {slot.instrument for slot in first} == {0, 1, 2}
    for every in of_kind(plan, "index change").values():
        assert len({slot.instrument for slot in every}) == 1


def test_quantities_suit_the_instruments_volume(equity_day: MarketData) -> None:
    instrument = replace(equity_day.facts.instrument, adv_qty=50_000, instrument_id="TINY")
    tiny = replace(equity_day, facts=replace(equity_day.facts, instrument=instrument))
    orders = good_rows(generate([tiny], 300, SEED), SEED)

    assert all(1 <= int(row["order_qty"]) <= 200 for row in orders.values())


def test_a_client_excludes_venues_of_the_folder_and_never_all() -> None:
    excluded = [x.excluded_venues for x in clients_of(SEED, ("N", "P", "Q", OFF_EXCHANGE))]

    assert {code for text in excluded if text for code in text.split(";")} <= {"N", "P", "Q"}
    assert any(excluded)
    assert not any(x.excluded_venues for x in clients_of(SEED, ("N",)))


# ------------------------------------------------------------------------------ the page


def test_the_page_has_the_parameters_of_each_kind() -> None:
    page = (EXAMPLES.parent / "docs" / "order-generator.md").read_text()
    table = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("|")]
    header, _, *lines = table[: table.index(["name", "default", "source"])]
    told = {line[0].split("`")[1]: dict(zip(header[1:], line[1:], strict=True)) for line in lines}

    for name, by_kind in told.items():
        assert by_kind == {kind.name: as_told(getattr(kind, name)) for kind in KINDS}, name


def as_told(value: object) -> str:
    """A parameter as the page writes it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-".join(map(str, value)) if isinstance(value, tuple) else str(value)
