"""The commands as people and scripts use them: results on stdout, reasons on stderr, exit codes."""

import io
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from engine.cli import application
from engine.cli.application import execute
from engine.cli.exits import MEANING, Exit
from engine.cli.render import Output, Rows, json_text, render
from engine.core.events import OrderAccepted, OrderRejected, OrderSubmitted, RejectReason
from engine.gateways.orders.outcomes import Outcomes
from engine.log import open_log
from engine.log.codec import decode, encode
from engine.log.port import Log, NewRecord

HEADER = "source,cl_ord_id,client_id,instrument_id,side,order_qty\n"
ONE = ("--client", "C1", "--instrument", "XXX", "--side", "buy", "--qty", "500")


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("METAORDER_LOG_URL", f"sqlite:{tmp_path / 'log.db'}")
    monkeypatch.setenv("COLUMNS", "120")


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return open_log(f"sqlite:{tmp_path / 'log.db'}")


def appended(log: Log, topic: str) -> list[Any]:
    partitions = range(1 if topic in ("controls", "reference") else log.partitions)
    return [
        decode(topic, record.value)
        for number in partitions
        for record in log.reader(topic, number).read(1_000)
    ]


def test_every_command_of_the_issue_is_there() -> None:
    expected = {
        "orders submit", "orders cancel", "orders generate", "controls apply", "controls kill",
        "controls resume", "reference load", "projections follow", "projections rebuild",
        "topics create", "topics check", "sql", "blotter", "audit", "tca", "venues",
    }  # fmt: skip
    assert expected <= application.command_names()


def test_help_documents_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["--help"]) == Exit.OK
    shown = " ".join(capsys.readouterr().out.split())
    for code, text in MEANING.items():
        assert f"{code.value} {text}" in shown


