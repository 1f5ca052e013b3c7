"""The loader reads any folder of the format, and says what it could not read."""

import gzip
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.core.events import (
    CalendarDefined,
    FeeScheduleDefined,
    InstrumentDefined,
    TickTableDefined,
    VenueDefined,
    VenueKind,
    VolumeCurveDefined,
)
from engine.simulation.market.conditions import Conditions, read
from engine.simulation.market.data import MarketData, MarketDataError, load
from engine.simulation.market.gaps import gaps
from engine.simulation.market.instrument import Instrument, InstrumentError
from engine.simulation.market.reference import reference_events
from engine.simulation.market.rows import Codes

QUOTES = "ts,exchange,bid,bid_size,ask,ask_size"
TRADES = "ts,exchange,price,size,cond,corr"
QUOTE = "2018-01-02T14:30:00.100Z,N,157.1,3,157.12,2"
TRADE = "2018-01-02T14:30:00.200Z,N,157.11,150,F I,0"
CENT_PX = 10_000_000


def folder(
    path: Path,
    quotes: Sequence[str] = (QUOTE,),
    trades: Sequence[str] = (TRADE,),
    instrument: str = "",
) -> Path:
    (path / "quotes.csv").write_text("\n".join([QUOTES, *quotes]) + "\n")
    (path / "trades.csv").write_text("\n".join([TRADES, *trades]) + "\n")
    if instrument:
        (path / "instrument.toml").write_text(instrument)
    return path


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp()) * 1_000_000_000


# ------------------------------------------------------------------------------ the equity day


def test_the_published_facts_of_the_equity_day(equity_day: MarketData) -> None:
    trades = [trade for trade in equity_day.trades() if equity_day.in_session(trade)]
    volume_qty = sum(trade.last_qty for trade in trades)
    notional = sum(trade.last_px * trade.last_qty for trade in trades)
    away_qty = sum(trade.last_qty for trade in trades if trade.venue == "D")

    assert len(trades) == equity_day.facts.session_trade_count == 39_195
    assert volume_qty == 4_315_945
    assert round(notional / volume_qty / 1e9, 6) == 157.134300
    assert round(100 * away_qty / volume_qty, 3) == 43.784
    assert equity_day.facts.session_quote_count == 65_998


def test_the_equity_day_is_whole_and_in_order(equity_day: MarketData) -> None:
    facts = equity_day.facts
    times = [event.received_ns for event in equity_day]

    assert (facts.quote_count, facts.trade_count) == (66_695, 39_470)
    assert (facts.day, facts.bad_rows, facts.disordered_count) == (20180102, (), 0)
    assert facts.open_ns == utc("2018-01-02T14:30:00Z")
    assert facts.close_ns == utc("2018-01-02T21:00:00Z")
    assert facts.venues == tuple("ABDJKMNPTVXYZ")
    assert times == sorted(times)
    assert len(equity_day) == 66_695 + 39_470


# ------------------------------------------------------------------------------ rows


def test_a_row_becomes_an_observation_exactly(tmp_path: Path) -> None:
    data = load(folder(tmp_path))
    (quote,), (trade,) = data.quotes(), data.trades()

    assert (quote.bid_px, quote.bid_qty) == (157_100_000_000, 300)
    assert (quote.ask_px, quote.ask_qty) == (157_120_000_000, 200)
    assert (quote.venue, quote.instrument_id) == ("N", "XXX")
    assert quote.event_ns == quote.received_ns == utc("2018-01-02T14:30:00Z") + 100_000_000
    assert (trade.last_px, trade.last_qty, trade.conditions) == (157_110_000_000, 150, "F I")
    assert trade.eligible


@pytest.mark.parametrize("side", ["0,0", "0.0,5", "157.1,0", ",", "NA,NA"])
def test_a_side_without_price_or_size_is_missing(tmp_path: Path, side: str) -> None:
    data = load(folder(tmp_path, [f"2018-01-02T14:30:00Z,N,{side},157.12,2"]))
    (quote,) = data.quotes()

    assert (quote.bid_px, quote.bid_qty, quote.ask_qty) == (0, 0, 200)


