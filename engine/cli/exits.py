"""Exit codes, documented in `metaorder --help` and the README."""

from enum import IntEnum


class Exit(IntEnum):
    """The exit code of a command."""

    OK = 0
    ERROR = 1
    USAGE = 2
    MISMATCH = 3
    REFUSED = 4
    MISSING = 5
    DIFFERENT = 6
    SILENT = 7


MEANING = {
    Exit.OK: "ok",
    Exit.ERROR: "error",
    Exit.USAGE: "usage",
    Exit.MISMATCH: "verification mismatch",
    Exit.REFUSED: "refused by risk",
    Exit.MISSING: "a dependency is missing",
    Exit.DIFFERENT: "another release decides differently",
    Exit.SILENT: "a shard or gateway has not answered",
}
EPILOG = "Exit codes: " + ", ".join(f"{code.value} {text}" for code, text in MEANING.items()) + "."
