"""Records before an offset of the embedded log, and the offset of a time."""

from engine.log.embedded.file import Database, Span, end_of, unpack_headers
from engine.log.port import OUTPUT_TOPICS, Record

BEFORE = """
select id - ?, timestamp_ms, key, headers, value
from record
where id between ? and ?
order by id desc
limit ?
"""
AT = "select id, timestamp_ms from record where id between ? and ? order by id limit 1"


def before(database: Database, span: Span, offset: int | None, count: int) -> list[Record]:
    """The last `count` records before an offset, or before the end, in order."""
    last = span.last if offset is None else span.first + offset - 1
    rows = database.rows(BEFORE, (span.first, span.first, last, count))
    return [
        Record(offset, -1, timestamp_ms, key, unpack_headers(headers), value)
        for offset, timestamp_ms, key, headers, value in reversed(rows)
    ]


def since(database: Database, span: Span, timestamp_ms: int) -> int:
    """Bisects the partition: an index by time is not worth it for one question a start."""
    first = span.first
    end = first + end_of(database, span, marker=span.topic in OUTPUT_TOPICS).offset
    while first < end:
        middle = (first + end) // 2
        rows = database.rows(AT, (middle, span.last))
        if not rows or rows[0][1] >= timestamp_ms:
            end = middle
        else:
            first = rows[0][0] + 1
    rows = database.rows(AT, (first, span.last))
    return int(rows[0][0] if rows else first) - span.first
