"""The part of the state that a seal states: bounded, another one each time, nothing left out."""

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from logged import GTC, RULES, Live, morning, over_the_close, read_seals, recovered
from world import HOUR, SECOND, World, at_once, fill_report, market, order, quote

from engine.core import events as e
from engine.core.state import fingerprint, model
from engine.core.state import state as s
from engine.core.state.state import State
from engine.log.embedded import EmbeddedLog
from engine.runtime.recovery.recovery import fold
from engine.runtime.replica import StateDiffersError
from engine.runtime.shard import Shard
from engine.runtime.shard_log import ShardLog

# Covered elsewhere: an event by its seq, a member's order by its own counters, an index's
# contents by its entries.
ELSEWHERE = {
    model.Order: {"terms", "pending"},
    model.Member: {"order"},
    model.Child: {"terms"},
    model.Fill: {"child"},
    model.Parent: {
        *("terms", "members", "consenting", "clients", "plan", "children", "pending", "tranches"),
        *("ended_children", "fills"),
    },
    model.Tranche: {"terms", "members", "clients", "pending", "basis", "older"},
    model.Book: {
        *("quotes", "own", "limited", "takers", "print_ids"),
        *("doubted", "seen", "unknown"),
    },
    model.Quote: set(),
    model.Scorecard: set(),
}
GETTERS = {
    model.Order: fingerprint._of_order,  # noqa: SLF001
    model.Member: fingerprint._of_member,  # noqa: SLF001
    model.Child: fingerprint._of_child,  # noqa: SLF001
    model.Fill: fingerprint._of_fill,  # noqa: SLF001
    model.Parent: fingerprint._of_parent,  # noqa: SLF001
    model.Tranche: fingerprint._of_tranche,  # noqa: SLF001
    model.Book: fingerprint._of_book,  # noqa: SLF001
    model.Quote: fingerprint._of_quote,  # noqa: SLF001
    model.Scorecard: fingerprint._of_scorecard,  # noqa: SLF001
}


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    """A shard whose every seal states a hash."""
    monkeypatch.setattr(fingerprint, "HASH_EVERY_BATCHES", 1)
    with EmbeddedLog(tmp_path / "log.db", 1) as log:
        found = Live(log)
        yield found
        found.close()


def names(getter: Any) -> list[str]:  # noqa: ANN401
    """The names that an attrgetter gets."""
    return [name.split(".")[0] for name in getter.__reduce__()[1]]


@pytest.mark.parametrize("kind", GETTERS, ids=lambda x: x.__name__)
def test_no_counter_of_the_state_is_left_out(kind: Any) -> None:  # noqa: ANN401
    own = {f.name for f in fields(kind)} - ELSEWHERE[kind]

    assert own <= {*names(GETTERS[kind])}


def test_no_index_of_the_state_is_left_out() -> None:
    said = {
        *(name for group in (fingerprint.FACTS, fingerprint.INDICES) for name in group),
        *fingerprint.SIZED,
        *(name.split(".")[0] for name in fingerprint.COUNTERS),
        *("day", "controls.policy", "controls.closed_day"),
    }
    grouped = {
        "reference": s.Reference,
        "controls": s.Controls,
        "carried": s.Carried,
        "pools": model.Pools,
    }
    inner = {f"{name}.{f.name}" for name, kind in grouped.items() for f in fields(kind)}
    own = {f.name for f in fields(State)} - {
        *grouped,
        "views",
        "open_parts",  # Added up from the members, as the next.
        "willing_parts",
        "chances",  # Computed from scorecards.
        "sessions",  # Of the calendars.
        "curve_shares",  # Of the curves.
        "bands",  # Of what each is kept with.
        "dues",  # The times are those of the parents.
        "awaited",  # The times are those of the children.
        "finished",
    }  # Its totals are `store_totals`.

    assert own | inner <= said


def test_folding_comes_to_every_hash_that_a_day_and_its_close_state(live: Live) -> None:
    over_the_close(over_the_close(morning(live)))

    found = recovered(live.log)

    assert found.state == live.shard.state
    assert all(len(seal.state_hash) == 32 for seal in read_seals(live.log))


def test_most_seals_state_no_hash(tmp_path: Path) -> None:
    with EmbeddedLog(tmp_path / "log.db", 1) as log:
        live = over_the_close(morning(Live(log)))
        stated = [seal.batch for seal in read_seals(log) if seal.state_hash]
        closes = [seal.batch for seal in read_seals(log) if seal.kind is e.SealKind.CLOSE]
        live.close()

    assert stated == [0, *closes]


