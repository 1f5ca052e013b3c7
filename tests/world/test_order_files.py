"""Order files as people send them: each form is read, or refused with its cause and the way out."""

import gzip
import json
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from engine.cli.application import execute
from engine.cli.exits import Exit
from engine.core.events import OrderCancelRequested, OrderSubmitted, Side
from engine.gateways.files import unpacking
from engine.gateways.orders import order_file
from engine.gateways.orders.order_file import OrderFileError

HEADER = "source,cl_ord_id,client_id,instrument_id,side,order_qty,excluded_venues\n"
ROW = "OMS-1,A1,C1,XXX,buy,500,\n"
PLAIN = HEADER + ROW


class Form(NamedTuple):
    """A file of one order, as somebody sent it, and the name it had."""

    name: str
    content: bytes
    file: str = "orders.csv"


def with_tabs(text: str) -> str:
    return text.replace(",", "\t")


READ = [
    Form("plain", PLAIN.encode()),
    Form("packed, by its first bytes", gzip.compress(PLAIN.encode())),
    Form("packed, by its name too", gzip.compress(PLAIN.encode()), "orders.csv.gz"),
    Form("UTF-8 with its mark", PLAIN.encode("utf-8-sig")),
    Form("UTF-16 of a spreadsheet", PLAIN.encode("utf-16")),
    Form("UTF-16, high bytes first", b"\xfe\xff" + PLAIN.encode("utf-16-be")),
    Form("UTF-16 with tabs", with_tabs(PLAIN).encode("utf-16")),
    Form("UTF-16, old line ends", PLAIN.replace("\n", "\r").encode("utf-16")),
    Form("packed UTF-16", gzip.compress(PLAIN.encode("utf-16"))),
    Form("tabs", with_tabs(PLAIN).encode()),
    Form("semicolons", PLAIN.replace(",", ";").encode()),
    Form("bars", PLAIN.replace(",", "|").encode()),
    Form("carriage returns alone", PLAIN.replace("\n", "\r").encode()),
    Form("carriage returns with line feeds", PLAIN.replace("\n", "\r\n").encode()),
    Form("a header in capitals", (HEADER.upper() + ROW).encode()),
    Form("a header of words", (HEADER.replace("_", " ").title() + ROW).encode()),
    Form("no line end at the end", PLAIN.encode()[:-1]),
    Form("empty lines around", f"{HEADER}\n\n{ROW}\n".encode()),
    Form("FIX's code of a side", (HEADER + ROW.replace("buy", "1")).encode()),
    Form("a letter for a side", (HEADER + ROW.replace("buy", "B")).encode()),
    Form("venues with commas in one cell", (HEADER + 'S,A1,C1,XXX,buy,500,"N,T"\n').encode()),
    Form("JSON under another name", json.dumps({
        "source": "S", "cl_ord_id": "A1", "client_id": "C1", "instrument_id": "XXX", "side": 1,
        "order_qty": 500}).encode(), "orders.txt"),
    Form("packed JSON lines", gzip.compress(json.dumps({
        "source": "S", "cl_ord_id": "A1", "client_id": "C1", "instrument_id": "XXX",
        "side": "BUY", "order_qty": "500"}).encode()), "orders.jsonl.gz"),
]  # fmt: skip


def written(folder: Path, form: Form) -> Path:
    path = folder / form.file
    path.write_bytes(form.content)
    return path


@pytest.mark.parametrize("form", READ, ids=[form.name for form in READ])
def test_a_form_that_is_known_is_read(tmp_path: Path, form: Form) -> None:
    (line,) = order_file.read(written(tmp_path, form))
    assert line.error == ""
    assert line.ticket is not None
    order = line.ticket.to_event(1)
    assert isinstance(order, OrderSubmitted)
    assert (order.cl_ord_id, order.side, order.order_qty) == ("A1", Side.BUY, 500)
    assert order.excluded_venues in ((), ("N", "T"))


class Wrong(NamedTuple):
    """A file that cannot be read as a whole, and words of the refusal."""

    name: str
    content: bytes
    words: str


