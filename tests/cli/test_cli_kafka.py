"""The commands that only a Kafka log has, against a real broker."""

import json
import time

import pytest

from engine.cli.application import execute
from engine.cli.exits import Exit

pytestmark = pytest.mark.kafka


@pytest.fixture
def url(kafka_bootstrap: str) -> str:
    return f"kafka:{kafka_bootstrap}/cli{time.time_ns()}"


def test_topics_are_created_once_and_found_in_order(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["--log", url, "--partitions", "2", "-o", "json"]
    assert execute(["topics", "create", *line]) == Exit.OK
    assert json.loads(capsys.readouterr().out)["created"] > 10
    assert execute(["topics", "create", *line]) == Exit.OK
    assert json.loads(capsys.readouterr().out)["created"] == 0
    execute(["topics", "check", *line])
    shown = json.loads(capsys.readouterr().out)
    assert not [x for x in shown["problems"] if "partitions" in x]


def test_a_wrong_number_of_partitions_is_an_error(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    execute(["topics", "create", "--log", url, "--partitions", "2"])
    assert execute(["topics", "check", "--log", url, "--partitions", "3"]) == Exit.ERROR
    assert "partitions" in capsys.readouterr().err


def test_an_order_goes_through_kafka(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    execute(["topics", "create", "--log", url])
    flags = ["--client", "C1", "--instrument", "XXX", "--side", "buy", "--qty", "5", "-o", "json"]
    capsys.readouterr()
    assert execute(["orders", "submit", "--log", url, *flags]) == Exit.OK
    assert json.loads(capsys.readouterr().out)["status"] == "SENT"


def test_a_worker_does_not_start_on_topics_that_are_less_durable_than_wanted(
    url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    execute(["topics", "create", "--log", url, "--partitions", "2"])
    monkeypatch.setenv("METAORDER_PARTITIONS", "2")
    monkeypatch.setenv("METAORDER_REPLICATION", "3")
    capsys.readouterr()
    assert execute(["worker", "--log", url]) == Exit.ERROR
    said = capsys.readouterr().err
    assert "so no worker was started" in said
    assert "journal has 1 replica(s), expected 3" in said
    assert "metaorder topics check" in said
