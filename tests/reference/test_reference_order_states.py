"""FIX 4.4's order states, played to a real shard: plain, mirrored, and beside a second order.

A file that the engine cannot play is skipped by a requirement's name, and docs/order-states.md says
why the engine does not have it.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from order_states import ROOT, Play, Player, Way, plays, scenarios

SCENARIO_COUNT, PLAYED_COUNT = 28, 20
WAYS = {
    "plain": Way(),
    "mirrored": Way(is_mirrored=True),
    "second-order": Way(has_other=True),
}
# What the engine does; docs/order-states.md tells it for the client.
HAS = (
    *("pending_reports", "amend_down_to_cum", "chaining_reject_second", "trade_cancel"),
    *("trade_correct", "restate_on_partial_decline", "halts", "poss_resend"),
)
HAS_NOT = (
    *("new_on_venue_ack", "done_for_day", "gtc_restatement", "replace_filled"),
    *("chaining_sequential", "chaining_pending_first", "operator_actions"),
    *("order_status_request", "stopped"),
)
# Each file that is not played, with the requirement that forbids it.
SKIPPED = {
    "A.1.b": "done_for_day",
    "B.1.d": "new_on_venue_ack",
    "D.2.a": "chaining_sequential",
    "E.1.b": "operator_actions",
    "E.1.c": "operator_actions",
    "F.1.c": "operator_actions",
    "G.1.c": "order_status_request",
    "L.1.a": "stopped",
}
PAGE = (ROOT / "docs" / "order-states.md").read_text(encoding="utf-8")


def played() -> Iterator[Any]:
    """Every play of the files that are not skipped, in each of the ways."""
    for file in scenarios():
        if file["id"] in SKIPPED:
            continue
        for play in plays(file):
            for name, way in WAYS.items():
                yield pytest.param(play, way, id=f"{play.id}-{name}")


@pytest.mark.parametrize(("play", "way"), [*played()])
def test_the_client_is_told_what_fix_says(play: Play, way: Way) -> None:
    Player(play, way).run()


@pytest.mark.parametrize("file_id", SKIPPED)
def test_a_skipped_file_needs_what_the_engine_does_not_have(file_id: str) -> None:
    """The requirement of a step that must be told; a file of optional steps alone is played."""
    file = next(file for file in scenarios() if file["id"] == file_id)

    assert SKIPPED[file_id] in file["requires"]
    assert SKIPPED[file_id] in HAS_NOT
    pytest.skip(f"{SKIPPED[file_id]}: see docs/order-states.md")


def test_a_new_file_or_a_new_skip_is_noticed() -> None:
    files = scenarios()

    assert len(files) == SCENARIO_COUNT
    assert len(files) - len(SKIPPED) == PLAYED_COUNT
    assert {name for file in files for name in file["requires"]} <= {*HAS, *HAS_NOT}


def test_the_docs_name_every_requirement_and_every_skip() -> None:
    answers = dict(re.findall(r"^\| `(\w+)` \| (yes|no) \|", PAGE, re.MULTILINE))
    skips = dict(re.findall(r"^\| ([A-Z]\.[\w.-]+) \| `(\w+)` \|", PAGE, re.MULTILINE))

    assert answers == {**dict.fromkeys(HAS, "yes"), **dict.fromkeys(HAS_NOT, "no")}
    assert skips == SKIPPED
