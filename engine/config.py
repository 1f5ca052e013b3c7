"""The configuration: environment and one TOML file in, one frozen `Config` out.

A value comes from the command line, else from the environment (`METAORDER_LOG_URL`), else from
the file that `METAORDER_CONFIG` or `--config` names (`log_url = "…"`), else from its default. It
is read once, when a process starts, and passed on as plain values.

Few of the values change decisions. Those are written to the log whenever they differ
(`Config.decision_text`), because a replay needs them. The others may differ between two workers of
one log without a difference in any decision.
"""

import json
import os
import re
import socket
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from engine.log.port import EngineError
from engine.log.security import MECHANISMS, PLAINTEXT, SASL_SSL, SETTING, SSL, Security

PREFIX = "METAORDER_"
FILE_VARIABLE = "METAORDER_CONFIG"  # Path of the TOML file.
PRINCIPALS = "kafka_principals"
PRINCIPALS_SHAPE = (
    f'names of each role: in {PREFIX}{PRINCIPALS.upper()} as JSON, {{"worker": ["w1"]}}; in the '
    f'TOML file as the table [{PRINCIPALS}] with worker = ["w1"]'
)
HIDDEN = "kafka_"  # Values of these settings are not shown: a secret may stand in the wrong one.
OTHERS = frozenset({"METAORDER_KAFKA_JARS"})  # Read by infra/kafka/local.py alone.
LOG_URL = re.compile(
    r"(sqlite|archive):.+|kafka:[^/\s:]+:\d{1,5}(,[^/\s:]+:\d{1,5})*(/[A-Za-z0-9._-]+)?"
)
DEFAULT_LOG = Path("out/metaorder.db")  # Its folder is made if it is missing.
LOG_URL_SHAPE = "sqlite:PATH or kafka:HOST:PORT[/prefix], or archive:DIR to read"


class ConfigError(EngineError):
    """A value of the configuration is wrong; the message names it and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Every value that a deployment may choose. Those on which decisions depend come first."""

    partitions: int  # Shards, and partitions of every topic but the shared ones, count.
    quote_age_max_ns: int  # Oldest venue quote in the consolidated best, ns.
    limit_band_px: int  # Orders whose limits lie in one band may share a parent, 1e-9 currency.
    tape_includes_own: bool  # True if our own fills are on the recorded tape.

    log_url: str  # sqlite:PATH or kafka:HOST:PORT[/prefix].
    log_id: str  # The id that the log must have, as `metaorder status` shows it; empty for any.
    replication: int  # Copies of each Kafka partition, count; 3 in production.
    market_data_batch: int  # Most market-data records of a round of all shards, count.
    open_batch_ns: int  # An unsealed batch is sealed after this, ns.
    open_batch_records: int  # Or after this many records, count.
    seal_every_ns: int  # A shard with open children seals at least this often, ns.
    worker: str  # Name of this worker's slot; a restarted worker keeps its name.
    # A worker that renews no lease for so long loses its shards, ms: the fail-over time.
    # 6,000 to 10,000 suit production: a pause of the machine must not cost the shards, and every
    # second more is one without decisions after a crash. Above 15,000 the brokers would have to
    # allow open transactions for longer than `topics check` permits.
    session_timeout_ms: int
    log_level: str  # The least that a process logs: DEBUG, INFO, WARNING or ERROR.
    kill_file: Path  # While it is there, the gateways of this machine send nothing.
    projection: Path  # The DuckDB file that the projector publishes.
    signing_key_file: (
        Path | None
    )  # Private key that signs what this process appends; None for none.

    # How this process and the brokers of a Kafka know each other; no value is a secret, and the
    # files that hold one are named. `engine.log.security` says what goes with what.
    kafka_security_protocol: str  # PLAINTEXT, SSL or SASL_SSL.
    kafka_ca_file: Path | None
    kafka_certificate_file: Path | None
    kafka_key_file: Path | None
    kafka_key_password_file: Path | None
    kafka_sasl_mechanism: str  # SCRAM-SHA-512, SCRAM-SHA-256, PLAIN or OAUTHBEARER; empty for none.
    kafka_username: str
    kafka_password_file: Path | None
    kafka_token_file: Path | None
    kafka_token_url: str
    kafka_token_ca_file: Path | None
    kafka_token_scope: str
    kafka_client_id: str
    kafka_client_secret_file: Path | None
    kafka_principals: Mapping[str, tuple[str, ...]]  # The names of each role, for access lists.

    def decision_text(self) -> str:
        """The values on which decisions depend, as canonical JSON: sorted keys, no spaces."""
        values = {name: getattr(self, name) for name in DECIDING}
        return json.dumps(values, sort_keys=True, separators=(",", ":"))

    def security(self) -> Security:
        return Security(**{x.name: getattr(self, SETTING + x.name) for x in fields(Security)})


DECIDING = ("partitions", "quote_age_max_ns", "limit_band_px", "tape_includes_own")


def _log_url(text: str) -> str:
    if not LOG_URL.fullmatch(text):
        raise ValueError(f"expected {LOG_URL_SHAPE}")
    return text


def _whole(least: int, most: int, default: int) -> Any:  # noqa: ANN401  pydantic's field info.
    return Field(default, ge=least, le=most)


