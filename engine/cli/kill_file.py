"""Make and remove the file at which every gateway that watches it stops."""

from datetime import UTC, datetime
from pathlib import Path

from engine.log.port import EngineError


def engage(path: Path, set_by: str, text: str) -> dict[str, object]:
    """Make the file. It stops by being there; a full disk may have no room for the words in it.

    Raises EngineError where it could not be made.
    """
    try:
        path.touch()
    except OSError as error:
        raise EngineError(
            f"{path}: cannot be made ({error.strerror}). Nothing was stopped. Move or link any "
            "file to this path, or stop the gateways."
        ) from error
    words = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {set_by} {text}\n"
    note = ""
    try:
        path.write_text(words, encoding="utf-8")
    except OSError as error:
        note = f"without its words: {error.strerror}"
    return {"kill_file": str(path), "there": path.exists(), "note": note}


def release(path: Path) -> dict[str, object]:
    """Remove the file. Raises EngineError where there is none, or it cannot be removed."""
    try:
        path.unlink()
    except FileNotFoundError:
        raise EngineError(f"{path}: there is no such file, so it stops nothing.") from None
    except OSError as error:
        raise EngineError(f"{path}: cannot be removed ({error.strerror}).") from error
    return {"kill_file": str(path), "there": path.exists(), "note": ""}
