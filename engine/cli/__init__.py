"""The command line: a collection is a noun, then a verb (`orders submit`); a job is one word.

Text for people, `-o json|jsonl|csv` for machines, progress on stderr, reasons instead of
tracebacks. `main` is the console script `metaorder`.
"""

from engine.cli.application import main

__all__ = ["main"]