def folded(live: Live, rules: Any, spoil: Callable[[State], object]) -> Shard:  # noqa: ANN401
    """Fold all batches; before the last one the state is made a wrong one."""
    shard = Shard(0, rules)
    last = live.shard.next_batch - 1
    with ShardLog(live.log, 0) as shard_log:
        for seal, _ in shard_log.seals():
            if seal.batch == last:
                spoil(shard.state)
            fold(shard, shard_log, seal)
    return shard


def at_work(live: Live) -> Live:
    """Parents with members, children and fills, in the last batch too."""
    live.when(*market(), order("o1", 6_000))
    live.when(at_once("o2", 1_500, side=e.Side.SELL, client_id="c9"))
    children = live.children()
    live.when(fill_report(children[0], 30, "E0"))
    return live.when(quote(received_ns=live.now_ns), order("o3", 10), after_ns=SECOND)


def first(index: dict[Any, Any]) -> Any:  # noqa: ANN401
    return next(iter(index.values()))


def off_by_one(what: Callable[[State], Any], name: str) -> Callable[[State], None]:
    def spoil(state: State) -> None:
        found = what(state)
        setattr(found, name, getattr(found, name) + 1)

    return spoil


SPOILED: dict[str, Callable[[State], Any]] = {
    "volume": off_by_one(lambda state: first(state.books), "volume_qty"),
    "filled": off_by_one(lambda state: first(state.parents), "notional"),
    "member": off_by_one(lambda state: first(first(state.parents).members), "allocated_qty"),
    "order": off_by_one(lambda state: first(state.orders), "withdrawn_qty"),
    "execution": lambda state: state.executions.popitem(),
    "fill": off_by_one(lambda state: first(state.fills), "error_qty"),
    "spent": lambda state: state.spent_notional.update({("x", "y", "z"): 1}),
    "limit": lambda state: state.controls.killed.update({("FIRM", "x"): "y"}),
}


@pytest.mark.parametrize("what", SPOILED)
def test_a_state_that_folding_got_wrong_is_refused(what: str, live: Live) -> None:
    at_work(live)

    with pytest.raises(StateDiffersError, match=r"after batch \d+ the folded state differs"):
        folded(live, RULES, SPOILED[what])


def test_the_refusal_says_which_instrument_and_what_to_do(live: Live) -> None:
    at_work(live)

    with pytest.raises(StateDiffersError) as raised:
        folded(live, RULES, SPOILED["volume"])

    for words in ("the book of AAPL", "the parents of AAPL", "metaorder verify --shard 0"):
        assert words in str(raised.value)


def test_what_a_close_leaves_is_hashed_to_the_last_entry(live: Live) -> None:
    morning(live).when(*(order(f"g{n}", 100, **GTC) for n in range(9)))
    live.when(e.DayClosed(day=20180102, set_ns=live.now_ns), after_ns=HOUR)

    with pytest.raises(StateDiffersError, match="in what the day leaves"):
        folded(live, RULES, lambda state: state.halted.update(MSFT=""))


def test_another_releases_hash_is_not_compared(live: Live) -> None:
    at_work(live)

    found = folded(live, replace(RULES, release="next"), SPOILED["volume"])

    assert found.chain == live.shard.chain


def test_each_turn_looks_at_another_instrument() -> None:
    world = World().given(*market())
    for name in ("MSFT", "TSLA"):
        world.shard.state.books[name] = model.Book()

    turns = [
        fingerprint.sample(world.shard.state, fingerprint.HASH_EVERY_BATCHES * n) for n in (0, 1, 2)
    ]

    assert len({found.book for found in turns}) == 3
    assert str(fingerprint.Sample()) == "no instrument"


def test_what_is_looked_at_is_bounded(live: Live) -> None:
    live.when(*market(), *(order(f"o{n}", 100) for n in range(3 * fingerprint.OBJECTS_MAX)))
    state = live.shard.state
    aged = first(state.by_side)

    found = fingerprint._of_parents(state, aged, 7)  # noqa: SLF001

    assert len(state.orders) == 3 * fingerprint.OBJECTS_MAX
    assert len(found) == fingerprint.OBJECTS_MAX
