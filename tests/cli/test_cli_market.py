"""The imported day of every vendor goes through `simulate`, and its children into the TCA table."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.cli.application import execute
from engine.gateways.imports.formats import FORMATS

sys.path.append(str(Path(__file__).parents[1] / "gateways"))

from vendor_files import VENDORS, Vendor

BY_FORMAT = {vendor.format: vendor for vendor in reversed(VENDORS)}


def session(vendor: Vendor) -> tuple[str, str]:
    """Open and close of some minutes around the rows, in the clock of the format."""
    return ("14:30", "14:40") if vendor.format == "binance" else ("09:30", "09:40")


@pytest.mark.parametrize("vendor", BY_FORMAT.values(), ids=list(BY_FORMAT))
def test_every_format_goes_through_to_a_table_of_costs(
    vendor: Vendor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An order takes at once from the quote that the format gave, or that was made from prints."""
    opens, closes = session(vendor)
    words = ["--symbol", "IBM", "--out", str(tmp_path / "m"), "--open", opens, "--close", closes]
    paths = vendor.write(tmp_path)
    assert execute(["market", "import", vendor.format, *paths, *words, *vendor.options]) == 0
    assert execute(["market", "check", str(tmp_path / "m"), "-o", "json"]) == 0
    day = str(json.loads(capsys.readouterr().out.splitlines()[-1])["day"])
    at = datetime.strptime(f"{day} 14:31:06", "%Y%m%d %H:%M:%S").replace(tzinfo=UTC)
    (tmp_path / "o.csv").write_text(
        "ts,source,cl_ord_id,client_id,instrument_id,side,order_qty,time_in_force\n"
        f"{at.isoformat()},OMS-1,A1,C01,IBM,sell,100,ioc\n"
    )
    folder = ["--market", str(tmp_path / "m"), "--orders", str(tmp_path / "o.csv")]
    out = ["--out", str(tmp_path / "run"), "-o", "json"]
    assert execute(["simulate", *folder, *out]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["orders"] == 1
    assert figures["rejected"] == 0
    projection = ["--projection", str(tmp_path / "run" / "projection.duckdb")]
    assert execute(["tca", "--by", "child", *projection, "-o", "json"]) == 0
    children = json.loads(capsys.readouterr().out)
    assert children, figures
    assert any("one venue" in gap for gap in figures["market_gaps"]) or vendor.format == "taq"


def test_the_formats_say_what_they_cannot_know(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["market", "formats", "-o", "json"]) == 0
    found = json.loads(capsys.readouterr().out)

    assert [row["format"] for row in found] == list(FORMATS)
    assert all(row["cannot_know"] for row in found)
