"""What leaves the engine does nothing: not to a terminal, a spreadsheet, another file, a reader."""

import csv
import io
import json
import re
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

import projections
from engine.cli.application import execute
from engine.cli.exits import Exit
from engine.cli.layout import print_rows
from engine.cli.render import Output, Rows, errors, render, render_one, say
from engine.log import open_log
from engine.log.port import Log

# Text of a stranger, and what may not come out of it.
HOSTILE = [
    ("an escape that clears the screen", "C1\x1b[2J", "\x1b"),
    ("an escape of one character", "C1\x9b31m", "\x9b"),
    ("a title that a terminal sends back as typed", "\x1b]0;rm -rf\x07", "\x1b"),
    ("a line that overwrites itself", "refused\rfilled ", "\r"),
    ("a delete", "500\x7f\x7f\x7f1", "\x7f"),
    ("a text that turns its direction", "C1\u202e005", "\u202e"),
    ("a blank of no width", "C\u200b1", "\u200b"),
    ("a NUL", "C1\x00", "\x00"),
]
FORMULAS = [
    "=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\N{FULLWIDTH EQUALS SIGN}1",
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "never"), HOSTILE)
@pytest.mark.parametrize("output", list(Output))
def test_no_form_of_a_result_obeys_a_stranger(
    name: str, text: str, never: str, output: Output
) -> None:
    out = io.StringIO()
    render(Rows(("client_id", text), [(text, 5)]), output, text, out)
    assert never not in out.getvalue(), name
    if output in (Output.JSON, Output.JSONL):
        read = json.loads(out.getvalue())
        assert (read[0] if isinstance(read, list) else read)["client_id"] == text


@pytest.mark.parametrize(("name", "text", "never"), HOSTILE)
def test_no_line_for_people_obeys_a_stranger(
    name: str, text: str, never: str, capsys: pytest.CaptureFixture[str]
) -> None:
    errors().print(text)
    say(text)
    render_one({text: text}, Output.TEXT)
    print_rows(Rows(("client_id", "text"), [(text, text)]), ["text"], 80)
    print_rows(Rows(("client_id",), [(text,)]), [], 2)
    shown = "".join(capsys.readouterr())
    assert never not in shown, name
    assert shown.isascii() or "\n" in shown


@pytest.mark.parametrize("text", FORMULAS)
def test_a_cell_of_text_is_no_formula_of_a_spreadsheet(text: str) -> None:
    out = io.StringIO()
    render(Rows((text, "qty"), [(text, -5)]), Output.CSV, out=out)
    for row in csv.reader(io.StringIO(out.getvalue())):
        assert row[0].startswith("'")
    assert row[1] == "-5", "a number keeps its sign"


# ------------------------------------------------------------------------------ metaorder sql


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    with open_log(f"sqlite:{tmp_path / 'log.db'}") as opened:
        yield opened


@pytest.fixture(scope="module")
def projection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("projection")
    with open_log(f"sqlite:{folder / 'log.db'}") as opened:
        projections.rebuild(opened, folder / "p.duckdb")
    (folder / "secret.csv").write_text("a\nthe-secret\n")
    return folder / "p.duckdb"


HOSTILE_QUERIES = [
    "from read_csv('{0}/secret.csv')",
    "from '{0}/secret.csv'",
    "from read_text('/etc/passwd')",
    "from read_blob('/etc/passwd')",
    "from glob('{0}/*')",
    "copy (select 'import os') to '{0}/module.py' (header false)",
    "export database '{0}/all'",
    "attach '{0}/other.duckdb'",
    "attach '{0}/log.db' (type sqlite)",
    "install httpfs; load httpfs",
    "create persistent secret s (type http, bearer_token 'x')",
    "set enable_external_access = true; from read_text('/etc/passwd')",
    "reset lock_configuration; set enable_external_access = true; from read_text('/etc/passwd')",
    "pragma profiling_output = '{0}/profile.json'",
    "call enable_logging(storage = 'file', storage_path = '{0}/logs')",
    "prepare p as copy (select 1) to '{0}/o.csv'; execute p",
    "import database '{0}'",
    "from query",  # A variable of our own program.
    "drop table batch_sealed",
]


