"""`metaorder dlq` against a real worker: what was not taken is seen, mended and taken."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pipeline import desk, in_process

import projections
from engine.cli.application import execute
from engine.cli.exits import Exit
from engine.config import load
from engine.core import events as e
from engine.core.partition import partition_of
from engine.log import codec, open_log
from engine.log.port import Headers, Log

PARTITIONS = load().partitions
GOOD = "I00"
HOME = partition_of(GOOD.encode(), PARTITIONS)
AWAY = (HOME + 1) % PARTITIONS
DESK: Headers = (("source", b"DESK"), ("number", b"17"))


class Day(NamedTuple):
    """An open day with a worker on it."""

    url: str
    log: Log
    publisher: desk.Publisher
    running: in_process.Running

    def found(self, kind: type) -> list[Any]:
        return in_process.events(self.log, "ingest", kind)

    def bury(self, value: bytes, partition: int = HOME, headers: Headers = DESK) -> None:
        """Send a value that is not taken, and wait until it is not."""
        count = len(self.found(e.InputRejected)) + 1
        self.publisher.send_bytes("orders", value, partition, GOOD.encode(), headers)
        in_process.until(
            lambda: len(self.found(e.InputRejected)) == count, "a rejection", self.running
        )

    def await_accepted(self, cl_ord_id: str) -> e.OrderAccepted:
        def accepted() -> list[e.OrderAccepted]:
            return [x for x in self.found(e.OrderAccepted) if x.cl_ord_id == cl_ord_id]

        return in_process.until(accepted, f"{cl_ord_id} accepted", self.running)[0]  # type: ignore[no-any-return]

    def run(self, *words: str) -> int:
        return execute(["dlq", *words, "--log", self.url, "-o", "json"])


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Day]:
    url = f"sqlite:{tmp_path / 'log.db'}"
    with open_log(url, partitions=PARTITIONS) as log:
        publisher = desk.Publisher(log, desk.OMS)
        desk.open_day(publisher, [GOOD])
        with in_process.worker(in_process.opener(url, PARTITIONS)) as running:
            yield Day(url, log, publisher, running)


def spoiled(cl_ord_id: str = "O1") -> bytes:
    """An order whose last bytes are missing."""
    received_ns = 1_514_903_400_000_000_000
    return codec.encode(desk.order(cl_ord_id, GOOD, source="DESK", received_ns=received_ns))[:-9]


def said(capsys: pytest.CaptureFixture[str]) -> Any:  # noqa: ANN401  JSON.
    return json.loads(capsys.readouterr().out)


def test_a_list_says_what_was_not_taken_and_whose_it_is(
    day: Day, capsys: pytest.CaptureFixture[str]
) -> None:
    value = spoiled()
    day.bury(value)
    day.bury(b"?", headers=(("source", b"OTHER"),))
    assert day.run("list") == Exit.OK
    first, second = said(capsys)
    assert first.pop("refused_at").endswith("+00:00")
    assert first == {
        "letter": f"{HOME}:0",
        "topic": "orders",
        "position": 0,
        "source": "DESK",
        "reason": "UNREADABLE",
        "bytes": len(value),
    }
    assert (second["letter"], second["source"], second["bytes"]) == (f"{HOME}:1", "OTHER", 1)


@pytest.mark.parametrize(
    ("words", "count"),
    [
        (("--topic", "orders"), 2),
        (("--topic", "controls"), 0),
        (("--source", "OTHER"), 1),
        (("--reason", "unreadable"), 2),
        (("--reason", "FAULT"), 0),
        (("--limit", "1"), 1),
    ],
)
def test_a_list_is_filtered(
    day: Day, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], count: int
) -> None:
    day.bury(spoiled())
    day.bury(b"?", headers=(("source", b"OTHER"),))
    assert day.run("list", *words) == Exit.OK
    assert len(said(capsys)) == count


def test_a_letter_shows_why_and_what_can_be_read(
    day: Day, capsys: pytest.CaptureFixture[str]
) -> None:
    day.bury(spoiled())
    assert day.run("show", f"{HOME}:0") == Exit.OK
    shown = said(capsys)
    assert "no Avro body of schema id 1" in shown["why"]
    assert (shown["event"], shown["number"], shown["key"]) == ("OrderSubmitted", 17, GOOD)
    assert shown["fields"]["cl_ord_id"] == "O1"
    assert "received_ns" not in shown["fields"]
    assert bytes.fromhex(shown["hex"]) == spoiled()


def test_what_would_be_refused_again_is_not_sent(
    day: Day, capsys: pytest.CaptureFixture[str]
) -> None:
    day.bury(spoiled())
    assert day.run("resubmit", f"{HOME}:0") == Exit.ERROR
    assert "would be refused again, UNREADABLE" in " ".join(capsys.readouterr().err.split())
    assert len(day.found(e.InputRejected)) == 1


def test_what_is_forced_comes_back(day: Day, capsys: pytest.CaptureFixture[str]) -> None:
    day.bury(spoiled())
    assert day.run("resubmit", f"{HOME}:0", "--force") == Exit.OK
    in_process.until(lambda: len(day.found(e.InputRejected)) == 2, "a rejection", day.running)
    capsys.readouterr()
    assert day.run("list") == Exit.OK
    assert [row["position"] for row in said(capsys)] == [0, 1]


def test_a_mended_order_ends_its_sources_wait_and_its_trail_tells_both(
    day: Day, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    day.bury(spoiled())
    assert [x.scope_id for x in day.found(e.SuspensionSet)] == ["DESK"]
    _, fields = codec.decode_dict(
        "orders",
        codec.encode(desk.order("O1", GOOD, source="DESK", order_qty=700, received_ns=1)),
    )
    mended = tmp_path / "mended.json"
    mended.write_text(json.dumps({"event": "OrderSubmitted", "fields": fields}))
    assert day.run("resubmit", f"{HOME}:0", "--json", str(mended)) == Exit.OK
    sent = said(capsys)
    assert (sent["partition"], sent["source"], sent["number"]) == (HOME, "DESK", 17)
    accepted = day.await_accepted("O1")
    assert accepted.order_qty == 700
    assert [x.scope_id for x in day.found(e.SuspensionEnded)] == ["DESK"]

    day.running.finish()
    file = tmp_path / "p.duckdb"
    projections.rebuild(day.log, file)
    order_id = f"{HOME}-{accepted.seq}"
    assert execute(["audit", order_id, "--projection", str(file), "-o", "json"]) == Exit.OK
    trail = {row["event"]: row for row in reversed(said(capsys))}
    steps = ("OrderSubmitted", "InputRejected", "Resubmitted", "OrderAccepted")
    assert sorted(steps, key=lambda name: trail[name]["step"]) == list(steps)
    assert "UNREADABLE (no Avro body of schema id 1" in trail["InputRejected"]["summary"]
    assert f"in place of orders:{HOME}:0" in trail["Resubmitted"]["summary"]


def test_an_order_on_the_wrong_partition_finds_its_way_as_it_is(
    day: Day, capsys: pytest.CaptureFixture[str]
) -> None:
    value = codec.encode(desk.order("LOST", GOOD, source="DESK"))
    day.bury(value, partition=AWAY)
    assert day.run("resubmit", f"{AWAY}:0") == Exit.OK
    assert said(capsys)["partition"] == HOME
    assert day.await_accepted("LOST").source == "DESK"


def test_other_bytes_are_sent_from_a_file(day: Day, tmp_path: Path) -> None:
    day.bury(spoiled())
    file = tmp_path / "value.bin"
    file.write_bytes(codec.encode(desk.order("BYTES", GOOD, source="DESK")))
    assert day.run("resubmit", f"{HOME}:0", "--value", str(file)) == Exit.OK
    day.await_accepted("BYTES")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("no json", "expected an object with `event` and `fields`"),
        ('{"event": "OrderSubmitted"}', "KeyError('fields')"),
        ('{"event": "Nothing", "fields": {}}', "Nothing is no event of the catalogue"),
        ('{"event": "OrderSubmitted", "fields": {"source": 1}}', "no OrderSubmitted"),
    ],
)
def test_fields_that_are_no_event_are_named(
    day: Day, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    day.bury(spoiled())
    file = tmp_path / "mended.json"
    file.write_text(text)
    assert day.run("resubmit", f"{HOME}:0", "--json", str(file)) == Exit.ERROR
    assert words in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("show", "0:7"), Exit.ERROR),
        (("show", "99:0"), Exit.ERROR),
        (("show", "first"), Exit.USAGE),
        (("list", "--topic", "fills"), Exit.USAGE),
        (("list", "--reason", "WEATHER"), Exit.USAGE),
        (("resubmit", "0:0", "--json", "a", "--value", "b"), Exit.USAGE),
    ],
)
def test_a_letter_that_is_not_there_is_an_error_and_nonsense_is_usage(
    tmp_path: Path, words: tuple[str, ...], code: Exit
) -> None:
    url = f"sqlite:{tmp_path / 'log.db'}"
    open_log(url, partitions=PARTITIONS).close()
    assert execute(["dlq", *words, "--log", url]) == code


def test_a_log_that_is_not_there_is_made_by_nobody(tmp_path: Path) -> None:
    assert execute(["dlq", "list", "--log", f"sqlite:{tmp_path / 'no.db'}"]) == Exit.MISSING
    assert not (tmp_path / "no.db").exists()