REFUSED = [
    Wrong("nothing", b"", "empty, expected a header"),
    Wrong("a header alone", HEADER.encode(), "found no row, expected one ticket a line"),
    Wrong("a header alone, packed", gzip.compress(HEADER.encode()), "found no row"),
    Wrong("rows without a header", ROW.encode(), "line 1: no header, as none of its cells"),
    Wrong("a header without an id", b"source,side\n", "no column cl_ord_id, instrument_id"),
    Wrong("a column of another system", b"source,cl_ord_id,instrument_id,colour\n", "'colour'"),
    Wrong("UTF-16 without its mark", PLAIN.encode("utf-16-le"), "NUL bytes in line 1"),
    Wrong("UTF-32", PLAIN.encode("utf-32"), "text in UTF-32; save it as UTF-8"),
    Wrong("a workbook", b"PK\x03\x04" + bytes(60), "an Excel workbook; save it as CSV"),
    Wrong("an old workbook", b"\xd0\xcf\x11\xe0" + bytes(60), "an Excel workbook"),
    Wrong("another packing", b"\x28\xb5\x2f\xfd" + bytes(60), "packed with zstd; unpack it"),
    Wrong("half a packed file", gzip.compress(PLAIN.encode() * 99)[:90], "damaged, Compr"),
    Wrong("a spoiled packed file", gzip.compress(PLAIN.encode())[:-6] + b"abcdef", "damaged, CRC"),
    Wrong("a bomb", gzip.compress(HEADER.encode() + b" " * 40_000_000), "unpacks to more"),
    Wrong("a bomb of good rows", gzip.compress(HEADER.encode() + ROW.encode() * 200_000),
          "unpacks to more than 100 times its size"),
]  # fmt: skip


@pytest.mark.parametrize("wrong", REFUSED, ids=[wrong.name for wrong in REFUSED])
def test_a_file_that_is_none_is_refused_with_its_cause(
    tmp_path: Path, wrong: Wrong, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking, "UNPACKED_BYTES_FREE", 1_000_000)
    path = written(tmp_path, Form(wrong.name, wrong.content))
    with pytest.raises(OrderFileError) as caught:
        for _ in order_file.read(path):
            pass
    assert wrong.words in str(caught.value)
    assert str(path) in str(caught.value)


LINES = [
    ("an end in the year 2300", HEADER[:-1] + ",end\n", ROW[:-1] + ",2300-01-01T00:00:00Z\n",
     "end: found '2300-01-01T00:00:00Z', expected a time of 1678 to 2261"),
    ("a start in the year 1600", HEADER[:-1] + ",start\n", ROW[:-1] + ",1600-01-01T00:00:00Z\n",
     "start: found '1600-01-01T00:00:00Z', expected a time of 1678 to 2261"),
    ("a clock's number without its unit", HEADER[:-1] + ",end\n", ROW[:-1] + ",1514903400\n",
     "end: found '1514903400', expected a number with its unit, as in 1514903400s"),
    ("a column that the header lacks", "source,cl_ord_id,instrument_id,client_id\n", "S,1,X,C\n",
     "side: no such column in line 1; add it; order_qty: no such column in line 1; add it"),
    ("an empty cell is the row's", HEADER, ROW.replace("500", ""), "order_qty: missing, expected"),
    ("venues without quotation marks", HEADER, "S,A1,C1,XXX,buy,500,N,T\n",
     "separated by semicolons, as in N;T"),
    ("FIX's code of a short sale", HEADER, ROW.replace("buy", "5"),
     "side: found '5', expected sell, with short or short_exempt in sale_marking"),
    ("an unknown side", HEADER, ROW.replace("buy", "9"), "side: found '9', expected 'BUY'"),
    ("a decimal comma", HEADER.replace(",", ";"), "S;A1;C1;XXX;buy;500,5;\n", "order_qty: found"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "header", "row", "words"), LINES)
def test_a_line_is_refused_with_its_cause_and_costs_no_other(
    tmp_path: Path, name: str, header: str, row: str, words: str
) -> None:
    good = {"source": "S", "cl_ord_id": "2", "client_id": "C", "instrument_id": "X",
            "side": "buy", "order_qty": "5"}  # fmt: skip
    separator = ";" if ";" in header else ","
    names = header.strip().split(separator)
    last = separator.join(good.get(x, "") for x in names)
    path = written(tmp_path, Form(name, f"{header}{row}{last}\n".encode()))
    first, second = order_file.read(path)
    assert words in first.error
    assert second.number == 3
    assert second.error == "" or "side" not in names


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ('{"source":"S","source":"T"}', "key 'source' is there twice"),
        ('{"order_qty":1,"a":{"b":1,"b":2}}', "key 'b' is there twice"),
    ],
)
def test_a_key_that_is_there_twice_is_refused(tmp_path: Path, row: str, words: str) -> None:
    (line,) = order_file.read(written(tmp_path, Form("", row.encode(), "o.jsonl")))
    assert words in line.error


