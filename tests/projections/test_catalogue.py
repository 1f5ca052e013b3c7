"""The tables mirror the schemas, the views explain themselves."""

from contextlib import closing
from pathlib import Path

import duckdb
import pytest

import projections
import schemas
from engine.log.port import STAGE_TOPICS
from projections import catalogue
from projections.loader import create_tables
from projections.tables import snake, tables


@pytest.fixture(scope="module")
def empty() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    create_tables(connection)
    catalogue.create(connection)
    return connection


def test_every_event_type_has_a_table() -> None:
    names = {schemas.topic_and_name(subject)[1] for subject in schemas.catalogue()}
    assert set(tables()) == names | {""}
    assert tables()["FillBooked"].name == snake("FillBooked") == "fill_booked"


def test_a_field_becomes_a_column_of_its_type(empty: duckdb.DuckDBPyConnection) -> None:
    found = dict(
        empty.execute(
            "select column_name, data_type from duckdb_columns() "
            "where table_name in ('fill_allocated', 'cross_allocated')"
        ).fetchall()
    )
    assert found["last_px"] == "BIGINT"
    assert found["shares_qty"] == "BIGINT[]"
    assert found["shares"] == "STRUCT(order_id VARCHAR, share_qty BIGINT)[]"
    assert found["event_id"] == "VARCHAR"


def test_stage_events_covers_every_stage_table() -> None:
    sql = next(view.sql for view in projections.views() if view.name == "stage_events")
    for table in tables().values():
        assert (f"from {table.name}\n" in sql) == (table.topic in STAGE_TOPICS), table.name


SQL = Path(catalogue.__file__).parent / "sql"
NAMES = sorted(view.name for view in projections.views())


def test_every_view_is_one_file_in_a_folder_with_its_question_on_top() -> None:
    files = {file.relative_to(SQL).as_posix() for file in SQL.rglob("*") if file.is_file()}
    assert files == {view.path for view in projections.views()}
    for view in projections.views():
        assert view.sql.startswith(f"-- {view.headline[:60]}"), view.name
        assert f"create or replace view {view.name} as" in view.sql


def test_no_view_is_longer_than_a_reader_follows() -> None:
    long = {view.path for view in projections.views() if view.sql.count("\n") > 180}
    assert long == set()


def test_a_view_comes_after_those_it_uses() -> None:
    names = [view.name for view in projections.views()]
    for user, used in (
        ("market_tape", "tape_setting"),
        ("tca_order", "order_benchmarks"),
        ("invariants", "rule_log"),
    ):
        assert names.index(used) < names.index(user)


def test_the_page_of_the_views_is_current() -> None:
    found = (SQL.parents[1] / "docs" / "views.md").read_text(encoding="utf-8")
    assert found == catalogue.page(), "run .venv/bin/python -m projections > docs/views.md"


@pytest.mark.parametrize("name", NAMES)
def test_every_view_can_be_read_without_a_row(empty: duckdb.DuckDBPyConnection, name: str) -> None:
    with closing(empty.cursor()) as cursor:
        cursor.execute(f"from {name}").fetchall()


def test_nothing_is_violated_where_nothing_happened(empty: duckdb.DuckDBPyConnection) -> None:
    rows = empty.execute("select violations from invariants").fetchall()
    assert {count for (count,) in rows} == {0}
