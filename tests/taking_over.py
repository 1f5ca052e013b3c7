"""What a release makes of the log of the one before it; a program of tests/test_schema_drill.py.

It runs on the tree of the next release, which PYTHONPATH names, and prints what it found as JSON:
why its schemas do not fit those released, each shard as recovered, proved and decided on, and what
the projection holds. It reads values from stdin and prints the event that it decodes from each.
"""

import json
import sys
from collections.abc import Generator
from typing import Any, TypeVar

import duckdb

import projections
import schemas
from engine.audit import verification
from engine.core import events as e
from engine.log import codec, open_log
from engine.log.port import INPUT_TOPICS, SHARED_TOPICS, Log
from engine.runtime.recovery.recovery import recover
from engine.runtime.shard import Rules
from schemas import compatibility

RELEASE = "next"
S = 1_000_000_000
Result = TypeVar("Result")
Found = dict[str, Any]


def ended(steps: Generator[Any, None, Result]) -> Result:
    while True:
        try:
            next(steps)
        except StopIteration as done:
            found: Result = done.value
            return found


def problems() -> list[str]:
    """Why the present schemas do not fit the released ones."""
    found: list[str] = []
    for version in schemas.released():
        ids = schemas.released_ids(version)
        found += compatibility.id_problems(ids, schemas.catalogue())
        for subject, number in ids.items():
            old, new = schemas.released_schema(version, subject), schemas.schema(subject)
            found += compatibility.both_ways(old, new)
            if number == schemas.catalogue()[subject]:
                found += compatibility.shape_problems(subject, old, new)
    return found


def proved(log: Log, number: int, rules: Rules) -> Found:
    proof = ended(verification.verify(log, number, rules))
    text = None if proof.difference is None else proof.difference.text
    return {"batches": proof.batches, "decided": proof.decided, "difference": text}


def taken_over(log: Log, number: int, rules: Rules) -> Found:
    """Recover a shard, prove it, decide on waiting inputs, and prove it again."""
    shard = ended(recover(log, number, rules))
    found: Found = {
        "batch": shard.next_batch,
        "chain": shard.chain.hex(),
        "seq": shard.state.next_seq,
        "before": proved(log, number, rules),
    }
    batch = {
        topic: log.reader(topic, 0 if topic in SHARED_TOPICS else number, shard.resume(topic)).read(
            1_000
        )
        for topic in INPUT_TOPICS
    }
    sealed = shard.step(batch, shard.state.sealed_ns + S, must_seal=True)
    assert sealed is not None
    leases = log.leases(RELEASE, [number])
    (lease,) = leases.poll(1.0).gained
    log.writer(lease).commit(sealed.records)
    leases.close()
    accepted = [event for event in sealed.events if isinstance(event, e.OrderAccepted)]
    joined = [event for event in sealed.events if isinstance(event, e.MemberJoined)]
    return {
        **found,
        "taken": [event.cl_ord_id for event in accepted],
        "remarks": [getattr(event, "remark", None) for event in joined],
        "after": proved(log, number, rules),
    }


def projected(log: Log, file: str) -> Found:
    projections.rebuild(log, file)
    queries = {
        "orders": "select remark, count(*) from order_submitted group by all",
        "joined": "select remark, count(*) from member_joined group by all order by all",
        "quotes": "select count(*), count(feed_seq) from quote_observed",
        "violated": "select name from invariants where violations > 0",
    }
    with duckdb.connect(file) as connection:
        return {name: connection.execute(sql).fetchall() for name, sql in queries.items()}


def read_as(topic: str, value: bytes) -> str:
    """The name of the event in a value, or why there is none."""
    try:
        return type(codec.decode(topic, value)).__name__
    except codec.UnreadableError as error:
        return error.reason.value


def main() -> None:
    url, file, settings, python, partitions = sys.argv[1:]
    count = int(partitions)
    rules = Rules(settings_text=settings, release=RELEASE, python=python, partitions=count)
    with open_log(url, partitions=count) as log:
        shards = [taken_over(log, number, rules) for number in range(count)]
        tables = projected(log, file)
    values = [(topic, bytes.fromhex(text)) for topic, text in json.load(sys.stdin)]
    found = {
        "problems": problems(),
        "earlier": sorted(known.subject for known in schemas.earlier().values()),
        "shards": shards,
        "read": [read_as(topic, value) for topic, value in values],
        "orders_by_id": [codec.is_a(e.OrderSubmitted, value) for _, value in values],
        **tables,
    }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
