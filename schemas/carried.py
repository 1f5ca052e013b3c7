"""Generate the schemas of the facts that a close carries to the next day.

A close writes each control and each definition in force as an event of the shard: the envelope,
and then every field of the fact, because the next day makes the fact from it again. So a person
writes the fact's schema alone. Of a carried fact only name, doc and envelope are written by hand.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import schemas

HERE = Path(__file__).resolve().parent
ENVELOPE_FIELDS = 3  # seq, at_ns and cause.
FACT_OF: Mapping[str, str] = {
    "ingest-InstrumentCarried": "reference-InstrumentDefined",
    "ingest-TickTableCarried": "reference-TickTableDefined",
    "ingest-VenueCarried": "reference-VenueDefined",
    "ingest-FeeScheduleCarried": "reference-FeeScheduleDefined",
    "ingest-CalendarCarried": "reference-CalendarDefined",
    "ingest-VolumeCurveCarried": "reference-VolumeCurveDefined",
    "ingest-CorporateActionCarried": "reference-CorporateActionDefined",
    "ingest-RiskLimitCarried": "controls-RiskLimitSet",
    "ingest-AllotmentCarried": "controls-LimitAllotted",
    "ingest-MandateCarried": "controls-MandateSet",
    "ingest-PolicyCarried": "controls-PolicySet",
    "ingest-WriterKeyCarried": "controls-WriterKeySet",
}


def texts() -> dict[Path, str]:
    """The .avsc of each carried fact, as its fact's schema makes it."""
    found = {}
    for subject, fact in FACT_OF.items():
        path = _path(subject)
        schema = json.loads(path.read_text())
        fields = json.loads(_path(fact).read_text())["fields"]
        schema["fields"] = [*schema["fields"][:ENVELOPE_FIELDS], *fields]
        found[path] = json.dumps(schema, indent=2) + "\n"
    return found


def _path(subject: str) -> Path:
    topic, name = schemas.topic_and_name(subject)
    return HERE / topic / f"{name}.avsc"
