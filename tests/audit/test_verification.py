"""Whatever is done to a stored log is found, and the place is named."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import apsw
import pytest
from audit.stored_log import DELETE, FIELDS, INSERT, PARTITIONS, RULES, Row, Stored, flipped
from pipeline import short_day

from engine.audit.difference import Kind
from engine.audit.verification import Bounds
from engine.core.events import BatchSealed
from engine.log import codec, open_log
from engine.log.port import ALL_TOPICS, DLQ, INPUT_TOPICS, JOURNAL, STAGE_TOPICS

FLIPS = 1_000
SEED = 7
WRITTEN = (*STAGE_TOPICS, DLQ)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stored]:
    folder = tmp_path_factory.mktemp("stored")
    day = short_day.make(folder / "day", rows=100, order_count=20)
    with open_log(f"sqlite:{folder / 'log.db'}", partitions=PARTITIONS) as log:
        short_day.simulation(log, day, SEED).run()
    found = Stored(folder / "log.db")
    yield found
    found.connection.close()


def seals_of(stored: Stored) -> list[BatchSealed]:
    return [codec.decode(JOURNAL, row.value) for row in stored.rows(JOURNAL)]


def middle_of(stored: Stored, topic: str) -> Row:
    rows = stored.rows(topic)
    return rows[len(rows) // 2]


def test_every_batch_of_a_day_is_proved(stored: Stored) -> None:
    proof = stored.verify()

    assert proof.difference is None
    assert proof.batches == proof.decided == len(stored.rows(JOURNAL))
    assert proof.unsealed == {}
    assert proof.chain == seals_of(stored)[-1].chain


def test_bounds_say_what_is_decided_again_and_all_seals_are_proved(stored: Stored) -> None:
    proof = stored.verify(Bounds(10, 19))

    assert (proof.batches, proof.decided, proof.difference) == (len(stored.rows(JOURNAL)), 10, None)


def test_a_day_is_chosen_by_its_date(stored: Stored) -> None:
    assert stored.verify(Bounds(day=20180102)).decided == len(stored.rows(JOURNAL))
    assert stored.verify(Bounds(day=20180103)).decided == 0


def test_batches_of_another_release_are_folded_and_not_decided(stored: Stored) -> None:
    proof = stored.verify(release="another")

    assert (proof.decided, proof.difference) == (0, None)
    assert proof.batches == len(stored.rows(JOURNAL))
    assert proof.asked == proof.batches
    assert proof.foreign == {f"test on Python {RULES.python}": proof.batches}


@pytest.mark.parametrize("release", ["test", "another"])
def test_where_the_inputs_go_on_is_proved_of_every_release(stored: Stored, release: str) -> None:
    """The chain leaves it out, as it is the log's own; recovery believes it."""
    row = middle_of(stored, JOURNAL)
    seal: BatchSealed = codec.decode(JOURNAL, row.value)
    moved = tuple(replace(entry, next_offset=entry.next_offset + 1) for entry in seal.resume)
    changed = row._replace(value=codec.encode(replace(seal, resume=moved)))
    with stored.replaced(row, changed):
        found = stored.verify(release=release).difference
    assert found is not None
    assert (found.topic, found.batch) == (JOURNAL, seal.batch)


@pytest.mark.slow
def test_each_changed_bit_of_a_sealed_record_is_found_in_its_topic(stored: Stored) -> None:
    chance = random.Random(SEED)  # noqa: S311  Which bits, not a secret.
    rows = stored.rows()
    seen: Counter[str] = Counter()
    while seen.total() < FLIPS:
        row, field = chance.choice(rows), chance.choice(FIELDS)
        changed = flipped(row, field, chance)
        if changed is None:
            continue
        try:
            with stored.replaced(row, changed):
                found = stored.verify().difference
        except apsw.ConstraintError:  # Another record lies there.
            continue
        seen[field] += 1
        assert found is not None, (row.topic, row.offset, field, changed)
        assert found.topic == row.topic, (row, field, found)
        assert found.place
    assert set(seen) == set(FIELDS)
    assert stored.verify().difference is None


# ----------------------------------------------------- by somebody who numbers anew after it


def renumbered(
    stored: Stored, rows: Sequence[Row], topic: str
) -> list[tuple[str, Sequence[object]]]:
    """Statements that give a topic other rows, with the offsets and positions of the old ones."""
    old = stored.rows(topic)
    first, last = old[0].id, old[-1].id + len(rows)
    places = [(row.id, row.position) for row in old]
    while len(places) < len(rows):
        places.append((places[-1][0] + 1, places[-1][1] + 1))
    return [
        ("delete from record where id between ? and ?", (first, last)),
        *(
            (INSERT, (record_id, position, *row[2:]))
            for (record_id, position), row in zip(places, rows, strict=False)
        ),
    ]


