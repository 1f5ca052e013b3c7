"""Controls and reference data from TOML files: human units in, events out, errors by name."""

from pathlib import Path

import pytest

from engine.core import events as e
from engine.gateways.files import controls_file, reference_file
from engine.gateways.files.tables import TableFileError
from engine.log.codec import decode, encode

SET_NS = 1_514_903_400_000_000_000

CONTROLS = """
[[mandate]]
client_id = "C1"
max_participation = "10%"
crossing_consent = true
excluded_venues = ["DPX1"]

[policy]
policy_id = "day-1"
window = "250ms"
strategy = "vwap"

[[limit]]
scope = "client"
scope_id = "C1"
max_order_qty = 10_000
max_order_notional = 2_000_000
collar = 0.05

[[restriction]]
instrument_id = "YYY"

[[allotment]]
scope = "firm"
currency = "USD"
shard = 3
notional = 1_000_000

[[halt]]
instrument_id = "ZZZ"
text = "news"

[[parent]]
parent_id = "3-17"
action = "pause"

[[lift]]
scope = "venue"
scope_id = "Z"

[[kill]]
scope = "firm"
engaged = false

[day_open]
day = 2018-01-02
open = 2018-01-02T09:30:00-05:00
close = 2018-01-02T16:00:00-05:00
seed = 7

[day_close]
day = 20171229
"""

REFERENCE = """
effective_day = 2018-01-02

[[instrument]]
instrument_id = "XXX"
adv_qty = 4_000_000
daily_volatility = "1.5%"

[[tick_table]]
instrument_id = "XXX"
bands = [{ from = 0, tick = 0.0001 }, { from = 1, tick = 0.01 }]

[[venue]]
venue = "DPX1"
kind = "dark"
midpoint = true
min_qty = 100

[[venue]]
venue = "Z"

[[fee]]
venue = "Z"
taker = 0.0030
maker = -0.0020

[[calendar]]
calendar_id = "XNYS"
time_zone = "America/New_York"
day = 2018-01-02
open = 09:30:00
close = "16:00"

[[volume_curve]]
instrument_id = "XXX"
edges = ["0s", "3h", "6.5h"]
volumes = [3, 2]
errors = [0.25, "30%"]
effective_day = 2018-01-03
"""


def toml(folder: Path, text: str) -> Path:
    file = folder / "file.toml"
    file.write_text(text)
    return file


def controls(folder: Path, text: str = CONTROLS) -> dict[type, object]:
    tables = controls_file.read(toml(folder, text))
    records = controls_file.records(tables, set_by="ann", set_ns=SET_NS)
    assert {x.partition for x in records} == {0}
    found = [decode("controls", x.value) for x in records]
    return {type(x): x for x in found}


def test_each_table_becomes_its_control(tmp_path: Path) -> None:
    found = controls(tmp_path)
    assert list(found) == [
        e.KillSwitchSet,
        e.DayClosed,
        e.RestrictionSet,
        e.InstrumentHaltSet,
        e.ParentInstructed,
        e.RiskLimitSet,
        e.LimitAllotted,
        e.MandateSet,
        e.PolicySet,
        e.SuspensionLifted,
        e.DayOpened,
    ]


def test_human_units_become_exact_integers(tmp_path: Path) -> None:
    found = controls(tmp_path)
    mandate, policy = found[e.MandateSet], found[e.PolicySet]
    limit, day = found[e.RiskLimitSet], found[e.DayOpened]
    assert isinstance(mandate, e.MandateSet)
    assert isinstance(policy, e.PolicySet)
    assert isinstance(limit, e.RiskLimitSet)
    assert isinstance(day, e.DayOpened)
    assert (mandate.max_participation_ppm, mandate.set_by) == (100_000, "ann")
    assert (policy.window_ns, policy.strategy) == (250_000_000, e.Strategy.VWAP)
    assert (limit.collar_ppm, limit.max_order_notional_cur) == (50_000, 2_000_000)
    assert (day.day, day.open_ns) == (20180102, SET_NS)


