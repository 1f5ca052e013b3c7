"""TLS and SASL from settings and files: what is wrong is named, and no secret is ever shown."""

import base64
import json
import os
import pickle
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaError
from cryptography.hazmat.primitives.asymmetric import ec

from engine import config
from engine.config import ConfigError
from engine.log import open_log
from engine.log.kafka.client import Cluster
from engine.log.kafka.credentials import client_settings, token_of
from engine.log.port import RefusedByBrokerError
from engine.log.security import SETTING, Security, SecurityError
from infra.kafka import secured

PASSWORD = "correct horse battery staple"  # noqa: S105  It is what must never be shown.
AWAY = "127.0.0.1:1"


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in config.variables():
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> secured.Place:
    """Certificates, keys and tokens as the secured broker's users have them."""
    found = secured.Place(tmp_path_factory.mktemp("secrets"))
    secured.make_secrets(found)
    return found


@pytest.fixture
def password(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    secured.write_secret(path, PASSWORD.encode() + b"\n")
    return path


def scram(password: Path | None, **more: Any) -> Security:  # noqa: ANN401  Any of its fields.
    base = Security(
        security_protocol="SASL_SSL",
        sasl_mechanism="SCRAM-SHA-512",
        username="worker",
        password_file=password,
    )
    return replace(base, **more)


# ---------------------------------------------------------------------------- what goes together

TOGETHER: list[tuple[str, dict[str, Any], str]] = [
    ("a password without TLS", {"kafka_password_file": "p"}, "PLAINTEXT, which would not use it"),
    ("a mechanism without TLS", {"kafka_sasl_mechanism": "PLAIN"}, "set that to SSL or SASL_SSL"),
    ("SASL without TLS", {"kafka_security_protocol": "SASL_PLAINTEXT"}, "security_protocol: found"),
    ("an unknown mechanism", {"kafka_sasl_mechanism": "GSSAPI"}, "kafka_sasl_mechanism: found"),
    ("no mechanism", {"kafka_security_protocol": "SASL_SSL"}, "kafka_sasl_mechanism is missing"),
    (
        "no user",
        {"kafka_security_protocol": "SASL_SSL", "kafka_sasl_mechanism": "PLAIN"},
        "kafka_username is missing, and PLAIN needs it",
    ),
    (
        "no token",
        {"kafka_security_protocol": "SASL_SSL", "kafka_sasl_mechanism": "OAUTHBEARER"},
        "kafka_token_file, or kafka_token_url",
    ),
    (
        "half of a service of tokens",
        {
            "kafka_security_protocol": "SASL_SSL",
            "kafka_sasl_mechanism": "OAUTHBEARER",
            "kafka_token_url": "https://id.example/token",
        },
        "kafka_client_id is missing",
    ),
    (
        "a service of tokens in clear",
        {"kafka_token_url": "http://id.example/token"},
        "kafka_token_url: found",
    ),
    (
        "a secret in a URL",
        {"kafka_token_url": "https://id:secret@id.example/token"},
        "kafka_token_url: found",
    ),
    (
        "a certificate without a key",
        {"kafka_security_protocol": "SSL", "kafka_certificate_file": "c.pem"},
        "set both or none",
    ),
    (
        "a user beside a certificate",
        {"kafka_security_protocol": "SSL", "kafka_username": "worker"},
        "kafka_username is set, and SSL does not use it",
    ),
    (
        "a password beside a token",
        {
            "kafka_security_protocol": "SASL_SSL",
            "kafka_sasl_mechanism": "OAUTHBEARER",
            "kafka_token_file": "t",
            "kafka_password_file": "p",
        },
        "kafka_password_file is set, and OAUTHBEARER does not use it",
    ),
    (
        "the password of no key",
        {"kafka_security_protocol": "SSL", "kafka_key_password_file": "p"},
        "without kafka_key_file",
    ),
]


@pytest.mark.parametrize(("name", "given", "said"), TOGETHER, ids=[row[0] for row in TOGETHER])
def test_settings_that_do_not_go_together_are_named(
    name: str, given: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        config.load(**given)
    assert said in str(caught.value), name


def test_no_setting_holds_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METAORDER_KAFKA_PASSWORD", PASSWORD)
    with pytest.raises(ConfigError) as caught:
        config.load()
    assert "unknown METAORDER_KAFKA_PASSWORD" in str(caught.value)
    assert PASSWORD not in str(caught.value)


def test_a_secret_in_a_file_of_settings_is_refused_and_not_shown(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(f'kafka_password = "{PASSWORD}"\n')
    with pytest.raises(ConfigError) as caught:
        config.load(tmp_path / "m.toml")
    assert "unknown kafka_password" in str(caught.value)
    assert PASSWORD not in str(caught.value)


# --------------------------------------------------------------------------------- wrong files


def group_may_read(path: Path) -> Path:
    path.chmod(0o660)
    return path


def all_may_read(path: Path) -> Path:
    path.chmod(0o604)
    return path


def other(content: bytes) -> Callable[[Path], Path]:
    def written(path: Path) -> Path:
        path.write_bytes(content)
        return path

    return written


WRONG_FILES: list[tuple[str, Callable[[Path], Path], str]] = [
    ("its group may read it", group_may_read, "others may read the secret"),
    ("all may read it", all_may_read, "run `chmod 600`"),
    ("it is missing", lambda path: path.with_name("none"), "No such file"),
    ("the secret itself, not a path", lambda _: Path(PASSWORD), "a path of 28 characters"),
    ("a folder", lambda path: path.parent, ""),
    ("an empty one", other(b"\n"), "is empty"),
    ("two lines", other(PASSWORD.encode() + b"\nsecond\n"), "several lines"),
    ("no text", other(b"\xff\xfe\x00"), "is not text"),
    ("a large one", other(b"x" * 70_000), "is larger than 65536 bytes"),
]


@pytest.mark.parametrize(("name", "spoil", "said"), WRONG_FILES, ids=[x[0] for x in WRONG_FILES])
def test_a_wrong_file_of_a_secret_is_refused_by_the_name_of_its_setting(
    name: str, spoil: Callable[[Path], Path], said: str, password: Path
) -> None:
    spoilt = spoil(password)
    with pytest.raises(SecurityError) as caught:
        client_settings(scram(spoilt))
    text = str(caught.value)
    assert text.startswith("kafka_password_file: "), name
    assert said in text
    assert PASSWORD not in text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file to another user")
def test_the_file_of_another_user_is_refused_unless_it_is_roots(password: Path) -> None:
    password.chmod(0o640)
    client_settings(scram(password))
    os.chown(password, 12_345, -1)
    password.chmod(0o600)
    with pytest.raises(SecurityError, match="others may read the secret"):
        client_settings(scram(password))


def test_swapped_files_are_named(place: secured.Place) -> None:
    tls = Security(
        security_protocol="SSL",
        ca_file=place.authority,
        certificate_file=place.certificate("worker"),
        key_file=place.key("worker"),
    )
    client_settings(tls)
    wrong: dict[str, Any]
    for name, path, said in (
        ("ca_file", place.key("worker"), "kafka_ca_file: .* holds no CERTIFICATE"),
        ("certificate_file", place.key("worker"), "kafka_certificate_file: .* holds no CERT"),
        ("key_file", place.password("worker"), "kafka_key_file: .* holds no PRIVATE KEY"),
        ("key_file", place.certificate("worker"), "kafka_key_file: .* others may read"),
        ("ca_file", Path("none.pem"), "kafka_ca_file: none.pem cannot be read"),
    ):
        wrong = {name: path}
        with pytest.raises(SecurityError, match=said):
            client_settings(replace(tls, **wrong))


def test_an_encrypted_key_needs_the_file_of_its_password(
    place: secured.Place, tmp_path: Path, password: Path
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    path = tmp_path / "own.key"
    secured.write_secret(path, secured.pem(key, PASSWORD.encode()))
    tls = Security(
        security_protocol="SSL", certificate_file=place.certificate("worker"), key_file=path
    )
    with pytest.raises(SecurityError, match="is encrypted; set kafka_key_password_file"):
        client_settings(tls)
    found = client_settings(replace(tls, key_password_file=password))
    assert found["ssl.key.password"] == PASSWORD


def unsigned(claims: object) -> bytes:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=")
    return b"e30." + body + b".x"


@pytest.mark.parametrize(
    "content",
    [b"opaque", unsigned({"sub": "x"}), unsigned([]), b"a.b.c", unsigned({"exp": "soon"})],
)
def test_a_token_that_does_not_say_when_it_ends_is_refused_and_not_shown(
    content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "token"
    secured.write_secret(path, content)
    with pytest.raises(
        SecurityError, match=r"kafka_token_file: .* holds no JWT with an `exp`"
    ) as e:
        token_of(path)
    assert content.decode() not in str(e.value)


def test_a_token_is_read_anew_each_time(tmp_path: Path) -> None:
    path = tmp_path / "token"
    secured.write_secret(path, unsigned({"exp": 5}))
    found = client_settings(
        Security(security_protocol="SASL_SSL", sasl_mechanism="OAUTHBEARER", token_file=path)
    )
    refresh: Any = found["oauth_cb"]
    assert refresh("")[1] == 5
    secured.write_secret(path, unsigned({"exp": 6}))
    assert refresh("")[1] == 6


# ------------------------------------------------------------------------- nothing shows a secret


def test_no_text_of_ours_holds_the_secret(password: Path) -> None:
    loaded = config.load(
        kafka_security_protocol="SASL_SSL",
        kafka_sasl_mechanism="SCRAM-SHA-512",
        kafka_username="worker",
        kafka_password_file=password,
    )
    security = loaded.security()
    cluster = Cluster.secured(AWAY, "p", security)
    assert cluster.config()["sasl.password"] == PASSWORD, "the client gets it"
    shown = [repr(loaded), loaded.decision_text(), repr(security), repr(cluster), str(cluster)]
    shown.append(str(cluster.unavailable("reading", "no answer")))
    assert not any(PASSWORD in text for text in shown)
    assert PASSWORD.encode() not in pickle.dumps(security), "a process of `verify` reads the file"


def test_every_setting_of_the_security_is_one_of_the_configuration() -> None:
    assert {SETTING + field.name for field in fields(Security)} <= {
        field.name for field in fields(config.Config)
    }
    assert config.load().security() == Security()


def test_an_embedded_log_needs_no_security(tmp_path: Path, password: Path) -> None:
    with open_log(f"sqlite:{tmp_path / 'log.db'}", security=scram(password)) as log:
        assert log.identity.log_id


def test_a_wrong_setting_is_refused_before_any_broker_is_asked(tmp_path: Path) -> None:
    with pytest.raises(SecurityError, match="kafka_password_file"):
        open_log(f"kafka:{AWAY}/p", security=scram(tmp_path / "none"))


def test_a_refused_handshake_is_said_instead_of_a_missing_broker() -> None:
    cluster = Cluster(AWAY, "p")
    refused = KafkaError(KafkaError._AUTHENTICATION, "SASL authentication error: no")  # noqa: SLF001
    cluster.handshakes.note(KafkaError(KafkaError._TRANSPORT, "down"))  # noqa: SLF001
    assert not isinstance(cluster.unavailable("reading", "down"), RefusedByBrokerError)
    cluster.handshakes.note(refused)
    found = cluster.unavailable("reading", "down")
    assert isinstance(found, RefusedByBrokerError)
    assert "do not accept each other (SASL authentication error: no)" in str(found)
