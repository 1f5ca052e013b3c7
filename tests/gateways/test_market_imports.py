"""Each vendor's files become the folder's rows exactly, and every line is accounted for."""

import gzip
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from vendor_files import AT, MBP_1, TAQ_QUOTE, TAQ_TRADE, VENDORS, Vendor, book, dbn, lines

from engine.cli.application import execute
from engine.gateways.imports.formats import FORMATS
from engine.gateways.imports.port import Account, ImportFailedError, Print, Quote, Reader, Request
from engine.gateways.imports.run import Task, run
from engine.simulation.market.data import load

BINANCE = Path(__file__).parent / "binance-2024-08-08" / "spot-btcusdt.jsonl.gz"
COIN = ("--increment", "0.00001", "--tick", "0.01", "--currency", "USDT")


def imported(
    capsys: pytest.CaptureFixture[str], out: Path, kind: str, files: Sequence[str], *words: str
) -> str:
    """What the command said; it must succeed."""
    code = execute(["market", "import", kind, *files, "--out", str(out), *words])
    said = capsys.readouterr()
    assert code == 0, said.err
    return said.out + said.err


def refused(
    capsys: pytest.CaptureFixture[str], out: Path, kind: str, files: Sequence[str], *words: str
) -> str:
    """Why the command failed; it must leave nothing behind."""
    code = execute(["market", "import", kind, *files, "--out", str(out), *words])
    assert code == 1
    assert not out.exists()
    assert list(out.parent.glob(".*.partial")) == []
    return " ".join(capsys.readouterr().err.split())


def rows(path: Path) -> list[str]:
    """A file's rows without their day."""
    if not path.exists():
        return []
    with gzip.open(path, "rt") as file:
        return [line.rstrip("\n").partition("T")[2] for line in file][1:]


