"""The optimal trade-off between impact and risk (Almgren, Chriss 2000), in discrete time.

Trading fast moves the price, trading slowly carries risk. With linear impact the best holdings
fall like a hyperbolic sine whose rate, kappa, grows with risk aversion and volatility and falls
with impact:

    eta_tilde = eta - gamma * tau / 2        kappa_tilde^2 = risk_aversion * sigma^2 / eta_tilde
    kappa = 2 / tau * asinh(kappa_tilde * tau / 2)
    x(t) = X * sinh(kappa * (T - t)) / sinh(kappa * T)

Kappa solves the difference equation of trades every tau. The continuous limit, the root of
risk_aversion * sigma^2 / eta, is what many implementations use, and is wrong by a percent for
daily periods. asinh stays exact for a tiny risk aversion, where acosh(1 + x) loses its digits.
Without risk aversion kappa is 0 and the line is straight.

Both functions work in the engine's integers: `kappa_per_second_e9` when a plan is adopted,
`target_qty` at every point of its schedule. Inside, amounts are Decimals (days, currency units,
shares) in the fixed context of `exact_math`.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from functools import lru_cache

from engine.core.strategy.exact_math import CONTEXT, ONE, asinh

# The impact of the paper's example: each percent of the daily volume traded in a day moves
# the price by a spread for the moment, and each tenth moves it by a spread for good.
TEMPORARY_SPREADS_PER_VOLUME = 100
PERMANENT_SPREADS_PER_VOLUME = 10


def kappa_per_second_e9(
    *,
    risk_aversion_e12: int,
    volatility_px: int,
    spread_px: int,
    day_volume_qty: int,
    interval_ns: int,
    day_ns: int,
) -> int:
    """Kappa of a plan, 1e-9 per second, from market figures; 0 is a straight line.

    `risk_aversion_e12` counts 1e-12 per currency unit (the paper's example is 1,000,000),
    `volatility_px` is the standard deviation of a day's price change, `interval_ns` the distance
    of the schedule's points, `day_ns` the length of a trading day. Impact is that of the paper's
    example: trading a hundredth of a day's volume in a day costs a spread for the moment,
    a tenth moves the price by a spread for good. Rounds down: never more urgent than asked.
    Raises ValueError for a negative aversion or volatility, and for a spread, volume or time
    that is not positive. Source: Almgren, Chriss 2000, parameters of the example.
    """
    if risk_aversion_e12 < 0 or volatility_px < 0:
        raise ValueError(
            f"risk_aversion_e12 {risk_aversion_e12} and volatility_px {volatility_px} "
            "must not be negative"
        )
    if min(spread_px, day_volume_qty, interval_ns, day_ns) <= 0:
        raise ValueError(
            f"spread_px {spread_px}, day_volume_qty {day_volume_qty}, interval_ns {interval_ns} "
            f"and day_ns {day_ns} must be positive"
        )
    with localcontext(CONTEXT):
        risk_aversion = Decimal(risk_aversion_e12).scaleb(-12)
        sigma = Decimal(volatility_px).scaleb(-9)
        spread_per_share = Decimal(spread_px).scaleb(-9) / day_volume_qty
        tau = Decimal(interval_ns) / day_ns
        eta_tilde = _eta_tilde(
            spread_per_share * TEMPORARY_SPREADS_PER_VOLUME,
            spread_per_share * PERMANENT_SPREADS_PER_VOLUME,
            tau,
        )
        kappa_tilde = (risk_aversion * sigma * sigma / eta_tilde).sqrt()
        kappa = _discrete_kappa(kappa_tilde, tau)
        per_second_e9 = (kappa / day_ns).scaleb(18)
        return int(per_second_e9.to_integral_value(rounding=ROUND_FLOOR))


def target_qty(plan_qty: int, elapsed_ns: int, horizon_ns: int, kappa_e9: int) -> int:
    """Target quantity after `elapsed_ns` of a plan: X * (1 - sinh(k(T-t)) / sinh(kT)).

    Rounds down: never ahead of the schedule, so something always remains before the end. 0 at
    the start, `plan_qty` at the end, a straight line for kappa 0. Never falls as time goes on,
    not even by an error of rounding: each step below is monotone in time, and rounding keeps
    order. Raises ValueError for a negative quantity or kappa.
    """
    if plan_qty < 0 or kappa_e9 < 0:
        raise ValueError(f"plan_qty {plan_qty} and kappa_e9 {kappa_e9} must not be negative")
    if elapsed_ns >= horizon_ns:
        return plan_qty
    if elapsed_ns <= 0 or plan_qty == 0:
        return 0
    straight_qty = plan_qty * elapsed_ns // horizon_ns
    if kappa_e9 == 0:
        return straight_qty
    ratio = remaining_part(elapsed_ns, horizon_ns, kappa_e9)
    if ratio is None:
        return plan_qty - 1
    remaining = CONTEXT.multiply(ratio, plan_qty)
    curved_qty = plan_qty - int(remaining.to_integral_value(ROUND_CEILING, CONTEXT))
    # The sine is convex, so the curve is never behind the line; a tiny kappa meets it, where the
    # digits end.
    return max(curved_qty, straight_qty)


@lru_cache(maxsize=4_096)  # The tranches of a plan ask for the same moments, several times each.
def remaining_part(elapsed_ns: int, horizon_ns: int, kappa_e9: int) -> Decimal | None:
    """The part of a plan that remains, sinh(k(T-t)) / sinh(kT), between its start and its end.

    None where it is too small for a Decimal, yet not zero: the last unit remains.
    """
    # With a = e^-kt and e = e^-2kT the ratio of the sines is (a - e/a) / (1 - e). No power
    # here exceeds 1, so nothing overflows, however large kappa * T is.
    decay = CONTEXT.exp(CONTEXT.scaleb(-kappa_e9 * elapsed_ns, -18))
    if not decay:
        return None
    whole_decay = CONTEXT.exp(CONTEXT.scaleb(-2 * kappa_e9 * horizon_ns, -18))
    falling = CONTEXT.subtract(decay, CONTEXT.divide(whole_decay, decay))
    return CONTEXT.divide(falling, CONTEXT.subtract(ONE, whole_decay))


def _eta_tilde(eta: Decimal, gamma: Decimal, tau: Decimal) -> Decimal:
    """Temporary impact less half the permanent impact of a period."""
    eta_tilde = eta - gamma * tau / 2
    if eta_tilde <= 0:
        raise ValueError(
            f"eta_tilde {eta_tilde} must be positive: eta {eta} - gamma {gamma} * tau {tau} / 2; "
            "shorten the periods"
        )
    return eta_tilde


def _discrete_kappa(kappa_tilde: Decimal, tau: Decimal) -> Decimal:
    """Solve 2 * (cosh(kappa * tau) - 1) / tau^2 = kappa_tilde^2."""
    return 2 / tau * asinh(kappa_tilde * tau / 2)