@pytest.mark.parametrize(
    "topic", [topic for topic in ALL_TOPICS if topic not in (DLQ, "reference")]
)
def test_a_removed_record_is_named(stored: Stored, topic: str) -> None:
    rows = stored.rows(topic)
    gone = rows[len(rows) // 2]

    with stored.changed(*renumbered(stored, [row for row in rows if row != gone], topic)):
        found = stored.verify().difference

    assert found is not None
    assert found.topic == topic
    assert found.kind in {Kind.REMOVED, Kind.UNKNOWN}, found
    if topic in {"market-data", "venue-reports"}:
        first, _, last = found.place.rpartition("position")[2].lstrip("s ").partition(" to ")
        assert int(first) <= gone.position <= int(last or first), found


@pytest.mark.parametrize(
    "topic", [topic for topic in ALL_TOPICS if topic not in (DLQ, "reference")]
)
def test_an_inserted_record_is_named(stored: Stored, topic: str) -> None:
    rows = stored.rows(topic)
    at = len(rows) // 2

    with stored.changed(*renumbered(stored, [*rows[:at], rows[0], *rows[at:]], topic)):
        found = stored.verify().difference

    assert found is not None
    assert found.topic == topic
    assert found.kind in {Kind.INSERTED, Kind.UNKNOWN}, found


@pytest.mark.parametrize("topic", ["market-data", "venue-reports", *STAGE_TOPICS])
def test_two_records_that_changed_places_are_named(stored: Stored, topic: str) -> None:
    rows = stored.rows(topic)
    at = len(rows) // 2
    exchanged = [*rows[:at], rows[at + 1], rows[at], *rows[at + 2 :]]

    with stored.changed(*renumbered(stored, exchanged, topic)):
        found = stored.verify().difference

    assert found is not None
    assert found.topic == topic


def test_an_exchange_inside_a_batch_is_told_by_its_two_positions(stored: Stored) -> None:
    entry = next(
        entry
        for seal in seals_of(stored)[5:]
        for entry in seal.inputs
        if entry.next_position - entry.first_position > 2
    )
    rows = stored.rows(entry.topic)
    here = entry.first_position
    exchanged = [*rows[:here], rows[here + 1], rows[here], *rows[here + 2 :]]

    with stored.changed(*renumbered(stored, exchanged, entry.topic)):
        found = stored.verify().difference

    assert found is not None
    assert (found.topic, found.kind) == (entry.topic, Kind.REORDERED)
    assert found.place == f"positions {here} and {here + 1}"


def test_a_changed_event_is_told_by_seq_and_field_with_what_led_to_it(stored: Stored) -> None:
    row = next(
        row
        for row in stored.rows("fills")
        if type(codec.decode("fills", row.value)).__name__ == "FillBooked"
    )
    event = codec.decode("fills", row.value)
    forged = codec.encode(event.__class__(**{**fields_of(event), "last_px": event.last_px + 1}))

    with stored.changed(("update record set value = ? where id = ?", (forged, row.id))):
        found = stored.verify().difference

    assert found is not None
    assert (found.topic, found.kind, found.seq) == ("fills", Kind.CHANGED, event.seq)
    assert (found.field, found.recorded) == ("last_px", str(event.last_px + 1))
    assert found.expected == str(event.last_px)
    assert found.inputs[0].startswith(f"{event.cause} ExecutionReported(")


def fields_of(event: object) -> dict[str, object]:
    return {name: getattr(event, name) for name in event.__slots__}  # type: ignore[attr-defined]


# --------------------------------------------------------------------------- head and tail


@pytest.mark.parametrize("topic", [topic for topic in ALL_TOPICS if topic != DLQ])
def test_a_cut_head_is_named(stored: Stored, topic: str) -> None:
    first = stored.rows(topic)[0]

    with stored.changed((DELETE, (first.id,))):
        found = stored.verify().difference

    assert found is not None
    assert found.topic == topic


@pytest.mark.parametrize("topic", [topic for topic in ALL_TOPICS if topic != DLQ])
def test_a_topic_cut_at_its_end_is_named(stored: Stored, topic: str) -> None:
    last = stored.rows(topic)[-1]

    with stored.changed((DELETE, (last.id,))):
        found = stored.verify().difference

    assert found is not None
    assert found.topic == topic


def test_batches_cut_off_in_all_topics_are_found_by_an_anchor_alone(stored: Stored) -> None:
    seals = seals_of(stored)
    kept = seals[-3]
    counts: Counter[str] = Counter({JOURNAL: len(seals) - 2})
    for seal in seals[:-2]:
        for entry in seal.outputs:
            counts[entry.topic] += entry.record_count
    cut = [
        (DELETE, (row.id,))
        for topic in (*WRITTEN, JOURNAL)
        for row in stored.rows(topic)[counts[topic] :]
    ]

    with stored.changed(*cut):
        alone = stored.verify()
        anchored = stored.verify(anchors={seals[-1].batch: seals[-1].chain})
        before = stored.verify(anchors={kept.batch: kept.chain})

    assert alone.difference is None
    assert (alone.head, before.difference, before.anchored) == (kept.batch, None, kept.batch)
    assert anchored.difference is not None
    assert anchored.difference.kind is Kind.TRUNCATED
    assert f"batch {seals[-1].batch}" in anchored.difference.text


def test_a_log_written_anew_is_found_by_an_anchor(stored: Stored) -> None:
    found = stored.verify(anchors={20: bytes(32)}).difference

    assert found is not None
    assert (found.batch, found.field, found.expected) == (20, "chain", bytes(32).hex())


def test_inputs_that_no_batch_has_taken_are_counted_and_no_difference(stored: Stored) -> None:
    last = stored.rows("orders")[-1]
    late = (last.id + 1, last.position + 1, *last[2:])

    with stored.changed((INSERT, late)):
        proof = stored.verify()

    assert (proof.difference, proof.unsealed) == (None, {"orders": 1})


def test_no_input_topic_is_left_out(stored: Stored) -> None:
    """Else the tests above would pass without having changed anything."""
    for topic in (*INPUT_TOPICS, *STAGE_TOPICS, JOURNAL):
        assert len(stored.rows(topic)) > 2, topic
