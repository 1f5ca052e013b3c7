"""A new field of an order through two trading days; a program of tests/test_recipe.py.

It runs on a tree in which an order has one more field, which PYTHONPATH names: submits tickets that
state the field as a CSV column, as a JSON key and as a flag, and one order that does not know it.
It lets the shard accept them, close the day, open the next one and close that, projects the log,
and prints what the projection's tables hold of the field.
"""

import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
from pipeline import desk, proof, short_day

import projections
from engine.cli.application import execute
from engine.core import events as e
from engine.log import open_log
from engine.log.port import INPUT_TOPICS, Log

DAY_NS = 24 * 3_600 * desk.S
RULES = short_day.rules(1)
ORDER = {
    "source": desk.OMS,
    "client_id": desk.CLIENTS[0],
    "instrument_id": "I0",
    "side": "buy",
    "order_qty": "100",
    "limit_px": "50",  # Far below the market: it is not filled, and is carried.
    "time_in_force": "gtc",
}


class Days:
    """A shard on a log, which decides all that waits there."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._shard = proof.recovered(log, 0, RULES)
        self._leases = log.leases("days", [0])
        (lease,) = self._leases.poll(1.0).gained
        self._writer = log.writer(lease)
        self._desk = desk.Publisher(log, "desk")

    def decide(self, now_ns: int, *inputs: e.Input) -> None:
        self._desk.send(*inputs)
        for turn in range(2):  # The second plans with what the first has folded.
            batch = {
                topic: self._log.reader(topic, 0, self._shard.resume(topic)).read(1_000)
                for topic in INPUT_TOPICS
            }
            sealed = self._shard.step(batch, now_ns + turn * desk.S, must_seal=True)
            assert sealed is not None
            self._writer.commit(sealed.records)

    def close(self) -> None:
        self._leases.close()


def submitted(folder: Path, url: str, field: str) -> None:
    """One ticket each way, each with a value of its own."""
    csv, jsonl = folder / "orders.csv", folder / "orders.jsonl"
    row = {**ORDER, "cl_ord_id": "CSV", field: "by column"}
    csv.write_text(f"{','.join(row)}\n{','.join(row.values())}\n")
    jsonl.write_text(json.dumps({**ORDER, "cl_ord_id": "JSON", field: "by key"}) + "\n")
    flags = ("--client", ORDER["client_id"], "--instrument", "I0", "--side", "buy", "--qty", "100")
    terms = ("--limit", "50", "--time-in-force", "gtc", "--source", desk.OMS)
    new = (f"--{field}", "by flag", "--cl-ord-id", "FLAG")
    for words in ((str(csv),), (str(jsonl),), (*flags, *terms, *new)):
        assert execute(["orders", "submit", *words, "--log", url, "-o", "json"]) == 0


def main() -> None:
    folder, field = Path(sys.argv[1]), sys.argv[2]
    url, file = f"sqlite:{folder / 'log.db'}", folder / "projection.duckdb"
    now_ns = time.time_ns()
    with open_log(url, partitions=1) as log:
        days = Days(log)
        days.decide(now_ns, *desk.reference(["I0"]), *desk.controls(now_ns))
        submitted(folder, url, field)
        unaware: dict[str, Any] = {"limit_px": 50 * desk.S, "time_in_force": e.TimeInForce.GTC}
        desk.Publisher(log, desk.OMS).send(desk.order("UNAWARE", "I0", **unaware))
        days.decide(now_ns + 2 * desk.S)
        end_ns = now_ns + DAY_NS // 2
        days.decide(end_ns, e.DayClosed(day=desk.DAY, set_ns=end_ns))
        opened = desk.day_opened(now_ns + DAY_NS)
        days.decide(now_ns + DAY_NS, replace(opened, day=desk.DAY + 1))
        end_ns += DAY_NS
        days.decide(end_ns, e.DayClosed(day=desk.DAY + 1, set_ns=end_ns))
        days.close()
        projections.rebuild(log, str(file))
    queries = {
        "accepted": f"select cl_ord_id, {field} from order_accepted order by 1",  # noqa: S608  Ours.
        "carried": f"select cl_ord_id, {field} from order_carried order by seq",  # noqa: S608  Ours.
        "resumed": "select count(*) from order_resumed",
        "violated": "select name from invariants where violations > 0",
    }
    with duckdb.connect(str(file)) as connection:
        found = {name: connection.execute(sql).fetchall() for name, sql in queries.items()}
    sys.stdout.write("\n" + json.dumps(found))


if __name__ == "__main__":
    main()