def test_a_crossed_quote_passes_as_it_is(tmp_path: Path) -> None:
    (quote,) = load(folder(tmp_path, ["2018-01-02T14:30:00Z,N,158,1,157,1"])).quotes()

    assert quote.bid_px > quote.ask_px


def test_rows_out_of_order_are_put_in_order_and_counted(tmp_path: Path) -> None:
    late, early = QUOTE, QUOTE.replace("14:30:00.100", "14:30:00.050").replace(",N,", ",P,")
    data = load(folder(tmp_path, [late, early]))

    assert [quote.venue for quote in data.quotes()] == ["P", "N"]
    assert data.facts.disordered_count == 1


def test_at_one_time_a_print_comes_before_the_quote_it_left(tmp_path: Path) -> None:
    at = "2018-01-02T14:30:00.100Z"
    data = load(folder(tmp_path, trades=[f"{at},N,157.11,150,,0"]))

    assert [type(event).__name__ for event in data] == ["TradeObserved", "QuoteObserved"]


BAD_QUOTES = [
    ("2018-01-02 noon,N,157.1,3,157.12,2", "ts", "2018-01-02 noon"),
    ("2018-02-30T14:30:00Z,N,157.1,3,157.12,2", "ts", "2018-02-30T14:30:00Z"),
    ("2018-01-02T24:30:00Z,N,157.1,3,157.12,2", "ts", "2018-01-02T24:30:00Z"),
    ("2018-01-02T14:30:00,N,157.1,3,157.12,2", "ts", "2018-01-02T14:30:00"),
    ("2018-01-02T14:30:00Z,,157.1,3,157.12,2", "exchange", ""),
    ("2018-01-02T14:30:00Z,N,-157.1,3,157.12,2", "bid", "-157.1"),
    ("2018-01-02T14:30:00Z,N,157.1,3,nan,2", "ask", "nan"),
    ("2018-01-02T14:30:00Z,N,157.1,3,157.1200000001,2", "ask", "157.1200000001"),
    ("2018-01-02T14:30:00Z,N,157.1,2.5,157.12,2", "bid_size", "2.5"),
    ("2018-01-02T14:30:00Z,N,9999999999999,3,157.12,2", "bid", "9999999999999"),
    ("2018-01-02T14:30:00Z,N,157.1,9223372036854775807,157.12,2", "bid_size", "92233"),
    ("2018-01-02T14:30:00Z,N,157.1,3,157.12", "row", "2018-01-02T14:30:00Z,N"),
    ('2018-01-02T14:30:00Z,"N,157.1,3,157.12,2', "row", "2018-01-02T14:30:00Z"),
    ("2018-01-02T14:30:00Z,N,157.1,3,157.12,2,9", "row", "2018-01-02T14:30:00Z,N"),
    ("2018-01-02T14:30:00Z,N,157.1,3,\u0661\u0665,2", "ask", "\u0661"),
]


@pytest.mark.parametrize(("row", "field", "found"), BAD_QUOTES)
def test_a_malformed_row_is_named_and_skipped(
    tmp_path: Path, row: str, field: str, found: str
) -> None:
    data = load(folder(tmp_path, [QUOTE, row, QUOTE]))
    (bad,) = data.facts.bad_rows

    assert (bad.path.name, bad.line, bad.field) == ("quotes.csv", 3, field)
    assert bad.found.startswith(found)
    assert "line 3" in str(bad)
    assert "expected" in str(bad)
    assert data.facts.quote_count == 2


def test_strict_raises_at_the_first_malformed_row(tmp_path: Path) -> None:
    folder(tmp_path, trades=[TRADE, TRADE.replace(",150,", ",-150,")])

    with pytest.raises(MarketDataError, match=r"trades.csv, line 3: size is '-150', expected"):
        load(tmp_path, strict=True)


