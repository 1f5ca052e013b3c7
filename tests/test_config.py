"""Environment and one TOML file in, one frozen Config out; every error says what to do."""

from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest

from engine import config
from engine.config import Config, ConfigError


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in config.variables():
        monkeypatch.delenv(name, raising=False)


def toml(folder: Path, text: str) -> Path:
    file = folder / "metaorder.toml"
    file.write_text(text)
    return file


def test_defaults_suit_the_equity_day() -> None:
    found = config.load()
    assert (found.partitions, found.quote_age_max_ns) == (8, 30_000_000_000)
    assert found.limit_band_px == 100_000_000
    assert not found.tape_includes_own


def test_the_configuration_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        config.load().partitions = 9  # type: ignore[misc]


def test_options_win_over_the_environment_and_that_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = toml(tmp_path, "partitions = 2\nmarket_data_batch = 3\nopen_batch_records = 4\n")
    monkeypatch.setenv("METAORDER_CONFIG", str(file))
    monkeypatch.setenv("METAORDER_MARKET_DATA_BATCH", "30")
    monkeypatch.setenv("METAORDER_OPEN_BATCH_RECORDS", "40")
    found = config.load(open_batch_records=400, partitions=None)
    assert (found.partitions, found.market_data_batch, found.open_batch_records) == (2, 30, 400)


def test_the_decision_text_is_canonical_and_holds_only_what_decides() -> None:
    assert (
        config.load(worker="a").decision_text()
        == config.load(worker="b").decision_text()
        == (
            '{"limit_band_px":100000000,"partitions":8,"quote_age_max_ns":30000000000,'
            '"tape_includes_own":false}'
        )
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("partitions", "eight"),
        ("partitions", "0"),
        ("quote_age_max_ns", "1.5"),
        ("quote_age_max_ns", "-1"),
        ("limit_band_px", "0"),
        ("tape_includes_own", "perhaps"),
        ("log_url", "postgres:x"),
        ("log_url", "kafka:localhost"),
        ("log_url", "sqlite:"),
        ("replication", "0"),
        ("market_data_batch", "none"),
        ("open_batch_ns", "0"),
        ("open_batch_records", "-5"),
        ("seal_every_ns", "99999999999999"),
        ("worker", "slot 1"),
        ("session_timeout_ms", "10"),
        ("session_timeout_ms", "15001"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_found_and_where_to_set_it(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    variable = f"METAORDER_{name.upper()}"
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError) as caught:
        config.load()
    text = str(caught.value)
    assert f"{name}: found '{value}'" in text
    assert "expected" in text
    assert f"set it in {variable}" in text


@pytest.mark.parametrize("url", ["https://me:hunter2@idp/token", "http://idp/?secret=hunter2"])
def test_a_wrong_value_that_may_hold_a_secret_is_not_shown(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METAORDER_KAFKA_TOKEN_URL", url)
    with pytest.raises(ConfigError) as caught:
        config.load()
    assert f"kafka_token_url: found a value of {len(url)} characters, expected" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("value", ["worker=w1", '{"worker": "w1"}', '["w1"]', ""])
def test_a_wrong_form_of_principals_is_answered_with_the_right_one(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METAORDER_KAFKA_PRINCIPALS", value)
    with pytest.raises(ConfigError, match=r'as JSON, \{"worker": \["w1"\]\}; in the TOML'):
        config.load()


def test_principals_come_as_json_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METAORDER_KAFKA_PRINCIPALS", '{"worker": ["w1", "w2"]}')
    assert config.load().kafka_principals == {"worker": ("w1", "w2")}


def test_all_wrong_values_are_named_at_once(tmp_path: Path) -> None:
    file = toml(tmp_path, "partitions = 0\nlog_url = 'x'\ncolour = 'red'\n")
    with pytest.raises(ConfigError) as caught:
        config.load(file)
    text = str(caught.value)
    assert "partitions: found 0" in text
    assert "log_url: found 'x'" in text
    assert "unknown colour" in text
    assert str(file) in text


def test_a_misspelt_variable_is_not_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METAORDER_PARTITION", "8")
    with pytest.raises(ConfigError, match="unknown METAORDER_PARTITION; expected some of"):
        config.load()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read \(No such file"):
        config.load(tmp_path / "none.toml")


def test_a_file_that_is_not_toml_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not TOML"):
        config.load(toml(tmp_path, "partitions: 8"))


def test_every_field_has_a_variable() -> None:
    expected = {"METAORDER_CONFIG", *(f"METAORDER_{x.name.upper()}" for x in fields(Config))}
    assert config.variables() == expected
