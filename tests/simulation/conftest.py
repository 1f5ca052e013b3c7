"""The recorded day that these tests share, read once."""

from pathlib import Path

import pytest

from engine.simulation.market.data import MarketData, load

EQUITY_DAY = Path(__file__).parents[2] / "examples" / "us-equity-2018-01-02"


@pytest.fixture(scope="session")
def equity_day() -> MarketData:
    return load(EQUITY_DAY, strict=True)
