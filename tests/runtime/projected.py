"""The projection of what a world's shard has decided, as the log would have it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb
from world import World

import projections
from engine.log.embedded import EmbeddedLog
from engine.log.port import NewRecord


@contextmanager
def projected(world: World, folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that may write, so that a violation can be planted."""
    with EmbeddedLog(folder / "log.db", 1) as log:
        leases = log.leases("test")
        (lease,) = leases.poll(0).gained
        writer = log.writer(lease)
        for batch in world.batches:
            for topic, records in batch.inputs.items():
                log.append(topic, [NewRecord(0, *record[2:]) for record in records])
            writer.commit(batch.sealed.records)
        writer.close()
        leases.close()
        projections.rebuild(log, folder / "p.duckdb")
    with closing(duckdb.connect(str(folder / "p.duckdb"))) as connection:
        yield connection


def violated(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    found = connection.execute("select name, violations from invariants where violations > 0")
    return dict(found.fetchall())