@pytest.mark.parametrize("vendor", VENDORS, ids=str)
def test_a_vendors_file_becomes_the_folders_rows(
    vendor: Vendor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    paths = vendor.write(tmp_path)
    imported(capsys, out, vendor.format, paths, "--symbol", "IBM", *vendor.options)

    assert rows(out / "quotes.csv.gz") == list(vendor.quotes)
    assert rows(out / "trades.csv.gz") == list(vendor.trades)
    facts = load(out, strict=True).facts
    assert (facts.quote_count, facts.trade_count) == (len(vendor.quotes), len(vendor.trades))
    assert facts.unknown_codes == ()
    assert facts.bad_rows == ()


def test_real_messages_of_binance_become_a_day(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "coin"
    said = imported(capsys, out, "binance", [str(BINANCE)], "--symbol", "BTCUSDT", *COIN)
    data = load(out, strict=True)
    first, trade = next(data.quotes()), next(data.trades())

    assert (data.facts.quote_count, data.facts.trade_count) == (312, 69)
    assert (first.bid_px, first.bid_qty) == (618_376_300, 378_826)  # Of 0.00001 coins.
    assert (trade.last_px, trade.last_qty, trade.trade_id) == (618_376_300, 2_000, "3735683259")
    assert data.facts.instrument.tick_px == 100
    assert "18 left out: depth, as the best comes from bookTicker" in " ".join(said.split())
    assert "clock was up to 1,274 ms behind" in " ".join(said.split())


def test_the_best_of_a_kept_book_is_that_of_the_ticker(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At a change of the book the ticker's best is one that the book shows soon after or before."""
    words = ("--symbol", "BTCUSDT", *COIN)
    imported(capsys, tmp_path / "t", "binance", [str(BINANCE)], *words)
    imported(capsys, tmp_path / "d", "binance", [str(BINANCE)], *words, "--quotes-from", "depth")
    ticker = {(quote.bid_px, quote.ask_px) for quote in load(tmp_path / "t").quotes()}
    depth = [(quote.bid_px, quote.ask_px) for quote in load(tmp_path / "d").quotes()]

    assert len(depth) == 15
    assert all(best in ticker for best in depth)


def message(at: int, data: str, stream: str = "ibm@depth") -> str:
    return f'{AT + at} {{"stream":"{stream}","data":{{"s":"IBM",{data}}}}}'


def test_a_gap_in_depth_takes_the_quote_away(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = lines(
        message(0, '"U":8,"u":11,"b":[["9","1"]],"a":[]'),
        f'{AT + 1} {{"lastUpdateId":10,"bids":[["8","2"]],"asks":[["11","3"]]}}',
        message(2, '"U":12,"u":13,"b":[],"a":[["10","1"]]'),
        message(3, '"U":14,"u":14,"b":[["9","0"]],"a":[]'),
        message(4, '"U":17,"u":17,"b":[],"a":[["10","0"]]'),
        message(5, '"U":18,"u":18,"b":[],"a":[["10","5"]]'),
    )
    (tmp_path / "m.txt").write_text(text)
    words = ("--symbol", "IBM", "--increment", "1", "--quotes-from", "depth")
    said = imported(capsys, tmp_path / "o", "binance", [str(tmp_path / "m.txt")], *words)

    assert rows(tmp_path / "o" / "quotes.csv.gz") == [
        "14:31:00.000000001Z,BINANCE,9,1,11,3",
        "14:31:00.000000002Z,BINANCE,9,1,10,1",
        "14:31:00.000000003Z,BINANCE,8,2,10,1",
        "14:31:00.000000004Z,BINANCE,,,,",
    ]
    assert "1  left out: depth after a gap" in said
    assert "2  left out: depth before a snapshot" in said


# ------------------------------------------------------------------------------ packing


def packed(path: Path, data: bytes, how: str) -> Path:
    if how == "gzip":
        path.write_bytes(gzip.compress(data))
    elif how == "zstd":
        path.write_bytes(pa.Codec("zstd").compress(data, asbytes=True))
    elif how == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("inside.csv", data)
    else:
        path.write_bytes(data)
    return path


@pytest.mark.parametrize("how", ["plain", "gzip", "zstd", "zip"])
def test_a_file_may_be_packed_whatever_its_name(
    how: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = lines("ts,price,size", *["2018-01-02T14:31:00Z,157.1,100"] * 5_000).encode()
    path = packed(tmp_path / "t.bin", text, how)
    imported(capsys, tmp_path / "o", "trades", [str(path)], "--symbol", "IBM")

    assert load(tmp_path / "o").facts.trade_count == 5_000


# ------------------------------------------------------------------------------ refusals

WRONG = [
    ("an unknown format", "csv", "x", (), "FORMAT is 'csv', expected one of databento, taq"),
    ("an empty file", "trades", "", (), "is empty; expected a header line and rows"),
    ("a column is missing", "trades", "ts,price\n", (), "line 1: no column size or qty"),
    ("no row makes sense", "trades", "ts,price,size\nx,1,1\n", (), "line 2: ts is 'x'"),
    ("no offset", "trades", "ts,price,size\n2018-01-02T14:31:00,1,1\n", (), "its off"),
    ("an epoch of no unit", "trades", "ts,price,size\n15149034,1,1\n", (), "10, 13, 16 or 19"),
    ("a fraction", "trades", "ts,price,size\n1514903460,1,0.5\n", (), "--increment for fractions"),
    ("conditions of nobody", "trades", "ts,price,size,cond\n", (), "say whose with --conditions"),
    ("two quotes", "databento", lines(MBP_1, "x"), (), "the columns do not tell the schema"),
    ("an NBBO file", "taq", "Time|Symbol|Best_Bid_Price\n", (), "this is an NBBO file"),
    ("no day in the name", "taq", f"{TAQ_TRADE}\n", (), "say it with --day 2018-01-02"),
    ("no step", "binance", "1,2,3,4,5,6\n", (), "--increment is missing"),
    ("a wrong step", "binance", "1\n", ("--increment", "-1"), "expected a positive decimal"),
    ("no kind", "binance", "1,2\n", ("--increment", "1"), "say it with --schema trades"),
    ("no pair", "lobster", "1,2\n", (), "found no orderbook file"),
    ("no made spread", "bars", "ts\n", ("--half-spread", "0"), "expected a positive price"),
    ("a span of nothing", "bars", "ts\n", ("--schema", "7m"), "expected a bar's span: 1s, 1m"),
    ("a wrong currency", "bars", "ts\n", ("--currency", "EUR"), 'add tick = "0.01"'),
    ("a broken gzip", "bars", "\x1f", (), "no column"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "text", "words", "reason"), [x[1:] for x in WRONG], ids=[x[0] for x in WRONG]
)
def test_what_cannot_be_imported_says_why_and_leaves_nothing(
    kind: str, text: str, words: Sequence[str], reason: str, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (tmp_path / "f.csv").write_text(text)
    files = [str(tmp_path / "f.csv")]
    assert reason in refused(capsys, tmp_path / "out", kind, files, "--symbol", "IBM", *words)


def test_a_pair_of_lobster_files_of_two_lengths_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "IBM_2018-01-02_34200000_57600000_{}_1.csv"
    (tmp_path / name.format("message")).write_text("34260,1,1,1,1571000,1\n" * 2)
    (tmp_path / name.format("orderbook")).write_text("1571200,50,1571000,300\n")
    files = [str(tmp_path / name.format("message"))]

    assert "ends before" in refused(capsys, tmp_path / "o", "lobster", files, "--symbol", "IBM")


def test_quotes_of_a_day_after_the_change_of_lots_need_their_unit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "SPLITS_US_ALL_BBO_I_20251103"
    path.write_text(lines(TAQ_QUOTE, "093100000000001|N|IBM|157.1|3|157.12|2|R|1|0||||C"))
    said = refused(capsys, tmp_path / "o", "taq", [str(path)], "--symbol", "IBM")
    assert "Say --quote-size-unit lots or shares" in said

    words = ("--symbol", "IBM", "--quote-size-unit", "shares")
    said = imported(capsys, tmp_path / "o", "taq", [str(path)], *words)
    (quote,) = load(tmp_path / "o").quotes()
    assert (quote.bid_qty, quote.ask_qty) == (3, 2)
    assert "it has no END line: it may be cut off" in " ".join(said.split())


def test_two_instruments_without_names_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = lines(MBP_1, dbn(0, 2, "A", "1", 1, more=book("1", "2")),
                 dbn(1, 2, "A", "1", 1, more=book("1", "2")).replace(",323,", ",324,"))  # fmt: skip
    (tmp_path / "x.mbp-1.csv").write_text(text)
    files = [str(tmp_path / "x.mbp-1.csv")]

    said = refused(capsys, tmp_path / "o", "databento", files, "--symbol", "IBM")
    assert "line 3: instrument_id is '324', expected '323' as before" in said


def test_a_folder_that_is_no_import_is_never_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "t.csv").write_text("ts,price,size\n1514903460,1,5\n")
    words = ["market", "import", "trades", str(tmp_path / "t.csv"), "--symbol", "IBM", "--out"]
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "notes.txt").write_text("mine")

    assert execute([*words, str(mine)]) == 1
    assert "was not made by an import" in capsys.readouterr().err
    assert execute([*words, str(tmp_path / "o")]) == 0
    assert execute([*words, str(tmp_path / "o")]) == 0  # Its own folder it makes again.
    assert (mine / "notes.txt").read_text() == "mine"


def test_rows_of_another_day_and_bad_rows_are_counted_by_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = lines(
        "ts,price,size",
        "1514903460,1,5",
        "1514993460,1,5",
        "1514903460,,5",
        "1514903460,1",
        "x,1,5",
    )
    (tmp_path / "t.csv").write_text(text)
    said = imported(capsys, tmp_path / "o", "trades", [str(tmp_path / "t.csv")], "--symbol", "IBM")

    assert "5  lines read" in said
    assert "1  prints" in said
    for reason in ("row of another day", "price not as documented", "row not as documented"):
        assert f"1  left out: {reason}" in said
    assert "line 4: price is '', expected a decimal number" in said
    assert all(len(line) <= 80 for line in said.splitlines() if str(tmp_path) not in line)


# ------------------------------------------------------------------------------ property

TIMES = st.integers(AT, AT + 6 * 3_600 * 10**9)
PRICES = st.integers(1, 10**7).map(lambda cents: f"{cents // 100}.{cents % 100:02}")
SIZES = st.integers(1, 10**6).map(str)
VENUES = st.sampled_from("NPQZ")
QUOTES = st.builds(Quote, TIMES, VENUES, PRICES, SIZES, PRICES, SIZES)
ONE_SIDED = st.builds(Quote, TIMES, VENUES, st.just(""), st.just(""), PRICES, SIZES)
PRINTS = st.builds(
    Print,
    TIMES,
    VENUES,
    PRICES,
    SIZES,
    st.sampled_from(["", "F I", "T", "4 B"]),
    st.just("00"),
    st.just(""),
)


@for_all(st.lists(st.one_of(QUOTES, ONE_SIDED, PRINTS), min_size=1, max_size=30))
def test_what_a_reader_saw_is_what_the_loader_reads(
    tmp_path_factory: pytest.TempPathFactory, seen: list[Quote | Print]
) -> None:
    class Seen(Reader):
        def read(self, _: Sequence[Path]):  # type: ignore[no-untyped-def]  # noqa: ANN202
            return iter(seen)

        def instrument(self) -> dict[str, str | int]:
            return {"quote_size_unit": "shares", "trade_size_unit": "shares", "conditions": "cta"}

    out = tmp_path_factory.mktemp("seen") / "o"
    chosen = FORMATS["trades"]._replace(reader=Seen)
    run(Task(chosen, [], out, Request(symbol="IBM"), {}, "America/New_York"), lambda _: None)
    data = load(out, strict=True)

    def px(text: str) -> int:
        return int(text.replace(".", "")) * 10**7 if text else 0

    quotes = [
        (x.at_ns, x.venue, px(x.bid), int(x.bid_size or 0), px(x.ask), int(x.ask_size))
        for x in seen
        if isinstance(x, Quote)
    ]
    prints = [
        (x.at_ns, x.venue, px(x.price), int(x.size), x.conditions)
        for x in seen
        if isinstance(x, Print)
    ]
    by_time = lambda row: row[0]  # noqa: E731
    assert [
        (x.received_ns, x.venue, x.bid_px, x.bid_qty, x.ask_px, x.ask_qty) for x in data.quotes()
    ] == sorted(quotes, key=by_time)
    assert [
        (x.received_ns, x.venue, x.last_px, x.last_qty, x.conditions) for x in data.trades()
    ] == sorted(prints, key=by_time)


def test_a_reader_that_finds_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("ts,price,size\n")
    task = Task(
        FORMATS["trades"], [tmp_path / "t.csv"], tmp_path / "o", Request(symbol="X"), {}, "UTC"
    )

    with pytest.raises(ImportFailedError, match="none of 0 lines became a quote or a print"):
        run(task, lambda _: None)
    assert Account().bad_rows == []