def test_a_print_needs_a_price_and_a_size(tmp_path: Path) -> None:
    rows = [TRADE, TRADE.replace("157.11", "0"), TRADE.replace(",150,", ",0,")]
    data = load(folder(tmp_path, trades=rows))

    assert [bad.field for bad in data.facts.bad_rows] == ["price", "size"]


def test_bytes_that_are_no_text_cost_their_row_alone(tmp_path: Path) -> None:
    folder(tmp_path)
    raw = (tmp_path / "quotes.csv").read_bytes()
    (tmp_path / "quotes.csv").write_bytes(raw + b"\x00\xff\xfe,,,,,\n" + QUOTE.encode())
    data = load(tmp_path)

    assert [bad.line for bad in data.facts.bad_rows] == [3]
    assert data.facts.quote_count == 2


def test_a_row_of_another_day_is_refused(tmp_path: Path) -> None:
    data = load(folder(tmp_path, [QUOTE, QUOTE.replace("01-02", "01-05")]))

    assert data.facts.day == 20180102
    assert [(bad.line, bad.field) for bad in data.facts.bad_rows] == [(3, "ts")]


# ------------------------------------------------------------------------------ files


def test_columns_may_stand_in_another_order_and_files_be_gzipped(tmp_path: Path) -> None:
    folder(tmp_path)
    (tmp_path / "quotes.csv").unlink()
    text = "exchange,ts,ask,ask_size,bid,bid_size,note\nN,2018-01-02T14:30:00Z,2,1,1,1,x\n"
    with gzip.open(tmp_path / "quotes.csv.gz", "wt") as file:
        file.write(text)
    (quote,) = load(tmp_path).quotes()

    assert (quote.bid_px, quote.ask_px) == (1_000_000_000, 2_000_000_000)


def test_windows_line_ends_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    folder(tmp_path)
    (tmp_path / "quotes.csv").write_bytes(f"\ufeff{QUOTES}\r\n{QUOTE}\r\n\r\n".encode())

    assert load(tmp_path, strict=True).facts.quote_count == 1


def test_a_folder_without_prints_is_a_quiet_day(tmp_path: Path) -> None:
    facts = load(folder(tmp_path, trades=[])).facts

    assert (facts.quote_count, facts.trade_count) == (1, 0)


def test_what_cannot_be_used_says_why(tmp_path: Path) -> None:
    with pytest.raises(MarketDataError, match="is not a folder"):
        load(tmp_path / "nowhere")
    with pytest.raises(MarketDataError, match=r"neither quotes\.csv nor trades\.csv"):
        load(tmp_path)
    with pytest.raises(MarketDataError, match="holds no rows"):
        load(folder(tmp_path, [], []))
    with pytest.raises(MarketDataError, match="none of 1 rows can be read; the first is"):
        load(folder(tmp_path, ["x"], []))
    (tmp_path / "quotes.csv").write_text("time,exchange\n")
    with pytest.raises(MarketDataError, match="line 1: no column ts, bid"):
        load(tmp_path)
    (tmp_path / "quotes.csv.gz").write_bytes(b"no gzip")
    with pytest.raises(MarketDataError, match="remove one of them"):
        load(tmp_path)
    (tmp_path / "quotes.csv").unlink()
    with pytest.raises(MarketDataError, match="cannot be read"):
        load(tmp_path)


