"""The volume so far, by which a volume curve is updated.

A curve is the usual day. Of today two things are known: what has traded since a schedule began, and
how busy the day is. So the part of a window's volume that lies before a time is what has traded in
it, over that and what is still to come: the curve's part of a usual day times the level of the day.

The level is the mean of a gamma distribution after the volume so far (Gelman et al. 2013, "Bayesian
Data Analysis", 2.6: Poisson counts with an exposure and a conjugate prior): (prior + volume) /
(prior + expected), where the prior has the mean one and weighs as much as a tenth of a usual day.
The shape of the day is kept. It is the simplest of the updates for which Bialkowski, Darolles and
Le Fol (2008) and Satish, Saxena and Palmer (2014) have richer models. The weight was chosen on the
days of three stocks and holds on those of three others; recent volume that counts for more than
early volume gained too little there for the state that it needs (docs/volume.md).

Volume is expected from the first print on that was seen, so a feed that began at noon is no quiet
morning. While the tape is silent the usual volume counts, as for a participation. An instrument
whose average volume is not known has no prior: the day so far alone makes the level.
"""

from engine.core.events import Strategy, VolumeCurveDefined
from engine.core.market import consolidated, hours
from engine.core.state.model import NO_TAPE, Parent
from engine.core.state.state import State
from engine.core.strategy.schedules import Seen, shares_of
from engine.core.strategy.usual_volume import is_silent, unseen_qty

NOTHING = Seen(window_qty=0, day_qty=0, day_share_e9=0, usual_qty=0)


def by_plan(state: State, parent: Parent, now_ns: int) -> Seen:
    """The volume by which a plan's curve is updated, as evidence; nothing without a curve."""
    curve = state.reference.curves.get(parent.terms.instrument_id)
    is_updated = parent.follows(Strategy.VWAP)
    return NOTHING if curve is None or not is_updated else of(state, parent, curve, now_ns)


def of(state: State, parent: Parent, curve: VolumeCurveDefined, now_ns: int) -> Seen:
    """The volume since the plan's start and of the day, and what was expected of the day."""
    plan = parent.plan
    assert plan is not None, "a schedule is of a plan"
    instrument_id, book = curve.instrument_id, state.book(curve.instrument_id)
    window_qty = consolidated.others_volume_qty(state, book, parent.base) - plan.base_volume_qty
    window_qty = max(0, window_qty)
    day_qty = consolidated.others_volume_qty(state, book, NO_TAPE)
    if is_silent(state, instrument_id, now_ns):
        window_qty += unseen_qty(state, instrument_id, plan.start_ns, now_ns)
        day_qty += unseen_qty(state, instrument_id, 0, now_ns)
    spans = hours.of_instrument(state, instrument_id)
    first_ns = book.last_px_ns - book.priced_ns  # The first print's time; 0 without one.
    shares = shares_of(state, curve)
    first_e9, now_e9 = (shares[hours.elapsed_ns(spans, x)] for x in (first_ns, now_ns))
    return Seen(
        window_qty=window_qty,
        day_qty=max(day_qty, window_qty),
        day_share_e9=max(0, now_e9 - first_e9),
        usual_qty=plan.adv_qty,
    )
