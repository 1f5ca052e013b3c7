"""The band that a child's price must lie in, beside the limits of its clients.

A client's limit, where there is one, says what the client would pay; the collar at intake judged it
by the market of that moment. Neither keeps a working market order from an ask of a hundred times
the price. So each child has a reference price: the day's last eligible print, else the midpoint
when its parent was released, else the present midpoint. Quotes alone cannot move the first two. A
child may be priced through the reference by the policy's band at most, and rest behind it as far as
its clients wish. Without a reference the check cannot be made, and nothing is routed.
Source: FINRA Rule 6190 and the Limit Up-Limit Down plan, whose bands lie around recent prints; SEC
Rule 15c3-5(c)(1)(ii), prices beyond a parameter are prevented on an order-by-order basis.
"""

from engine.core.events import Side
from engine.core.market.consolidated import Nbbo
from engine.core.state.model import Parent
from engine.core.state.state import State
from engine.core.units import PPM


def reference_px(state: State, parent: Parent, best: Nbbo) -> int:
    """The price that a child of the parent is judged by now; 0 if there is none."""
    last_px = state.book(parent.terms.instrument_id).last_px
    return last_px or parent.arrival_mid_px or best.mid_px or 0


def is_outside_band(side: Side, limit_px: int, reference_px: int, band_ppm: int) -> bool:
    """Whether a price is too far through the reference; every price is without a reference."""
    if not reference_px:
        return True
    if side is Side.BUY:
        return limit_px * PPM > reference_px * (PPM + band_ppm)
    return limit_px * PPM < reference_px * (PPM - band_ppm)