def test_consent_to_cross_is_given_and_never_assumed(tmp_path: Path) -> None:
    found = controls(tmp_path, '[[mandate]]\nclient_id = "C1"\n')[e.MandateSet]
    assert isinstance(found, e.MandateSet)
    assert not found.crossing_consent


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[mandat]]\n", "found mandat, expected tables"),
        ("", "found nothing, expected tables"),
        ("[[mandate]\n", "not TOML"),
        ("[[mandate]]\nactive = true\n", "mandate 1: client_id: missing"),
        ("mandate = 5\n", "mandate 1"),
        ('[policy]\npolicy_id = "a"\nwindow = 5\n', "window: found 5, expected a length of time"),
        ('[policy]\npolicy_id = "a"\nspeed = 5\n', "speed: not a field here"),
        ('[[limit]]\nscope = "desk"\n', "scope: found 'DESK', expected"),
        ('[[mandate]]\nclient_id = "A"\n[[mandate]]\nclient_id = 5\n', "mandate 2: client_id"),
        (
            '[[allotment]]\nscope = "FIRM"\nshard = 1\nnotional = 99999999999999999999\n',
            "notional: found 9999",
        ),
    ],
)
def test_a_wrong_controls_file_is_refused_whole(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(TableFileError) as caught:
        controls_file.read(toml(tmp_path, text))
    assert words in str(caught.value)


def reference(folder: Path) -> list[object]:
    tables = reference_file.read(toml(folder, REFERENCE))
    records = reference_file.records(tables, sender="ann", at_ns=SET_NS)
    assert {x.partition for x in records} == {0}
    return [decode("reference", x.value) for x in records]


def test_each_reference_table_becomes_its_event(tmp_path: Path) -> None:
    calendar, instrument, ticks, pool, exchange, fee, curve = reference(tmp_path)
    assert isinstance(calendar, e.CalendarDefined)
    assert calendar.open_ns == SET_NS
    assert calendar.close_ns - calendar.open_ns == 23_400_000_000_000
    assert isinstance(instrument, e.InstrumentDefined)
    assert (instrument.symbol, instrument.daily_volatility_ppm) == ("XXX", 15_000)
    assert isinstance(ticks, e.TickTableDefined)
    assert [x.tick_px for x in ticks.bands] == [100_000, 10_000_000]
    assert isinstance(pool, e.VenueDefined)
    assert isinstance(exchange, e.VenueDefined)
    assert (pool.protected, exchange.protected) == (False, True)
    assert isinstance(fee, e.FeeScheduleDefined)
    assert (fee.taker_fee_px, fee.maker_fee_px) == (3_000_000, -2_000_000)
    assert isinstance(curve, e.VolumeCurveDefined)
    assert curve.edges_ns[-1] == 23_400_000_000_000
    assert curve.errors_ppm == (250_000, 300_000)
    assert (instrument.effective_day, curve.effective_day) == (20180102, 20180103)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("effective_day = 2018-01-02\n", "no tables"),
        ('[[venue]]\nvenue = "Z"\n', "effective_day: missing"),
        (
            (
                'effective_day = 2018-01-02\n[[calendar]]\ncalendar_id = "A"\n'
                'time_zone = "Mars/X"\nday = 20180102\nopen = "noon"\nclose = 16:00:00\n'
            ),
            "expected an IANA time zone",
        ),
        (
            (
                'effective_day = 2018-01-02\n[[tick_table]]\ninstrument_id = "A"\n'
                "bands = [{ from = 0 }]\n"
            ),
            "bands.0.tick: missing",
        ),
        (
            (
                'effective_day = 2018-01-02\n[[instrument]]\ninstrument_id = "A"\n'
                'adv_qty = 1\ndaily_volatility = "1%"\n'
            ),
            "found no tick table of A, expected one for each instrument",
        ),
    ],
)
def test_a_wrong_reference_file_is_refused_whole(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(TableFileError) as caught:
        reference_file.read(toml(tmp_path, text))
    assert words in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TableFileError, match="cannot be read"):
        reference_file.read(tmp_path / "none.toml")


def test_every_control_can_be_written(tmp_path: Path) -> None:
    for event in controls(tmp_path).values():
        assert decode("controls", encode(event)) == event
