r"""Text of strangers, so that showing it does nothing.

A client's id or a venue's words may hold anything that an event can: the escapes by which a
terminal moves its cursor, sets its title or answers for the keyboard, characters that turn the
direction of a line, or the `=` with which a spreadsheet begins a formula. On the way out such a
character becomes its own name, as in `\x1b`, and a cell that would be a formula gets an apostrophe
before it, which spreadsheets take as "this is text". The log keeps what was sent.

Source of the characters that begin a formula: OWASP, "CSV Injection".
"""

import re

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}",
           "\N{FULLWIDTH HYPHEN-MINUS}", "\N{FULLWIDTH COMMERCIAL AT}")  # fmt: skip
# JSON leaves these as they are; below 0x20 it names them by itself.
LEFT_BY_JSON = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def plain(text: str) -> str:
    """A text of several lines in which every other character that is not shown is named."""
    if text.isprintable():
        return text
    return "".join(x if x == "\n" or x.isprintable() else _named(x) for x in text)


def plain_line(text: str) -> str:
    """The same as one line."""
    return plain(text.replace("\n", " "))


def plain_cell(text: str) -> str:
    """The same as text in a cell of a spreadsheet, where it is no formula."""
    return plain(f"'{text}" if text.startswith(FORMULA) else text)


def plain_json(text: str) -> str:
    """JSON whose texts name what a terminal might obey; it is the same value."""
    return LEFT_BY_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _named(character: str) -> str:
    return character.encode("unicode_escape").decode()
