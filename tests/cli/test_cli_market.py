"""The imported day of every vendor goes through `simulate`, and its children into the TCA table."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.cli.application import execute
from engine.cli.exits import Exit
from engine.gateways.imports.formats import FORMATS

sys.path.append(str(Path(__file__).parents[1] / "gateways"))

from vendor_files import VENDORS, Vendor

PRICED = [vendor for vendor in VENDORS if vendor.quotes]
UNPRICED = [vendor for vendor in VENDORS if not vendor.quotes]


def session(vendor: Vendor) -> tuple[str, ...]:
    """Open and close of some minutes around the rows; an exchange that never closes has its own."""
    return () if vendor.format == "binance" else ("--open", "09:30", "--close", "09:40")


def test_every_format_has_a_file_that_is_played() -> None:
    assert {vendor.format for vendor in PRICED} == set(FORMATS)


def imported(vendor: Vendor, folder: Path) -> Path:
    words = ["--symbol", "IBM", "--out", str(folder / "m"), *session(vendor), *vendor.options]
    paths = vendor.write(folder)
    assert execute(["market", "import", vendor.format, *paths, *words]) == 0
    return folder / "m"


def one_order(folder: Path, market: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The words of a simulation with one order, six seconds after the first row."""
    assert execute(["market", "check", str(market), "-o", "json"]) == 0
    day = str(json.loads(capsys.readouterr().out.splitlines()[-1])["day"])
    at = datetime.strptime(f"{day} 14:31:06", "%Y%m%d %H:%M:%S").replace(tzinfo=UTC)
    (folder / "o.csv").write_text(
        "ts,source,cl_ord_id,client_id,instrument_id,side,order_qty,time_in_force\n"
        f"{at.isoformat()},OMS-1,A1,C01,IBM,sell,100,ioc\n"
    )
    words = ["--market", str(market), "--orders", str(folder / "o.csv")]
    return ["simulate", *words, "--out", str(folder / "run"), "-o", "json"]


@pytest.mark.parametrize("vendor", PRICED, ids=str)
def test_every_format_goes_through_to_a_table_of_costs(
    vendor: Vendor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An order takes at once from the quote that the format gave, or that was made from prints."""
    assert execute(one_order(tmp_path, imported(vendor, tmp_path), capsys)) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["orders"] == 1
    assert figures["rejected"] == 0
    projection = ["--projection", str(tmp_path / "run" / "projection.duckdb")]
    assert execute(["tca", "--by", "child", *projection, "-o", "json"]) == 0
    children = json.loads(capsys.readouterr().out)
    assert children, figures
    assert any("one venue" in gap for gap in figures["market_gaps"]) or vendor.format == "taq"


@pytest.mark.parametrize("vendor", UNPRICED, ids=str)
def test_prints_without_quotes_price_nothing_and_say_so(
    vendor: Vendor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The one order is refused, which is most of them; two prints of a moment confirm no price."""
    assert execute(one_order(tmp_path, imported(vendor, tmp_path), capsys)) == Exit.ERROR
    figures = json.loads(capsys.readouterr().out)
    assert figures["refused_by_reason"]["orders"] == {"NO_REFERENCE_PX": 1}
    assert figures["children"] == 0
    assert any(gap.startswith("no quotes: nothing can be priced") for gap in figures["market_gaps"])
    projection = ["--projection", str(tmp_path / "run" / "projection.duckdb")]
    assert execute(["tca", "--by", "child", *projection, "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_the_formats_say_what_they_cannot_know(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["market", "formats", "-o", "json"]) == 0
    found = json.loads(capsys.readouterr().out)

    assert [row["format"] for row in found] == list(FORMATS)
    assert all(row["cannot_know"] for row in found)
