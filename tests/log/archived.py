"""An embedded log that is read from an archive of it, so that the archive passes the same tests."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from engine.log.archive import SHARED, ArchiveLog, Draft, begin, part_of, write_manifest
from engine.log.embedded import EmbeddedLog
from engine.log.port import ALL_TOPICS, BEGINNING, SHARED_TOPICS, Reader, Record, Start


class ArchivedLog(EmbeddedLog):
    """Writes go to the log. Before each read the new records are archived, as one more day."""

    def __init__(self, path: Path, partitions: int) -> None:
        super().__init__(path, partitions)
        self.folder = Path(tempfile.mkdtemp(dir=path.parent))
        begin(self.folder, partitions, self.identity.log_id)
        self._archive = ArchiveLog(self.folder)

    def reader(  # type: ignore[override]  # Another class with the port's methods.
        self, topic: str, partition: int, start: Start = BEGINNING
    ) -> Reader:
        self._write_new()
        return self._archive.reader(topic, partition, start)

    def last(self, topic: str, partition: int) -> Record | None:
        self._write_new()
        return self._archive.last(topic, partition)

    def records_before(
        self, topic: str, partition: int, offset: int | None, count: int
    ) -> Sequence[Record]:
        self._write_new()
        return self._archive.records_before(topic, partition, offset, count)

    def offset_since(self, topic: str, partition: int, timestamp_ms: int) -> int:
        self._write_new()
        return self._archive.offset_since(topic, partition, timestamp_ms)

    def _write_new(self) -> None:
        days = self._archive.days()
        day = self.folder / f"{len(days):06}-test"
        own = [topic for topic in ALL_TOPICS if topic not in SHARED_TOPICS]
        names = {f"shard-{number:04}": (number, own) for number in range(self.partitions)}
        for name, (number, topics) in {**names, SHARED: (0, [*SHARED_TOPICS])}.items():
            folder = day / name
            folder.mkdir(parents=True)
            said = []
            for topic in topics:
                first = part_of(days[-1] / name, topic).next if days else BEGINNING
                draft = Draft(folder, topic, first)
                reader = super().reader(topic, number, first)
                while records := reader.read(1_000):
                    draft.write(records)
                said.append(draft.close(reader.next))
            write_manifest(folder, {"topics": said})