class _Settings(BaseSettings):
    """The same fields as `Config`, each with its permitted values."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", validate_default=True)

    partitions: int = _whole(1, 1_024, 8)
    quote_age_max_ns: int = _whole(1_000_000, 86_400_000_000_000, 30_000_000_000)
    limit_band_px: int = _whole(1, 10**15, 100_000_000)
    tape_includes_own: bool = False
    log_url: Annotated[str, AfterValidator(_log_url)] = f"sqlite:{DEFAULT_LOG}"
    log_id: str = Field("", pattern=r"^([0-9a-f]{32})?$")
    replication: int = _whole(1, 9, 1)
    market_data_batch: int = _whole(1, 1_000_000, 2_000)
    open_batch_ns: int = _whole(1_000_000, 60_000_000_000, 250_000_000)
    open_batch_records: int = _whole(1, 1_000_000, 5_000)
    seal_every_ns: int = _whole(1_000_000, 15_000_000_000, 1_000_000_000)
    worker: str = Field(default_factory=socket.gethostname, pattern=r"^[A-Za-z0-9._-]{1,100}$")
    session_timeout_ms: int = _whole(1_000, 15_000, 6_000)
    log_level: str = Field("INFO", pattern=r"^(DEBUG|INFO|WARNING|ERROR)$")
    kill_file: Path = Path("out/kill")
    projection: Path = Path("out/projection.duckdb")
    signing_key_file: Path | None = None
    kafka_security_protocol: str = Field(PLAINTEXT, pattern=f"^({PLAINTEXT}|{SSL}|{SASL_SSL})$")
    kafka_ca_file: Path | None = None
    kafka_certificate_file: Path | None = None
    kafka_key_file: Path | None = None
    kafka_key_password_file: Path | None = None
    kafka_sasl_mechanism: str = Field("", pattern=f"^({'|'.join(MECHANISMS)})?$")
    kafka_username: str = ""
    kafka_password_file: Path | None = None
    kafka_token_file: Path | None = None
    kafka_token_url: str = Field("", pattern=r"^(https://[^\s@]+)?$")
    kafka_token_ca_file: Path | None = None
    kafka_token_scope: str = ""
    kafka_client_id: str = ""
    kafka_client_secret_file: Path | None = None
    kafka_principals: dict[str, tuple[str, ...]] = Field(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  The library's signature.
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  No hidden files.
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  No hidden files.
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings


def variables() -> frozenset[str]:
    """The environment variables that the configuration knows."""
    return frozenset({FILE_VARIABLE, *(PREFIX + name.upper() for name in _Settings.model_fields)})


def load(file: Path | None = None, **overrides: object) -> Config:
    """The configuration of this process.

    `overrides` come from the command line; None means that the option was not given.

    Raises ConfigError naming every wrong value.
    """
    _refuse_unknown_variables()
    if file is None and os.environ.get(FILE_VARIABLE):
        file = Path(os.environ[FILE_VARIABLE])
    given: dict[str, Any] = {name: x for name, x in overrides.items() if x is not None}
    from_file = {
        name: value
        for name, value in (_read(file) if file else {}).items()
        if name not in given and PREFIX + name.upper() not in os.environ
    }
    try:
        settings = _Settings(**from_file, **given)
    except ValidationError as error:
        raise ConfigError(_explain(error, file, from_file)) from None
    except SettingsError:  # The one setting whose variable is JSON.
        raise ConfigError(
            f"configuration: {PRINCIPALS}: expected the {PRINCIPALS_SHAPE}."
        ) from None
    found = Config(**settings.model_dump())
    problems = list(found.security().problems())
    if problems:
        raise ConfigError(f"configuration: {' '.join(problems)}")
    return found


def _refuse_unknown_variables() -> None:
    known = variables()
    unknown = sorted(x for x in os.environ if x.startswith(PREFIX) and x not in known | OTHERS)
    if unknown:
        raise ConfigError(
            f"environment: unknown {', '.join(unknown)}; expected some of "
            f"{', '.join(sorted(known))}. Rename or unset it."
        )


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text())
    except OSError as error:
        raise ConfigError(
            f"{file}: cannot be read ({error.strerror}); give the path of a TOML file in "
            f"{FILE_VARIABLE} or --config, or none."
        ) from None
    except ValueError as error:
        raise ConfigError(
            f"{file}: is not TOML ({error}); write lines such as partitions = 8."
        ) from None


def _explain(error: ValidationError, file: Path | None, from_file: dict[str, Any]) -> str:
    lines = []
    for one in error.errors(include_url=False):
        name = str(one["loc"][0])
        where = f"{file}, or by {PREFIX}{name.upper()}" if name in from_file else None
        if one["type"] == "extra_forbidden":
            known = ", ".join(_Settings.model_fields)
            lines.append(f"{file or 'options'}: unknown {name}; expected some of {known}.")
            continue
        expected = one["msg"].removeprefix("Value error, ").replace("Input should be", "expected")
        expected = expected.replace("String should match", "expected text of")
        if name == PRINCIPALS:
            lines.append(f"{name}: expected the {PRINCIPALS_SHAPE}.")
            continue
        found = repr(one["input"])
        if name.startswith(HIDDEN):
            found = f"a value of {len(str(one['input']))} characters"
        lines.append(
            f"{name}: found {found}, {expected}; set it in {where or PREFIX + name.upper()}."
        )
    return "configuration: " + "\n".join(lines)
