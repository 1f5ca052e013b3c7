"""Rows a second from a log into DuckDB."""

from dataclasses import dataclass
from pathlib import Path

from engine.log.port import Log
from projections.projector import rebuild


@dataclass(frozen=True, slots=True)
class Projecting:
    """A rebuild of the projection of a replayed log."""

    rows: int
    seconds: float

    def as_json(self) -> dict[str, object]:
        return {
            "rows": self.rows,
            "seconds": round(self.seconds, 3),
            "rows_per_s": round(self.rows / self.seconds, 1),
        }


def projecting(log: Log, path: Path) -> Projecting:
    stats = rebuild(log, path)
    return Projecting(stats.rows, stats.seconds)
