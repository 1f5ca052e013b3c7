"""A gateway that is stopped at any moment and superseded reports nothing once it goes on.

`python -m infra.campaigns.gateway_pauses` does the same 200 times.
"""

from pathlib import Path

import pytest
from log.topics_created import create

from infra.campaigns.gateway_pauses import PARTITIONS, paused

PAUSES = 5


@pytest.mark.slow
def test_a_superseded_gateway_reports_nothing(tmp_path: Path) -> None:
    figures, late = paused(f"sqlite:{tmp_path / 'log.db'}", tmp_path, PAUSES, seed=1)
    assert late == []
    assert figures["pauses with children at work"] > 0
    assert 0 < figures["stopped before a write"] < PAUSES  # The others anywhere.


@pytest.mark.slow
@pytest.mark.kafka
def test_a_superseded_gateway_reports_nothing_on_kafka(
    kafka_bootstrap: str, tmp_path: Path
) -> None:
    create(kafka_bootstrap, "pauses", PARTITIONS)
    url = f"kafka:{kafka_bootstrap}/pauses"
    figures, late = paused(url, tmp_path, PAUSES, seed=1)
    assert late == []
    assert figures["pauses with children at work"] > 0
