"""Settings by which a process and the brokers of a Kafka know each other: TLS and SASL.

A secret stands in a file of its own and nowhere else: no setting holds one, so none can reach a
log, a message, an event or a list of processes. What is kept here are paths. A file of a secret
belongs to its reader: to its owner alone, or to root and the reader's group, which is how a
container gets it.

The passwords of SCRAM and PLAIN go over TLS alone, so there is no SASL without it.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from engine.log.port import EngineError

PLAINTEXT, SSL, SASL_SSL = "PLAINTEXT", "SSL", "SASL_SSL"
OAUTHBEARER = "OAUTHBEARER"
WITH_PASSWORD = ("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN")
MECHANISMS = (*WITH_PASSWORD, OAUTHBEARER)
SECRET_MAX_BYTES = 64 * 1024
SETTING = "kafka_"  # Before each name below, in the configuration.
BY_TOKEN_SERVICE = ("token_url", "client_id", "client_secret_file")


class SecurityError(EngineError):
    """A setting or a file of the security is wrong; the message names it, and never a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Security:
    """The settings `kafka_*`, which name files and hold no secret."""

    security_protocol: str = PLAINTEXT
    ca_file: Path | None = None  # PEM, the authorities of the brokers; None is the system's.
    certificate_file: Path | None = None  # PEM, of this process, with its chain: mTLS.
    key_file: Path | None = None  # PEM, its private key.
    key_password_file: Path | None = None
    sasl_mechanism: str = ""
    username: str = ""
    password_file: Path | None = None
    token_file: Path | None = None  # OAUTHBEARER: a JWT that another process keeps fresh.
    token_url: str = ""  # Or the service that gives one for the client's id and secret.
    token_ca_file: Path | None = None  # PEM, the authorities of that service.
    token_scope: str = ""
    client_id: str = ""
    client_secret_file: Path | None = None

    def problems(self) -> Iterator[str]:
        """Every setting that does not go with the others, as a sentence with the way out."""
        given = [f.name for f in fields(self) if getattr(self, f.name) not in (None, "", PLAINTEXT)]
        if self.security_protocol == PLAINTEXT:
            for name in given:
                yield (
                    f"{SETTING}{name} is set, and {SETTING}security_protocol is {PLAINTEXT}, which "
                    f"would not use it; set that to {SSL} or {SASL_SSL}."
                )
            return
        if bool(self.certificate_file) != bool(self.key_file):
            yield f"{SETTING}certificate_file and {SETTING}key_file go together; set both or none."
        if self.key_password_file and not self.key_file:
            yield f"{SETTING}key_password_file is set without {SETTING}key_file; unset it."
        yield from self._sasl_problems(given)

    def _sasl_problems(self, given: list[str]) -> Iterator[str]:
        if self.security_protocol == SSL:
            allowed: tuple[str, ...] = ()
        elif not self.sasl_mechanism:
            yield f"{SETTING}sasl_mechanism is missing; set it to one of {', '.join(MECHANISMS)}."
            return
        elif self.sasl_mechanism in WITH_PASSWORD:
            allowed = ("sasl_mechanism", "username", "password_file")
            yield from (self._missing(x) for x in allowed if x not in given)
        elif "token_file" in given:
            allowed = ("sasl_mechanism", "token_file")
        else:
            allowed = ("sasl_mechanism", *BY_TOKEN_SERVICE, "token_ca_file", "token_scope")
            if not self.token_url:
                yield f"{OAUTHBEARER} needs {SETTING}token_file, or {SETTING}token_url; set one."
                return
            yield from (self._missing(x) for x in BY_TOKEN_SERVICE if x not in given)
        own = ("sasl_mechanism", "username", "password_file", "token_file", "token_ca_file")
        for name in given:
            if name in (*own, *BY_TOKEN_SERVICE, "token_scope") and name not in allowed:
                how = self.sasl_mechanism or self.security_protocol
                yield f"{SETTING}{name} is set, and {how} does not use it; unset it."

    def _missing(self, name: str) -> str:
        return f"{SETTING}{name} is missing, and {self.sasl_mechanism} needs it; set it."


OPEN = Security()


def secret_of(setting: str, path: Path) -> str:
    """The one line of a secret's file. Raises SecurityError."""
    text = _content(setting, require_private(setting, path)).rstrip("\r\n")
    if not text or "\n" in text or "\0" in text:
        found = "is empty" if not text else "has several lines"
        raise SecurityError(
            f"{SETTING}{setting}: {path} {found}; expected the secret alone, on one line."
        )
    return text


def require_private(setting: str, path: Path) -> Path:
    """The path of a file with a secret, if no other user may read it. Raises SecurityError."""
    status = _status(setting, path, is_secret=True)
    mode = stat.S_IMODE(status.st_mode)
    allowed = 0o640 if status.st_uid == 0 else 0o600
    is_of_system = status.st_uid in (0, os.geteuid())
    if mode & 0o777 & ~allowed or not is_of_system:
        raise SecurityError(
            f"{SETTING}{setting}: {path} has mode {mode:04o} and is of user {status.st_uid}, so "
            "others may read the secret; give it to the user that runs the engine and run `chmod "
            "600` (or to root with mode 0640, as containers do)."
        )
    return path


def require_pem(setting: str, path: Path, kind: str, *, is_secret: bool = False) -> Path:
    """The path of a PEM file that holds a CERTIFICATE or a PRIVATE KEY. Raises SecurityError."""
    if is_secret:
        require_private(setting, path)
    else:
        _status(setting, path, is_secret=False)
    if f"{kind}-----" not in _content(setting, path):
        raise SecurityError(
            f"{SETTING}{setting}: {path} holds no {kind} in PEM form (a line -----BEGIN …"
            f"{kind}-----); name the right file, or convert it with `openssl`."
        )
    return path


def _status(setting: str, path: Path, *, is_secret: bool) -> os.stat_result:
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        # A person may have put the secret itself here, so it is not shown.
        named = f"a path of {len(str(path))} characters" if is_secret else str(path)
        why = getattr(error, "strerror", None) or "not a path"
        raise SecurityError(
            f"{SETTING}{setting}: {named} cannot be read ({why}); set it to the path of a file."
        ) from None
    if not stat.S_ISREG(status.st_mode):
        raise SecurityError(f"{SETTING}{setting}: {path} is no file; set it to the path of one.")
    return status


def _content(setting: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(SECRET_MAX_BYTES + 1)
        text = content.decode()
    except OSError as error:
        raise SecurityError(
            f"{SETTING}{setting}: {path} cannot be read ({error.strerror}); the engine's user must "
            "be able to."
        ) from None
    except UnicodeDecodeError:
        raise SecurityError(
            f"{SETTING}{setting}: {path} is not text; expected PEM, or a secret on one line."
        ) from None
    if len(content) > SECRET_MAX_BYTES:
        raise SecurityError(
            f"{SETTING}{setting}: {path} is larger than {SECRET_MAX_BYTES} bytes; name the right "
            "file."
        )
    return text
