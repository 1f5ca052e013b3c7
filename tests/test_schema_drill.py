"""The drill of an upgrade: the next release takes over a log that this one wrote.

The next release is a copy of this one with fields added to an order, a quote and a member's event,
made as the schemas' own page says: defaults, new ids, generated code. It runs in a process of its
own. It has to read all that this release wrote, go on deciding, project both, and prove its own
part; this release has to prove what it decided itself.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from audit import other_release
from pipeline import desk, proof, short_day

from engine.audit import verification
from engine.audit.verification import Proof
from engine.log import codec, open_log
from engine.log.port import Log

ROOT = Path(__file__).parent.parent
PARTITIONS = 2
RULES = short_day.rules(PARTITIONS)
COPIED = ("engine", "projections", "schemas")
SPOKEN = "a free remark; empty if there is none"
ADDED: dict[str, dict[str, Any]] = {
    "orders-OrderSubmitted": {"name": "remark", "type": "string", "default": "", "doc": SPOKEN},
    "market-data-QuoteObserved": {
        "name": "feed_seq",
        "type": ["null", "long"],
        "default": None,
        "doc": "The feed's own number, count; null if it has none.",
    },
    "aggregation-MemberJoined": {"name": "remark", "type": "string", "default": "", "doc": SPOKEN},
}
THIS_RELEASE = "99.0.0"  # Any that is later than those in the tree.
DECIDES = (
    "engine/core/parents/aggregation.py",
    "return MemberJoined(",
    'return MemberJoined(remark="new",',
)

TAKES_OVER = ROOT / "tests" / "taking_over.py"  # What the next release does with the log.


@pytest.fixture(scope="module")
def next_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree of the next release: changed as a developer would change this one."""
    tree = tmp_path_factory.mktemp("next")
    for folder in COPIED:
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
    # First this one is released: an id that no release has would go to the next shape.
    python(tree, "-m", "schemas.compatibility", "--archive", THIS_RELEASE)
    other_release.grow(tree, ADDED)
    source, was, becomes = DECIDES
    text = (tree / source).read_text()
    assert text.count(was) == 1
    (tree / source).write_text(text.replace(was, becomes))
    return tree


def python(tree: Path, *words: str, given: str = "") -> str:
    """What a program of that tree prints."""
    ran = subprocess.run(  # noqa: S603  Our own code.
        [sys.executable, *words],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A day that this release decided, still open."""
    folder = tmp_path_factory.mktemp("earlier")
    url = f"sqlite:{folder / 'log.db'}"
    with open_log(url, partitions=PARTITIONS) as log:
        decided(log)
    return url


INSTRUMENTS = tuple(f"I{number}" for number in range(4))
OPEN_NS = 1_514_903_400_000_000_000


def decided(log: Log) -> None:
    """Orders that are grouped and worked; two more lie in the log and wait to be decided on."""
    publisher = desk.Publisher(log, desk.OMS)
    publisher.send(*desk.reference(INSTRUMENTS), *desk.controls(OPEN_NS))
    for name in INSTRUMENTS:
        publisher.send(*(desk.quote(name, venue, OPEN_NS) for venue in desk.VENUES))
        publisher.send(desk.order(f"OLD-{name}", name, received_ns=OPEN_NS))
    for number in range(PARTITIONS):
        shard = proof.recovered(log, number, RULES)
        leases = log.leases("this", [number])
        (lease,) = leases.poll(1.0).gained
        writer = log.writer(lease)
        for turn in range(5):
            batch = {
                topic: log.reader(
                    topic, 0 if topic in ("controls", "reference") else number, shard.resume(topic)
                ).read(1_000)
                for topic in ("market-data", "reference", "controls", "venue-reports", "orders")
            }
            sealed = shard.step(batch, OPEN_NS + turn * desk.S, must_seal=True)
            assert sealed is not None
            writer.commit(sealed.records)
        leases.close()
    publisher.send(*(desk.order(f"NEW-{name}", name, received_ns=OPEN_NS) for name in INSTRUMENTS))


def heads(log: Log) -> list[dict[str, Any]]:
    shards = [proof.recovered(log, number, RULES) for number in range(PARTITIONS)]
    return [
        {"batch": x.next_batch, "chain": x.chain.hex(), "seq": x.state.next_seq} for x in shards
    ]


def proved(log: Log, number: int) -> Proof:
    steps = verification.verify(log, number, RULES)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            found: Proof = done.value
            return found


def test_the_next_release_takes_over_a_log_and_each_proves_what_it_decided(
    url: str, next_release: Path, tmp_path: Path
) -> None:
    with open_log(url, partitions=PARTITIONS) as log:
        before = heads(log)
        for number in range(PARTITIONS):
            ours = proved(log, number)
            assert (ours.difference, ours.decided) == (None, ours.batches)
    order = codec.encode(desk.order("O", "I0"))
    hostile = [
        order,
        order + b"\0",
        order[:-1],
        b"\0\0\0\x0f\xff",
        order.replace(b"OMS", b"O\xffS"),
    ]
    said = (url, str(tmp_path / "p.duckdb"), RULES.settings_text, RULES.python, str(PARTITIONS))
    given = json.dumps([("orders", value.hex()) for value in hostile])
    found = json.loads(python(next_release, str(TAKES_OVER), *said, given=given))

    assert found["problems"] == []
    assert set(ADDED) <= set(found["earlier"])  # And those that have changed since the release.
    assert found["read"] == ["OrderSubmitted", *["UNREADABLE"] * 2, "UNKNOWN_SCHEMA", "UNREADABLE"]
    assert found["orders_by_id"] == [True, True, True, False, True]
    for was, shard in zip(before, found["shards"], strict=True):
        assert {name: shard[name] for name in was} == was
        assert shard["before"] == {"batches": was["batch"], "decided": 0, "difference": None}
        assert shard["after"] == {"batches": was["batch"] + 1, "decided": 1, "difference": None}
        assert set(shard["remarks"]) == {"new"}
    taken = sorted(name for shard in found["shards"] for name in shard["taken"])
    assert taken == [f"NEW-{name}" for name in INSTRUMENTS]
    assert found["orders"] == [["", 2 * len(INSTRUMENTS)]]
    assert found["joined"] == [["", len(INSTRUMENTS)], ["new", len(INSTRUMENTS)]]
    assert found["quotes"] == [[len(INSTRUMENTS) * len(desk.VENUES), 0]]
    assert found["violated"] == []