@pytest.mark.parametrize("query", HOSTILE_QUERIES)
def test_a_query_touches_no_file_but_the_projection(
    projection: Path,
    query: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(projection.parent)
    before = sorted(projection.parent.rglob("*"))
    text = query.format(projection.parent)
    assert execute(["sql", text, "--projection", str(projection)]) == Exit.ERROR
    out, err = capsys.readouterr()
    assert "the-secret" not in out + err
    assert "root:" not in out + err
    assert err.startswith("error: ")
    assert sorted(projection.parent.rglob("*")) == before


def test_a_query_of_the_projection_is_answered(
    projection: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["sql", "select count(*) as n from invariants", "--projection", str(projection)]
    assert execute([*line, "-o", "json"]) == Exit.OK
    assert json.loads(capsys.readouterr().out)[0]["n"] > 0


# ------------------------------------------------------------------------------ files of others


def a_table(path: Path) -> None:
    path.write_text("client,qty\nC1,500\n")


def a_database(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table positions as select 'C1' as client_id")


def a_log(path: Path) -> None:
    open_log(f"sqlite:{path}").close()


@pytest.mark.parametrize(
    ("command", "name", "make"),
    [
        *((["rebuild"], "p.duckdb", make) for make in (a_table, a_database, a_log)),
        *((["follow", "--once"], "p.duckdb", make) for make in (a_table, a_database, a_log)),
        (["rebuild"], "p.duckdb.building", a_table),
        (["follow", "--once"], "published/snapshot.duckdb", a_table),
        (["follow", "--once"], "published/parquet", a_table),
    ],
)
@pytest.mark.usefixtures("log")
def test_a_file_that_is_no_projection_is_never_replaced(
    tmp_path: Path, command: list[str], name: str, make: Callable[[Path], None],
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    other = tmp_path / "desk" / name
    other.parent.mkdir(parents=True)
    make(other)
    held = other.read_bytes()
    line = ["projections", *command, "--projection", str(tmp_path / "desk" / "p.duckdb")]
    assert execute([*line, "--log", f"sqlite:{tmp_path / 'log.db'}"]) == Exit.ERROR
    assert other.read_bytes() == held
    assert re.search(r"It was not replaced\. Name another file", capsys.readouterr().err)


def test_a_projection_and_what_a_stopped_projector_left_are_replaced(
    log: Log, tmp_path: Path
) -> None:
    path = tmp_path / "p.duckdb"
    path.touch()  # Stopped before the first byte.
    projections.rebuild(log, path)
    duckdb.connect(str(tmp_path / "p.duckdb.building")).close()  # Stopped before its meta.
    projections.rebuild(log, path)
    path.write_bytes(b"")
    assert "holds nothing yet" in projections.follow(log, path, stop=lambda: True).rebuilt_because


# ------------------------------------------------------------------------------ readers


def test_what_a_command_writes_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    orders = tmp_path / "orders.csv"
    orders.write_text("source,cl_ord_id,client_id,instrument_id,side,order_qty\nS,1,C1,X,buy,?\n")
    for line in (
        ["orders", "submit", str(orders), "--log", f"sqlite:{tmp_path / 'made.db'}"],
        ["projections", "follow", "--once", "--log", f"sqlite:{tmp_path / 'made.db'}",
         "--projection", str(tmp_path / "made" / "p.duckdb")],
    ):  # fmt: skip
        command = [sys.executable, "-m", "engine.cli", *line]
        subprocess.run(command, check=False, capture_output=True, umask=0o022)  # noqa: S603  Ours.
    made = [path for path in tmp_path.rglob("*") if path != orders and not path.is_symlink()]
    names = {path.name for path in made}
    assert {"made.db", "orders.csv.rejected.jsonl", "p.duckdb", "snapshot.duckdb"} <= names
    for path in made:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_public_key_is_for_everyone(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "engine.cli",
        "notary",
        "keygen",
        "--key",
        str(tmp_path / "key"),
    ]
    subprocess.run(command, check=True, capture_output=True, umask=0o022)  # noqa: S603  Ours.
    assert stat.S_IMODE((tmp_path / "key.pub").stat().st_mode) == 0o644
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
