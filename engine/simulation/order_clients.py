"""The clients of an order file: how large each is, and the words that all its orders carry.

A client's words are instructions for all day: whether it goes to the dark, where it does not trade,
its share of the volume, its consent to cross. They belong to the client, so all its orders of a day
say the same. Mandates (`examples/controls.toml`) are the firm's own and may bound it further.

Sizes are log-normal, as Schwarzkopf and Farmer (2010) found of equity funds: growth by factors
that do not depend on size (Gibrat). Here a client has grown or shrunk by 7/5 sixteen times, in
integers; the logarithm's standard deviation is 4 ln 1.4 = 1.35, a guess.
"""

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from engine.simulation.chance import Draw, Weights
from engine.simulation.market.rows import OFF_EXCHANGE

CLIENTS = tuple(f"C{number:02}" for number in range(1, 49))  # Guess: 48 of them.
GROWTHS = 16
UP, DOWN = 7, 5  # A growth is UP / DOWN or its inverse.

# Guesses: how many clients in a hundred say this.
NO_DARK: Weights = (("false", 90), ("true", 10))
EXCLUDED: Weights = (("0", 88), ("1", 8), ("2", 4))  # Venues that a client does not trade at.
PARTICIPATIONS: Weights = (("", 60), ("0.05", 5), ("0.1", 15), ("0.2", 15), ("0.3", 5))
CONSENTS: Weights = (("", 70), ("true", 22), ("false", 8))
LIMIT_TICKS: Weights = (("0", 70), ("-2", 8), ("-1", 8), ("1", 7), ("2", 7))
CURRENCIES: Weights = (("named", 50), ("", 50))


class Client(NamedTuple):
    """A client, as the same words on each of its orders say it."""

    name: str
    size: int  # Assets in units that only compare; at least 1.
    no_dark: str
    excluded_venues: str
    max_participation: str
    crossing_consent: str
    limit_ticks: int  # Ticks that it gives more than its manager's limit; below 0: less.
    names_currency: bool


def clients_of(seed: int, venues: Sequence[str]) -> tuple[Client, ...]:
    """The clients of a seed; `venues` are the codes that the market's folders hold."""
    lit = sorted(set(venues) - {OFF_EXCHANGE})
    return tuple(_client(Draw(seed, "client", n), name, lit) for n, name in enumerate(CLIENTS))


def _client(draw: Draw, name: str, venues: Sequence[str]) -> Client:
    return Client(
        name=name,
        size=_size(draw),
        no_dark=draw.weigh(NO_DARK, "no dark"),
        excluded_venues=_excluded(draw, venues),
        max_participation=draw.weigh(PARTICIPATIONS, "participation"),
        crossing_consent=draw.weigh(CONSENTS, "consent"),
        limit_ticks=int(draw.weigh(LIMIT_TICKS, "limit ticks")),
        names_currency=draw.weigh(CURRENCIES, "currency") == "named",
    )


def _size(draw: Draw) -> int:
    """The product of the growths, from 5^16 / 7^16 to 7^16 / 5^16, in units of 5^16 / 7^16."""
    grown = [draw.below(2, f"growth {number}") for number in range(GROWTHS)]
    return prod(UP * UP if up else DOWN * DOWN for up in grown) // prod([DOWN * DOWN] * GROWTHS)


def _excluded(draw: Draw, venues: Sequence[str]) -> str:
    count = min(int(draw.weigh(EXCLUDED, "excluded")), len(venues) - 1)
    if count < 1:
        return ""  # Of a market with one venue a client cannot do without it.
    first = draw.below(len(venues), "first excluded")
    return ";".join(sorted(venues[(first + place) % len(venues)] for place in range(count)))