@pytest.mark.parametrize("command", sorted(application.command_names()))
def test_every_command_has_help_at_any_width(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    assert execute([*command.split(), "--help"]) == Exit.OK
    assert capsys.readouterr().out


@pytest.mark.parametrize("command", sorted(application.command_names()))
def test_no_option_is_cut_at_80_columns(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert execute([*command.split(), "--help"]) == Exit.OK
    assert "…" not in capsys.readouterr().out


@pytest.mark.parametrize("line", [["nonsense"], ["orders", "submit", "--colour"], ["sql"]])
def test_wrong_usage_is_2(line: list[str]) -> None:
    assert execute(line) == Exit.USAGE


@pytest.mark.parametrize("line", [["worker"], ["follower", "run", "--once", "--snapshots", "s"]])
@pytest.mark.parametrize("shard", ["-1", "99"])
@pytest.mark.usefixtures("log")
def test_a_shard_that_the_log_lacks_is_named(
    line: list[str], shard: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute([*line, "--shard", shard]) == Exit.USAGE
    shown = " ".join(capsys.readouterr().err.split())
    assert f"--shard: {shard}: expected 0 to 7" in shown


def test_one_command_imports_no_other() -> None:
    code = "import sys; from engine.cli.application import application; application(['worker'])"
    done = subprocess.run(  # noqa: S603  Our own module.
        [sys.executable, "-c", f"{code}; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert not {"duckdb", "pyarrow", "confluent_kafka"} & set(done.stdout.split())


def test_one_order_by_flags(log: Log, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["orders", "submit", *ONE, "--limit", "157.25", "-o", "json"]) == Exit.OK
    (order,) = appended(log, "orders")
    assert isinstance(order, OrderSubmitted)
    assert (order.order_qty, order.limit_px, order.source) == (500, 157_250_000_000, "cli")
    assert json.loads(capsys.readouterr().out)["cl_ord_id"] == order.cl_ord_id


@pytest.mark.parametrize(("word", "consent"), [("yes", True), ("no", False)])
def test_consent_is_said_in_a_word(log: Log, word: str, *, consent: bool) -> None:
    assert execute(["orders", "submit", *ONE, "--crossing-consent", word]) == Exit.OK
    (order,) = appended(log, "orders")
    assert order.crossing_consent is consent


def test_a_generated_file_says_how_many_rows_are_bad_on_purpose(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    market = Path(__file__).parents[2] / "examples" / "us-equity-2018-01-02"
    out = tmp_path / "orders.csv"
    line = ["orders", "generate", "--market", str(market), "--count", "600", "--out", str(out)]
    assert execute([*line, "-o", "json"]) == Exit.OK
    said = json.loads(capsys.readouterr().out)
    lines = len(out.read_text().splitlines()) - 1
    assert said == {"file": str(out), "orders": 600, "rows": lines, "bad_rows": 12, "seed": 7}


def test_orders_of_several_folders_are_of_all_their_instruments(tmp_path: Path) -> None:
    folders = [market_folder(tmp_path / name, name) for name in ("AAA", "BBB")]
    out = tmp_path / "orders.jsonl"
    markets = [word for folder in folders for word in ("--market", str(folder))]
    line = ["orders", "generate", *markets, "--count", "100", "--out", str(out)]
    assert execute(line) == Exit.OK
    rows = [json.loads(text) for text in out.read_text().splitlines()]
    assert {"AAA", "BBB"} <= {row["instrument_id"] for row in rows}
    assert execute([*line, "--mix", "singles"]) == Exit.USAGE
    assert execute(["orders", "generate", *markets[:2], *markets[:2], *line[-4:]]) == Exit.ERROR


def market_folder(folder: Path, name: str) -> Path:
    """A market folder with a quote."""
    folder.mkdir()
    (folder / "instrument.toml").write_text(f'instrument_id = "{name}"\n')
    (folder / "quotes.csv").write_text(
        "ts,exchange,bid,bid_size,ask,ask_size\n2018-01-02T14:30:01Z,N,157.20,2,157.22,3\n"
    )
    return folder


def test_the_refusals_of_a_file_are_there_for_machines_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "orders.csv"
    file.write_text(f"{HEADER}S,1,C,XXX,buy,500\n")
    engine = answer(tmp_path, refused)
    line = ["orders", "submit", str(file), "--wait", "90", "-o", "json"]
    assert execute(line) == Exit.REFUSED
    engine.join()
    (found,) = json.loads(capsys.readouterr().out)["refused"]
    assert found["cl_ord_id"] == "1"
    assert "UNKNOWN_CLIENT" in found["reason"]


def test_a_flag_that_no_event_can_say_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["orders", "submit", *ONE[:-1], "lots"]) == Exit.ERROR
    assert "--qty: found 'lots'" in capsys.readouterr().err


def test_the_flags_that_are_missing_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["orders", "submit", "--client", "C"]) == Exit.ERROR
    shown = " ".join(capsys.readouterr().err.split())
    assert [x for x in ("--instrument", "--side", "--qty") if f"{x}: missing" not in shown] == []


def test_a_file_and_flags_do_not_mix(tmp_path: Path) -> None:
    assert execute(["orders", "submit", str(tmp_path / "x.csv"), "--qty", "5"]) == Exit.USAGE


def test_a_cancel_names_its_order(log: Log) -> None:
    assert execute(["orders", "cancel", "A1", "--instrument", "XXX"]) == Exit.OK
    (cancel,) = appended(log, "orders")
    assert cancel.orig_cl_ord_id == "A1"


def test_a_file_with_a_bad_line_sends_the_rest_and_says_so(
    log: Log, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "orders.csv"
    file.write_text(f"{HEADER}S,1,C,XXX,buy,500\nS,2,C,XXX,buy,99999999999999999999\n")
    assert execute(["orders", "submit", str(file), "-o", "json"]) == Exit.ERROR
    assert len(appended(log, "orders")) == 1
    shown = capsys.readouterr()
    assert json.loads(shown.out)["rejected_lines"] == 1
    assert "line 3: order_qty: found '99999999999999999999'" in shown.err
    assert Path(json.loads(shown.out)["rejects_file"]).exists()


def answer(folder: Path, event: Callable[[OrderSubmitted], object]) -> threading.Thread:
    """A stand-in for the engine: answers the first order it finds."""

    def run() -> None:
        with open_log(f"sqlite:{folder / 'log.db'}") as log:
            leases = log.leases("engine")
            held = {}
            end_s = time.monotonic() + 90
            while time.monotonic() < end_s:
                held.update({x.shard: x for x in leases.poll(0.01).gained})
                for number, lease in held.items():
                    for record in log.reader("orders", number).read(1):
                        value = encode(event(decode("orders", record.value)))
                        made = NewRecord(number, record.timestamp_ms, record.key, (), value)
                        log.writer(lease).commit({"ingest": [made]})
                        leases.close()
                        return

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def refused(order: OrderSubmitted) -> OrderRejected:
    return OrderRejected(
        seq=17,
        source=order.source,
        cl_ord_id=order.cl_ord_id,
        client_id=order.client_id,
        instrument_id=order.instrument_id,
        reason=RejectReason.UNKNOWN_CLIENT,
        text="client C1 has no mandate",
        asked_notional_cur=0,
        asked_currency="",
    )


def accepted(order: OrderSubmitted) -> OrderAccepted:
    given = {
        name: getattr(order, name)
        for name in OrderSubmitted.__dataclass_fields__
        if name in OrderAccepted.__dataclass_fields__
    }
    given |= {
        "start_ns": 0,
        "end_ns": 1,
        "max_participation_ppm": 1,
        "crossing_consent": False,
        "currency": "USD",
    }
    return OrderAccepted(seq=17, arrival_mid_px=None, value_px=0, **given)


@pytest.mark.parametrize(
    ("event", "code", "status"),
    [(refused, Exit.REFUSED, "OrderRejected"), (accepted, Exit.OK, "OrderAccepted")],
)
def test_the_outcome_of_an_order_can_be_waited_for(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    event: Callable[[OrderSubmitted], object],
    code: Exit,
    status: str,
) -> None:
    engine = answer(tmp_path, event)
    assert execute(["orders", "submit", *ONE, "--wait", "90", "-o", "json"]) == code
    engine.join()
    shown = json.loads(capsys.readouterr().out)
    assert shown["status"] == status
    if status == "OrderAccepted":
        assert shown["order_id"].endswith("-17")
    else:
        assert "UNKNOWN_CLIENT: client C1 has no mandate" in shown["reason"]


def test_without_an_engine_the_wait_ends_and_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["orders", "submit", *ONE, "--wait", "0.2"]) == Exit.ERROR
    assert "1 undecided after 0.2 s" in capsys.readouterr().err


def test_an_answer_from_before_is_passed_over(tmp_path: Path, log: Log) -> None:
    execute(["orders", "submit", *ONE, "--cl-ord-id", "A1"])
    answer(tmp_path, refused).join()
    (order,) = appended(log, "orders")
    outcomes = Outcomes(log)
    outcomes.expect([order])
    assert not outcomes.follow(0.1)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--scope", "client"], "say which client"),
        (["--id", "C1"], "leave it out, or give a --scope"),
        (["--scope", "source", "--id", "S"], "'firm', 'client', 'instrument', 'venue'"),
    ],
)
def test_a_kill_of_nothing_is_wrong_usage(
    flags: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["controls", "kill", *flags]) == Exit.USAGE
    assert words in " ".join(capsys.readouterr().err.replace("│", "").split())


def test_controls_and_reference_come_from_files(log: Log, tmp_path: Path) -> None:
    controls, reference = tmp_path / "controls.toml", tmp_path / "reference.toml"
    controls.write_text('[[mandate]]\nclient_id = "C1"\n')
    reference.write_text('[[venue]]\nvenue = "Z"\neffective_day = 2018-01-02\n')
    assert execute(["controls", "apply", str(controls), "--no-wait"]) == Exit.OK
    assert execute(["reference", "load", str(reference)]) == Exit.OK
    assert appended(log, "controls")[0].client_id == "C1"
    assert appended(log, "reference")[0].venue == "Z"


def test_a_curve_of_past_days_is_loaded_as_reference_data(
    log: Log, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    market = Path(__file__).parents[2] / "examples" / "us-equity-2018-01-02"
    out = tmp_path / "curve.toml"
    line = ["reference", "curve", str(market), "--out", str(out), "-o", "json"]
    assert execute(line) == Exit.OK
    (said,) = json.loads(capsys.readouterr().out)
    assert (said["days"], said["last_day"], said["effective_day"]) == (1, 20180102, 20180103)
    assert execute(["reference", "load", str(out)]) == Exit.OK
    instrument, _, curve = appended(log, "reference")
    assert instrument.adv_qty == said["volume_qty"]
    assert instrument.daily_volatility_ppm == said["daily_volatility_ppm"] == 10_995
    assert curve.observed_days == (20180102,)
    assert len(curve.volumes_qty) == 26
    assert sum(curve.volumes_qty) == said["volume_qty"]
    assert execute([*line, "--effective-day", "2018-01-02"]) == Exit.ERROR
    assert "expected a later day" in capsys.readouterr().err
    assert execute([*line, "--effective-day", "soon"]) == Exit.USAGE


def test_a_wrong_file_writes_nothing(
    log: Log, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "controls.toml"
    file.write_text('[[mandate]]\nclient_id = "C1"\n[policy]\n')
    assert execute(["controls", "apply", str(file)]) == Exit.ERROR
    assert "policy 1: policy_id: missing" in capsys.readouterr().err
    assert appended(log, "controls") == []


def test_a_log_that_is_none_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["controls", "kill", "--log", "postgres:x"]) == Exit.ERROR
    assert "expected sqlite:PATH or kafka:HOST:PORT" in capsys.readouterr().err


def test_the_default_log_needs_no_preparation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("METAORDER_LOG_URL")
    assert execute(["orders", "submit", *ONE]) == Exit.OK
    assert (tmp_path / "out" / "metaorder.db").exists()


def test_topics_are_for_kafka() -> None:
    assert execute(["topics", "check"]) == Exit.USAGE


def test_a_principal_without_access_lists_is_not_passed_over(
    capsys: pytest.CaptureFixture[str],
) -> None:
    line = ["topics", "create", "--log", "kafka:127.0.0.1:9", "--principal", "worker=w1"]
    assert execute(line) == Exit.USAGE
    assert "say --acl too" in capsys.readouterr().err


@pytest.mark.slow
def test_a_missing_broker_is_5(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["topics", "check", "--log", "kafka:127.0.0.1:9"]) == Exit.MISSING
    assert "127.0.0.1:9" in capsys.readouterr().err


def test_a_missing_projection_says_how_to_make_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["blotter"]) == Exit.ERROR
    assert "metaorder projections rebuild" in " ".join(capsys.readouterr().err.split())


@pytest.fixture
def projection(tmp_path: Path) -> Path:
    path = tmp_path / "p.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table blotter_parents as select '0-7' as parent_id, 500 as qty")
        connection.execute("create table tca_child as select '0-7' as parent_id, 1.5 as cost")
    return path


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (["sql", "select 1::decimal(9,2) as a"], '[{"a":1.00}]'),
        (["sql", "select 170141183460469231731687303715884105727::hugeint as a"],
         '[{"a":170141183460469231731687303715884105727}]'),
        (["blotter"], '[{"parent_id":"0-7","qty":500}]'),
        (["tca", "0-7"], '[{"parent_id":"0-7","cost":1.5}]'),
    ],
)  # fmt: skip
def test_questions_are_answered_exactly(
    projection: Path, line: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute([*line, "--projection", str(projection), "-o", "json"]) == Exit.OK
    assert capsys.readouterr().out.strip() == expected


@pytest.mark.parametrize("line", [["tca", "9-9"], ["sql", "select nothing"]])
def test_a_question_about_nothing_is_1(projection: Path, line: list[str]) -> None:
    assert execute([*line, "--projection", str(projection)]) == Exit.ERROR


def test_a_query_can_change_nothing(projection: Path) -> None:
    assert execute(["sql", "drop table tca_child", "--projection", str(projection)]) == Exit.ERROR


def test_a_rebuild_of_an_empty_log_makes_a_projection(
    log: Log, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log.close()
    path = tmp_path / "made" / "p.duckdb"
    assert execute(["projections", "rebuild", "--projection", str(path), "-o", "json"]) == Exit.OK
    assert json.loads(capsys.readouterr().out)["projection"] == str(path)
    assert execute(["projections", "follow", "--once", "--projection", str(path)]) == Exit.OK
    assert execute(["blotter", "--projection", str(path)]) == Exit.OK


ROWS = Rows(
    ("name", "qty", "price", "tags"),
    [("a" * 30, 2**70, Decimal("157.250000000"), ["x"]), ("b,c", None, None, [])],
)


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_nothing_is_cut_at_any_width(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    out = io.StringIO()
    render(ROWS, Output.TEXT, "title", out)
    shown = out.getvalue()
    assert all(len(line) <= width for line in shown.splitlines())
    packed = "".join(shown.split())
    assert "a" * 30 in packed
    assert str(2**70) in packed


def test_csv_and_json_lines_are_for_machines() -> None:
    csv_out, jsonl_out = io.StringIO(), io.StringIO()
    render(ROWS, Output.CSV, out=csv_out)
    render(ROWS, Output.JSONL, out=jsonl_out)
    assert csv_out.getvalue().splitlines()[2] == '"b,c",,,[]'
    first, second = jsonl_out.getvalue().splitlines()
    assert '"price":157.250000000' in first
    assert json.loads(second)["qty"] is None


@pytest.mark.parametrize("output", list(Output))
def test_a_zero_has_no_sign(output: Output) -> None:
    out = io.StringIO()
    render(Rows(("cost", "parts"), [(-0.0, [-0.0])]), output, out=out)
    assert "0" in out.getvalue()
    assert "-0" not in out.getvalue()


def test_json_holds_whatever_a_query_returns() -> None:
    found = json.loads(json_text({"b": b"\x01", "n": Decimal("NaN"), "t": True, "m": {1: (2,)}}))
    assert found == {"b": "01", "n": None, "t": True, "m": {"1": [2]}}
