"""The claims on a child: whose part of it is filled, and whose is still open.

A child is sent for tranches of its parent, those whose members' own words allow its price, venue,
kind and time. Each has a claim, and the claims sum to the child. A fill goes to the claims by the
quota method of `apportionment`, then to the members of each. What a venue fills beyond the child is
divided in proportion to the claims.
"""

from collections.abc import Mapping, Sequence

from engine.core.allocation.apportionment import shares
from engine.core.events import ChildCarried, ChildRouted, Claim
from engine.core.state.model import Child, Cover, Fill, Parent


def covers_of(terms: ChildRouted | ChildCarried) -> tuple[Cover, ...]:
    """The claims of a child that nothing was filled of."""
    return tuple([Cover(*claim) for claim in as_stated(terms.claims, terms.child_qty).items()])


def stated(parent: Parent, claims: Mapping[int, int]) -> tuple[Claim, ...]:
    """Claims by tranche as an event states them: none where all is for the only tranche."""
    if len(parent.tranches) == 1:
        return ()
    return tuple([Claim(tranche=number, claim_qty=qty) for number, qty in claims.items()])


def as_stated(claims: Sequence[Claim], qty: int) -> dict[int, int]:
    """The claims of a slice or child by tranche."""
    return {claim.tranche: claim.claim_qty for claim in claims} or {0: qty}


def in_proportion(qty: int, weights: Sequence[int]) -> list[int]:
    """A quantity in proportion to weights of which one is positive, however small they are."""
    return shares([0] * len(weights), qty, [weight * qty for weight in weights])


def parts_of(child: Child, qty: int) -> list[int]:
    """The part of each claim in a further fill, in the order of the claims; they sum to it."""
    covers = child.covers
    if len(covers) == 1:
        return [qty]
    claims = [cover.claim_qty for cover in covers]
    held = [min(cover.filled_qty, cover.claim_qty) for cover in covers]
    within_qty = min(qty, sum(claims) - sum(held))
    found = shares(held, within_qty, claims)
    if within_qty == qty:
        return found
    beyond = in_proportion(qty - within_qty, claims)
    return [part + more for part, more in zip(found, beyond, strict=True)]


def parts_after(fill: Fill, qty: int) -> list[int]:
    """The parts of a fill whose quantity becomes `qty` by a bust or correction."""
    if len(fill.parts_qty) == 1:
        return [qty]
    if not qty:
        return [0] * len(fill.parts_qty)
    if qty < fill.last_qty:
        return in_proportion(qty, fill.parts_qty)
    more = parts_of(fill.child, qty - fill.last_qty)
    return [part + one for part, one in zip(fill.parts_qty, more, strict=True)]


def open_parts(child: Child, leaves_qty: int) -> list[int]:
    """The part of each claim in what a child has open."""
    covers = child.covers
    if len(covers) == 1:
        return [leaves_qty]
    rest = [max(0, cover.claim_qty - cover.filled_qty) for cover in covers]
    total_qty = sum(rest)
    if total_qty == leaves_qty or not leaves_qty:
        return rest if leaves_qty else [0] * len(covers)
    # A venue may have less open than is not filled, and after a correction also more.
    weights = rest if total_qty > leaves_qty else [cover.claim_qty for cover in covers]
    return in_proportion(leaves_qty, weights)


# ------------------------------------------------------------------------------ evolve


def set_leaves(parent: Parent, child: Child, leaves_qty: int) -> None:
    """Give a child another open quantity, and its parent and tranches the difference."""
    parent.exposure_qty += leaves_qty - child.leaves_qty
    child.leaves_qty = leaves_qty
    for cover, part in zip(child.covers, open_parts(child, leaves_qty), strict=True):
        parent.tranches[cover.tranche].exposure_qty += part - cover.leaves_qty
        cover.leaves_qty = part


def set_parts(parent: Parent, fill: Fill, parts: Sequence[int]) -> None:
    """Give a fill other parts, and its claims and their tranches the difference."""
    before = fill.parts_qty or (0,) * len(parts)
    for cover, part, was in zip(fill.child.covers, parts, before, strict=True):
        cover.filled_qty += part - was
        parent.tranches[cover.tranche].filled_qty += part - was
    fill.parts_qty = tuple(parts)
