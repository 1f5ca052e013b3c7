"""Settings of librdkafka for TLS and SASL. This is the one place that reads secrets for it.

The secrets are read once, when a log is opened: after a change, start the process again. A token's
file is read anew whenever the client wants a token, which is before the last one has run out.
"""

import base64
import json
from collections.abc import Callable
from pathlib import Path

from engine.log.security import (
    OAUTHBEARER,
    PLAINTEXT,
    SASL_SSL,
    Security,
    SecurityError,
    require_pem,
    require_private,
    secret_of,
)

CERTIFICATE = "CERTIFICATE"
PRIVATE_KEY = "PRIVATE KEY"
ENCRYPTED = ("ENCRYPTED PRIVATE KEY", "Proc-Type: 4,ENCRYPTED")
Token = tuple[str, float]  # And when it runs out, in seconds of the epoch.
Setting = str | int | float | bool | Callable[..., object]


def client_settings(security: Security) -> dict[str, Setting]:
    """Raises SecurityError, which names the setting or the file and no secret."""
    problems = list(security.problems())
    if problems:
        raise SecurityError(" ".join(problems))
    if security.security_protocol == PLAINTEXT:
        return {}
    settings: dict[str, Setting] = {
        "security.protocol": security.security_protocol,
        "ssl.endpoint.identification.algorithm": "https",  # The broker's name is its certificate's.
        **_tls(security),
    }
    if security.security_protocol == SASL_SSL:
        settings |= _sasl(security)
    return settings


def _tls(security: Security) -> dict[str, Setting]:
    settings: dict[str, Setting] = {}
    if security.ca_file:
        path = require_pem("ca_file", security.ca_file, CERTIFICATE)
        settings["ssl.ca.location"] = str(path)
    if security.certificate_file and security.key_file:
        path = require_pem("certificate_file", security.certificate_file, CERTIFICATE)
        settings["ssl.certificate.location"] = str(path)
        key = require_pem("key_file", security.key_file, PRIVATE_KEY, is_secret=True)
        settings["ssl.key.location"] = str(key)
        settings |= _key_password(security, key)
    return settings


def _key_password(security: Security, key: Path) -> dict[str, Setting]:
    if security.key_password_file:
        return {"ssl.key.password": secret_of("key_password_file", security.key_password_file)}
    if any(mark in key.read_text() for mark in ENCRYPTED):
        raise SecurityError(
            f"kafka_key_file: {key} is encrypted; set kafka_key_password_file to the file of its "
            "password."
        )
    return {}


def _sasl(security: Security) -> dict[str, Setting]:
    settings: dict[str, Setting] = {"sasl.mechanism": security.sasl_mechanism}
    if security.sasl_mechanism == OAUTHBEARER:
        return settings | _oauth(security)
    assert security.password_file is not None, "checked by `problems`"
    settings["sasl.username"] = security.username
    settings["sasl.password"] = secret_of("password_file", security.password_file)
    return settings


def _oauth(security: Security) -> dict[str, Setting]:
    if security.token_file is not None:
        path = require_private("token_file", security.token_file)
        token_of(path)  # A wrong file is refused now, not by a client that keeps trying.
        return {"oauth_cb": lambda _config: token_of(path)}
    assert security.client_secret_file is not None, "checked by `problems`"
    settings: dict[str, Setting] = {
        "sasl.oauthbearer.method": "oidc",
        "sasl.oauthbearer.token.endpoint.url": security.token_url,
        "sasl.oauthbearer.client.id": security.client_id,
        "sasl.oauthbearer.client.secret": secret_of(
            "client_secret_file", security.client_secret_file
        ),
    }
    if security.token_scope:
        settings["sasl.oauthbearer.scope"] = security.token_scope
    if security.token_ca_file:
        path = require_pem("token_ca_file", security.token_ca_file, CERTIFICATE)
        settings["https.ca.location"] = str(path)
    return settings


def token_of(path: Path) -> Token:
    """The token in a file, and when it runs out. Raises SecurityError, which does not show it."""
    token = secret_of("token_file", path)
    parts = token.split(".")
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        expires_s = float(claims["exp"])
    except (IndexError, ValueError, KeyError, TypeError):
        raise SecurityError(
            f"kafka_token_file: {path} holds no JWT with an `exp`; expected "
            "HEADER.CLAIMS.SIGNATURE on one line, as an identity provider gives it."
        ) from None
    return token, expires_s