def test_a_cut_gzip_is_refused(tmp_path: Path) -> None:
    folder(tmp_path)
    whole = gzip.compress((QUOTES + "\n" + (QUOTE + "\n") * 100).encode())
    (tmp_path / "quotes.csv").unlink()
    (tmp_path / "quotes.csv.gz").write_bytes(whole[: len(whole) // 2])

    with pytest.raises(MarketDataError, match="cannot be read"):
        load(tmp_path)


# ------------------------------------------------------------------------------ instrument


def test_the_session_follows_the_local_clock_of_the_day(tmp_path: Path) -> None:
    summer = [QUOTE.replace("2018-01-02T14:30", "2018-07-03T13:30")]
    facts = load(folder(tmp_path, summer, [])).facts

    assert facts.open_ns == utc("2018-07-03T13:30:00Z")
    assert facts.close_ns == utc("2018-07-03T20:00:00Z")


def test_an_instrument_file_names_another_market(tmp_path: Path) -> None:
    text = """
        instrument_id = "SAP"
        currency = "EUR"
        lot_qty = 1
        tick = 0.02
        adv_qty = 1_500_000
        time_zone = "Europe/Berlin"
        open = "09:00"
        close = 17:30:00
    """
    data = load(folder(tmp_path, [QUOTE], [], text))
    (quote,) = data.quotes()
    instrument, ticks, calendar, *_ = reference_events(data.facts)

    assert (quote.instrument_id, quote.bid_qty) == ("SAP", 3)
    assert data.facts.open_ns == utc("2018-01-02T08:00:00Z")
    assert data.facts.close_ns == utc("2018-01-02T16:30:00Z")
    assert isinstance(instrument, InstrumentDefined)
    assert (instrument.symbol, instrument.adv_qty) == ("SAP", 1_500_000)
    assert isinstance(ticks, TickTableDefined)
    assert [band.tick_px for band in ticks.bands] == [2 * CENT_PX]
    assert isinstance(calendar, CalendarDefined)
    assert calendar.time_zone == "Europe/Berlin"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("adv = 5", "unknown field adv"),
        ("lot_qty = 0", "lot_qty is '0', expected a positive whole number"),
        ("lot_qty = true", "lot_qty is 'True'"),
        ('tick = "0.0000000001"', "tick is"),
        ('time_zone = "Mars/Base"', "time_zone is 'Mars/Base'"),
        ('open = "17:00"', "is not before"),
        ('day = "yesterday"', "day is 'yesterday'"),
        ('quote_size_unit = "round"', "quote_size_unit is 'round', expected lots or shares"),
        ('conditions = "sip"', "conditions is 'sip', expected cta, utp, numeric or none"),
        ("= 5", "cannot be read as TOML"),
        ('currency = "EUR"', "found no tick and currency EUR, expected a tick"),
    ],
)
def test_a_wrong_instrument_file_says_what_is_wrong(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(InstrumentError, match=message):
        load(folder(tmp_path, instrument=text))


def test_volume_and_volatility_are_never_the_days_own(equity_day: MarketData) -> None:
    facts = equity_day.facts

    assert facts.instrument.adv_qty == Instrument().adv_qty
    assert facts.instrument.daily_volatility_ppm == Instrument().daily_volatility_ppm


# ------------------------------------------------------------------------------ eligibility


def counts(conditions: str, correction: str = "0") -> bool:
    """Whether a print with these codes of the CTA counts for volume and VWAP."""
    _, does = Codes().read(conditions, correction)
    return does


@pytest.mark.parametrize("conditions", ["", "I", "F I", "O", "6", "F", "X"])
def test_ordinary_prints_count(conditions: str) -> None:
    assert counts(conditions, "0")
    assert counts(conditions, "00")


@pytest.mark.parametrize("conditions", ["M", "Q", "4 B", "7 V", "N  I", "ZI", "TI", "UI", "C  I"])
def test_prints_of_another_price_or_time_do_not_count(conditions: str) -> None:
    assert not counts(conditions)


def test_a_cancelled_print_does_not_count() -> None:
    assert not counts("", "8")


def test_a_correction_code_that_is_not_known_does_not_count_and_is_named() -> None:
    codes = Codes()

    assert codes.read("", "77") == ("", False)
    assert dict(codes.unknown) == {"corr 77": 1}


def test_every_condition_of_the_equity_day_is_known(equity_day: MarketData) -> None:
    assert equity_day.facts.unknown_codes == ()
    assert gaps(equity_day.facts) == []


@pytest.mark.parametrize(
    ("vocabulary", "text", "letters", "counts", "unknown"),
    [
        (Conditions.CTA, "@FTI", "@FTI", False, ()),
        (Conditions.CTA, "   B", "   B", False, ()),  # An average price.
        (Conditions.UTP, "   B", "   B", True, ()),  # A bunched trade.
        (Conditions.UTP, "@  W", "@  W", False, ()),
        (Conditions.CTA, "37", "", True, ("37",)),  # No row of letters of the tape.
        (Conditions.CTA, "IF", "", True, ("IF",)),  # Its levels are out of order.
        (Conditions.CTA, "x", "", True, ("x",)),
        (Conditions.NUMERIC, "37", "I", True, ()),
        (Conditions.NUMERIC, "2", "W", False, ()),
        (Conditions.NUMERIC, "[14, 37,41]", "FI", True, ()),
        (Conditions.NUMERIC, "44", "", False, ()),
        (Conditions.NUMERIC, "037 900 x", "I", True, ("900", "x")),
        (Conditions.NONE, "", "", True, ()),
        (Conditions.NONE, "5", "", True, ("5",)),  # It must not look like an auction.
    ],
)
def test_conditions_are_read_in_the_words_of_their_vocabulary(
    vocabulary: Conditions, text: str, letters: str, counts: object, unknown: tuple[str, ...]
) -> None:
    assert read(vocabulary, text) == (letters, counts, unknown)


# ------------------------------------------------------------------------------ absence


def test_one_of_the_two_files_may_be_missing_and_is_missed(tmp_path: Path) -> None:
    folder(tmp_path)
    (tmp_path / "trades.csv").unlink()
    (only_quotes,) = [x for x in gaps(load(tmp_path).facts) if x.startswith("no ")]
    folder(tmp_path)
    (tmp_path / "quotes.csv").unlink()
    (only_prints,) = [x for x in gaps(load(tmp_path).facts) if x.startswith("no ")]

    assert only_quotes.startswith("no prints: volume, VWAP and last price are unknown")
    assert only_prints.startswith("no quotes: nothing can be priced")


EARLY_QUOTE, EARLY_TRADE = QUOTE.replace("T14:", "T10:"), TRADE.replace("T14:", "T10:")


@pytest.mark.parametrize(
    ("quotes", "trades", "gap"),
    [
        ([EARLY_QUOTE], [TRADE], "no quotes between open and close"),
        ([QUOTE], [EARLY_TRADE], "no prints between open and close"),
        ([QUOTE], [TRADE.replace("F I", "M")], "no print counts for volume and VWAP"),
        ([QUOTE], [TRADE], "one venue, N: there is nothing to choose"),
        ([QUOTE], [TRADE], "does not say quote_size_unit: sizes were read as lots of 100"),
        ([QUOTE], [TRADE], "does not say conditions: sale conditions were read as the CTA's"),
        ([QUOTE], [TRADE.replace("F I", "37")], "1 of 1 prints have codes that the vocabulary cta"),
        ([QUOTE, EARLY_QUOTE], [TRADE], "1 rows were behind a later one"),
    ],
)
def test_what_a_day_lacks_is_said(
    tmp_path: Path, quotes: list[str], trades: list[str], gap: str
) -> None:
    assert any(gap in sentence for sentence in gaps(load(folder(tmp_path, quotes, trades)).facts))


# ------------------------------------------------------------------------------ units and ids


def test_sizes_are_in_the_unit_that_the_folder_names(tmp_path: Path) -> None:
    """250 shares were 25,000 where only lots were known."""
    text = 'quote_size_unit = "shares"\ntrade_size_unit = "lots"'
    data = load(folder(tmp_path, [QUOTE.replace(",3,", ",250,")], instrument=text))
    (quote,), (trade,) = data.quotes(), data.trades()

    assert (quote.bid_qty, quote.ask_qty, trade.last_qty) == (250, 2, 15_000)


def test_a_print_counts_once_by_its_exchange_and_id(tmp_path: Path) -> None:
    rows = [f"{TRADE},7", f"{TRADE.replace(',0', ',8')},8", f"{TRADE},8", f"{TRADE},7"]
    rows += [f"{TRADE.replace(',N,', ',P,')},7", f"{TRADE},", f"{TRADE},"]
    folder(tmp_path, trades=rows)
    text = (tmp_path / "trades.csv").read_text().replace(TRADES, f"{TRADES},id")
    (tmp_path / "trades.csv").write_text(text)
    data = load(tmp_path, strict=True)

    assert data.facts.duplicate_count == 1
    assert [(x.venue, x.trade_id, x.eligible) for x in data.trades()] == [
        *[("N", "7", True), ("N", "8", False), ("N", "8", True), ("P", "7", True)],
        *[("N", "", True), ("N", "", True)],
    ]
    assert any("1 prints were left out" in gap for gap in gaps(data.facts))


def test_a_price_or_size_that_the_engine_refuses_is_refused_at_load(tmp_path: Path) -> None:
    rows = [QUOTE, QUOTE.replace("157.12", "1000000.01"), QUOTE.replace(",3,", ",10000000001,")]
    bad = load(folder(tmp_path, rows)).facts.bad_rows

    assert [(row.field, row.line) for row in bad] == [("ask", 3), ("bid_size", 4)]


def test_a_currency_is_taken_or_refused_by_name(tmp_path: Path) -> None:
    """USDT was accepted by the loader and refused by the engine as an unknown instrument."""
    text = 'currency = "{}"\ntick = "0.01"'
    data = load(folder(tmp_path, instrument=text.format("USDT")))
    instrument = reference_events(data.facts)[0]
    assert isinstance(instrument, InstrumentDefined)
    assert instrument.currency == "USDT"

    data = load(folder(tmp_path, instrument=text.format("dollars")))
    with pytest.raises(InstrumentError, match="currency is 'dollars', expected a code of 3 to 8"):
        reference_events(data.facts)


# ------------------------------------------------------------------------------ reference


def test_every_exchange_of_the_day_is_defined_with_its_fees(equity_day: MarketData) -> None:
    events = reference_events(equity_day.facts)
    venues = {event.venue: event for event in events if isinstance(event, VenueDefined)}
    fees = {event.venue for event in events if isinstance(event, FeeScheduleDefined)}

    assert {*equity_day.facts.venues, "Q"} - {"D"} <= venues.keys()
    assert "D" not in venues
    assert fees == venues.keys()
    kinds = {code: venue.kind for code, venue in venues.items()}
    assert (kinds["DPX1"], kinds["DPX2"]) == (VenueKind.DARK, VenueKind.DARK)
    assert (kinds["ATS1"], kinds["N"]) == (VenueKind.ATS, VenueKind.LIT)
    assert venues["DPX1"].min_qty != venues["DPX2"].min_qty


def test_an_exchange_that_nobody_knows_is_an_exchange(tmp_path: Path) -> None:
    facts = load(folder(tmp_path, [QUOTE.replace(",N,", ",QX9,")])).facts
    events = reference_events(facts)

    (venue,) = [e for e in events if isinstance(e, VenueDefined) and e.venue == "QX9"]
    assert venue.kind is VenueKind.LIT


def test_ticks_are_those_of_rule_612_and_the_curve_spans_the_session(
    equity_day: MarketData,
) -> None:
    events = reference_events(equity_day.facts)
    (ticks,) = [event for event in events if isinstance(event, TickTableDefined)]
    (curve,) = [event for event in events if isinstance(event, VolumeCurveDefined)]

    assert [(b.from_px, b.tick_px) for b in ticks.bands] == [
        (0, 100_000),
        (1_000_000_000, CENT_PX),
    ]
    assert len(curve.volumes_qty) == len(curve.edges_ns) - 1 == 13
    assert curve.edges_ns[-1] == equity_day.facts.close_ns - equity_day.facts.open_ns
