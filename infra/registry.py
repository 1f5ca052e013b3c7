"""Load the catalogue into a schema registry: the same ids there as in `schemas/catalogue.json`.

    python -m infra.registry http://localhost:8081

The engine never asks a registry. Other people's consumers may, and must find under each id the
schema that the engine wrote with. So every subject is put in import mode, where the caller gives
the id, and back in read-only mode, so that nobody adds another.
"""

import json
import sys
import urllib.error
import urllib.request

import schemas
from engine.log.port import EngineError

ANSWER_MAX_S = 30
CONTENT_TYPE = "application/vnd.schemaregistry.v1+json"


class RegistryError(EngineError):
    """The registry refused, or did not answer."""


def load(url: str) -> int:
    """Put every subject of the catalogue into the registry; says how many were new."""
    if not url.startswith(("http://", "https://")):
        raise RegistryError(f"registry {url!r}: expected a URL such as http://localhost:8081")
    base = url.rstrip("/")
    present = set(_ask(base, "GET", "/subjects"))
    new = [(name, number) for name, number in schemas.catalogue().items() if name not in present]
    for subject, schema_id in new:
        _ask(base, "PUT", f"/mode/{subject}", {"mode": "IMPORT"})
        body = {"schema": schemas.schema_text(subject), "id": schema_id, "version": 1}
        _ask(base, "POST", f"/subjects/{subject}/versions", body)
        _ask(base, "PUT", f"/mode/{subject}", {"mode": "READONLY"})
    return len(new)


def _ask(base: str, method: str, path: str, body: object = None) -> list[str]:
    request = urllib.request.Request(  # noqa: S310  `load` lets only http and https in.
        base + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": CONTENT_TYPE},
    )
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_MAX_S) as answer:  # noqa: S310  Same.
            found = json.load(answer)
    except urllib.error.HTTPError as error:
        raise RegistryError(
            f"{method} {base}{path}: {error.code} {error.read(500).decode(errors='replace')}"
        ) from None
    except OSError as error:
        raise RegistryError(f"{base}: no answer ({error}); is the registry up?") from None
    return found if isinstance(found, list) else []


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)  # noqa: T201  Usage.
        return 2
    try:
        print(f"{load(sys.argv[1])} subjects are new in the registry")  # noqa: T201  The result.
    except RegistryError as error:
        print(error, file=sys.stderr)  # noqa: T201  The reason.
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
