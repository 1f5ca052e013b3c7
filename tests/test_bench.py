"""The bench, small: its figures have their shape, and the bare loop moves the very same bytes."""

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from engine.log import open_log
from infra.bench import __main__, growth, player, profiling, report, world
from infra.bench.replay import Measured, measure

TINY = world.Shape(
    instruments=4,
    orders=120,
    orders_per_round=20,
    members=10,
    min_slice_qty=100,
    window_ns=5 * world.SECOND_NS,
    horizon_ns=20 * world.SECOND_NS,
)
SIZE = replace(
    __main__.QUICK,
    shape=TINY,
    quotes=400,
    latency_orders=5,
    window_orders=2,
    children=200,
    heap_orders=40,
)


@pytest.fixture(scope="module")
def script() -> player.Script:
    return player.play(TINY)


def replayed(script: player.Script, folder: Path) -> Measured:
    with (
        open_log(f"sqlite:{folder / 'engine.db'}", partitions=1) as engine_log,
        open_log(f"sqlite:{folder / 'bare.db'}", partitions=1) as bare_log,
    ):
        return measure(script, engine_log, bare_log)


def test_the_script_takes_orders_through_to_fills(script: player.Script) -> None:
    assert script.orders == TINY.orders
    assert script.parents > TINY.instruments
    assert script.children >= script.fills > script.parents


def test_the_same_shape_plays_the_same_day_twice(script: player.Script) -> None:
    assert player.play(TINY).chain == script.chain


def test_a_replay_through_a_log_has_the_chain_of_the_script(
    script: player.Script, tmp_path: Path
) -> None:
    found = replayed(script, tmp_path)  # It asserts the chain.
    assert found.engine.records > script.input_count + script.events  # The seals too.


def test_the_bare_loop_moves_the_same_records_and_bytes(
    script: player.Script, tmp_path: Path
) -> None:
    found = replayed(script, tmp_path)
    assert (found.bare.records, found.bare.bytes) == (found.engine.records, found.engine.bytes)


def test_the_bare_loop_commits_the_engines_own_bytes(script: player.Script, tmp_path: Path) -> None:
    replayed(script, tmp_path)
    with (
        open_log(f"sqlite:{tmp_path / 'engine.db'}", partitions=1) as engine_log,
        open_log(f"sqlite:{tmp_path / 'bare.db'}", partitions=1) as bare_log,
    ):
        for topic in ("ingest", "aggregation", "slices", "routes", "fills", "allocations"):
            ours = engine_log.reader(topic, 0).read(100_000)
            assert ours, topic
            assert bare_log.reader(topic, 0).read(100_000) == ours


def test_children_keep_coming_wave_after_wave() -> None:
    cost = growth.child_cost(1_000)
    assert cost.late_children > cost.early_children
    assert cost.early_us > 0


def test_the_shares_of_a_profile_sum_to_one(script: player.Script, tmp_path: Path) -> None:
    with open_log(f"sqlite:{tmp_path / 'profile.db'}", partitions=1) as log:
        found = profiling.profile(script, log)
    assert sum(found.values()) == pytest.approx(1)
    assert {"decode", "encode", "digest", "fold", "log: read and commit"} <= set(found)


@pytest.mark.slow
def test_a_small_run_says_everything_as_a_table_and_as_json(tmp_path: Path) -> None:
    found: dict[str, Any] = __main__.measured(SIZE, tmp_path, lambda _: None, kafka=False)
    assert json.loads(json.dumps(found)) == found
    assert [(row["what"], row["log"]) for row in found["throughput"]] == [
        ("orders", "embedded"),
        ("quotes", "embedded"),
    ]
    for row in found["throughput"]:
        assert (row["records"], row["bytes"]) == (row["bare_records"], row["bare_bytes"])
    assert [row["ms"]["count"] for row in found["latency"]] == [5, 5, 5, 2]
    assert [(row["what"], row["cores"]) for row in found["guarantees"]] == [
        ("recover", 1),
        ("verify", 1),
        ("rebuild", 1),
        ("recover", 2),
        ("verify", 2),
    ]
    events = found["guarantees"][0]["events"]
    assert events < found["guarantees"][0]["records"]
    for row in found["guarantees"]:
        assert row["events"] == row["cores"] * events
        assert row["ratio_to_decoding"] > 0
    assert found["heap"]["orders_tenfold"] == 10 * found["heap"]["orders_once"]
    assert found["heap"]["ratio_before_close"] < 1.2  # What is done is not in it.
    assert found["not_run"]
    text = io.StringIO()
    report.show(found, Console(file=text, width=80))
    lines = text.getvalue().splitlines()
    for title in ("Through a log", "Order to first", "The guarantees", "What must", "Where the"):
        assert any(line.startswith(title) for line in lines)
    labels = [line.split("│")[1].strip() for line in lines if line.startswith("│")]
    assert all(labels), "a row is one line"
    assert not any("…" in line for line in lines)