def test_a_cancel_that_repeats_its_order_as_fix_does_is_a_cancel(tmp_path: Path) -> None:
    header = "action,source,cl_ord_id,orig_cl_ord_id,client_id,instrument_id,side,order_qty\n"
    text = f"{header}cancel,OMS-1,A2,A1,C1,XXX,1,500\n"
    (line,) = order_file.read(written(tmp_path, Form("", text.encode())))
    assert line.ticket is not None, line.error
    cancel = line.ticket.to_event(7)
    assert cancel == OrderCancelRequested(
        source="OMS-1", cl_ord_id="A2", orig_cl_ord_id="A1", instrument_id="XXX", received_ns=7,
        poss_resend=False,
    )  # fmt: skip


# ------------------------------------------------------------------------------ the command


@pytest.fixture
def submit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")

    def submit(file: str, *more: str) -> int:
        url = f"sqlite:{tmp_path / 'log.db'}"
        return execute(["orders", "submit", file, "--log", url, *more])

    return submit


def test_a_batch_that_is_not_answered_says_so(
    tmp_path: Path, submit: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "o.csv").write_text(HEADER + ROW * 200)
    assert submit("o.csv", "-o", "json") == Exit.OK
    out, err = capsys.readouterr()
    assert (json.loads(out)["submitted"], json.loads(out)["unanswered"]) == (200, 200)
    assert "200 requests are in the log and not yet answered" in err


def test_a_file_of_standard_input_is_read_and_its_rejects_kept(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "engine.cli", "orders", "submit", "-", "-o", "json"]
    done = subprocess.run(  # noqa: S603  Ours.
        [*command, "--log", f"sqlite:{tmp_path / 'log.db'}"],
        input=gzip.compress((PLAIN + "?\n").encode()), cwd=tmp_path, capture_output=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == Exit.ERROR, done.stderr
    shown = json.loads(done.stdout)
    assert (shown["submitted"], shown["rejected_lines"]) == (1, 1)
    assert json.loads((tmp_path / "stdin.rejected.jsonl").read_bytes())["text"] == "?"


def test_a_rerun_replaces_its_rejects(
    tmp_path: Path, submit: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    rejects = tmp_path / "o.csv.rejected.jsonl"
    (tmp_path / "o.csv").write_text(PLAIN + "first\n")
    assert submit("o.csv") == Exit.ERROR
    (tmp_path / "o.csv").write_text(PLAIN + "second\n")
    assert submit("o.csv") == Exit.ERROR
    assert [json.loads(x)["text"] for x in rejects.read_text().splitlines()] == ["second"]
    (tmp_path / "o.csv").write_text("no header\n")
    assert submit("o.csv") == Exit.ERROR
    assert not rejects.exists(), "an earlier run's rejects are not this one's"
    capsys.readouterr()


def test_what_most_lines_are_refused_for_is_counted(
    tmp_path: Path, submit: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "o.csv").write_text(HEADER + ROW.replace("500", "many") * 40 + "a,b\n" * 2)
    assert submit("o.csv", "-o", "json") == Exit.ERROR
    out, err = capsys.readouterr()
    assert json.loads(out)["rejected_by_reason"] == {
        "order_qty": 40, "found N cells, expected N as in line N": 2,
    }  # fmt: skip
    assert "          40  order_qty" in err


def test_a_file_of_any_length_goes_through_in_little_memory(
    tmp_path: Path, submit: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """The same memory for ten times the rows, of which every tenth cannot be read."""
    peaks = []
    for count in (1_000, 10_000):
        with (tmp_path / "o.csv").open("w") as file:
            file.write(HEADER)
            for n in range(count):
                file.write(ROW.replace("A1", f"A{n}").replace("500", "500" if n % 10 else "x"))
        tracemalloc.start()
        assert submit("o.csv") == Exit.ERROR
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 2_000_000
    capsys.readouterr()


def test_a_line_without_an_end_is_cut_and_the_next_is_read(tmp_path: Path) -> None:
    path = tmp_path / "o.csv"
    with path.open("wb") as file:
        file.write(HEADER.encode() + b"x" * 5_000_000 + b"\n" + ROW.encode())
    long, good = order_file.read(path)
    assert "expected 65536 at most in a line" in long.error
    assert len(long.text) == 1_048_576
    assert (good.number, good.error) == (3, "")


def test_a_form_is_known_through_a_pipe_that_gives_a_byte_at_a_time() -> None:
    program = (
        "from pathlib import Path; from engine.gateways.orders import order_file; "
        "print([line.error for line in order_file.read(Path('-'))])"
    )
    with subprocess.Popen(  # noqa: S603  Ours.
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as reader:
        assert reader.stdin
        for byte in PLAIN.encode():
            reader.stdin.write(bytes([byte]))
            reader.stdin.flush()
        out, _ = reader.communicate(timeout=60)
    assert out.strip() == b"['']"
