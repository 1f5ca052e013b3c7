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

Amounts here are real numbers in the units of the caller (days, dollars, shares), as Decimals
in the fixed context of `exact_math`. Two functions work in the engine's integers:
`kappa_per_second_e9` when a plan is adopted, `target_qty` at every point of its schedule.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from itertools import accumulate, pairwise

from engine.core.strategy.exact_math import CONTEXT, ONE, asinh, sinh

ZERO = Decimal(0)
INFINITY = Decimal("Infinity")

# The impact of the paper's example: each percent of the daily volume traded in a day moves
# the price by a spread for the moment, and each tenth moves it by a spread for good.
TEMPORARY_SPREADS_PER_VOLUME = 100
PERMANENT_SPREADS_PER_VOLUME = 10

LVAR_STEPS = 100  # Halvings of a bracket of a factor of two: thirty digits.


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionProblem:
    """A quantity to trade and its market; any consistent units, here days, dollars and shares."""

    quantity: Decimal  # Shares, X.
    horizon: Decimal  # Days, T.
    periods: int  # Equal ones, N; a trade in each.
    sigma: Decimal  # Absolute volatility, $/share/day^0.5.
    gamma: Decimal  # Permanent impact, $/share^2.
    eta: Decimal  # Temporary impact, $*day/share^2.
    epsilon: Decimal  # Fixed cost: half the spread and fees, $/share.
    alpha: Decimal  # Drift, $/share/day; positive is a rising price, for a sale.


@dataclass(frozen=True, slots=True, kw_only=True)
class EfficientStrategy:
    """The best trajectory for a risk aversion, and its expected cost."""

    eta_tilde: Decimal
    kappa_tilde: Decimal  # 1/day.
    kappa: Decimal  # 1/day.
    half_life: Decimal  # Days, 1/kappa; infinite when kappa is 0.
    holdings: tuple[Decimal, ...]  # x_0 to x_N.
    trades: tuple[Decimal, ...]  # n_1 to n_N.
    expected_cost: Decimal  # $; positive is a cost.
    variance: Decimal  # $^2; sums x_1 to x_N, as the first trade happens at once.
    utility: Decimal  # expected_cost + risk_aversion * variance.
    permanent_cost: Decimal
    temporary_cost: Decimal
    residual_holdings: Decimal  # Holdings that a drift alone justifies; infinite without risk.
    cumulative_expected_cost: tuple[Decimal, ...]  # At the end of each period.
    cumulative_variance: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiquidityAdjustedRisk:
    """The trajectory that minimises expected cost plus a multiple of its standard deviation."""

    risk_aversion: Decimal  # Of the same efficient strategy; infinite for all at once.
    expected_cost: Decimal
    variance: Decimal
    holdings: tuple[Decimal, ...]
    objective: Decimal


def efficient_strategy(problem: ExecutionProblem, risk_aversion: Decimal) -> EfficientStrategy:
    """Minimise expected cost + `risk_aversion` (1/$) * variance.

    Without risk (aversion or volatility of 0) the trades are equal, whatever the drift: nothing
    would bound a bet on it. Raises ValueError if the horizon, the periods or eta_tilde are not
    positive, or if sigma or the risk aversion is negative.
    """
    if risk_aversion < 0:
        raise ValueError(f"risk_aversion {risk_aversion} must not be negative")
    with localcontext(CONTEXT):
        tau = _period(problem)
        eta_tilde = _eta_tilde(problem.eta, problem.gamma, tau)
        aversion_to_risk = risk_aversion * problem.sigma * problem.sigma
        kappa_tilde = (aversion_to_risk / eta_tilde).sqrt()
        kappa = _discrete_kappa(kappa_tilde, tau)
        residual = _residual_holdings(problem.alpha, aversion_to_risk)
        holdings = _holdings(problem, kappa * tau, residual)
        trades = tuple(before - after for before, after in pairwise(holdings))
        permanent_costs = [
            problem.gamma * trade * after for trade, after in zip(trades, holdings[1:], strict=True)
        ]
        temporary_costs = [
            problem.epsilon * abs(trade) + problem.eta / tau * trade * trade for trade in trades
        ]
        drift_gains = [problem.alpha * tau * after for after in holdings[1:]]
        variances = [problem.sigma * problem.sigma * tau * after * after for after in holdings[1:]]
        costs = [
            permanent + temporary - gain
            for permanent, temporary, gain in zip(
                permanent_costs, temporary_costs, drift_gains, strict=True
            )
        ]
        expected_cost = _total(costs)
        variance = _total(variances)
        return EfficientStrategy(
            eta_tilde=eta_tilde,
            kappa_tilde=kappa_tilde,
            kappa=kappa,
            half_life=ONE / kappa if kappa else INFINITY,
            holdings=holdings,
            trades=trades,
            expected_cost=expected_cost,
            variance=variance,
            utility=expected_cost + risk_aversion * variance,
            permanent_cost=_total(permanent_costs),
            temporary_cost=_total(temporary_costs),
            residual_holdings=residual,
            cumulative_expected_cost=tuple(accumulate(costs)),
            cumulative_variance=tuple(accumulate(variances)),
        )


def liquidity_adjusted_risk(
    problem: ExecutionProblem, risk_multiple: Decimal
) -> LiquidityAdjustedRisk:
    """Minimise expected cost + `risk_multiple` * standard deviation.

    The optimum is the efficient strategy whose risk aversion is risk_multiple / (2 * standard
    deviation). When the multiple outweighs the impact of trading everything at once, that is the
    optimum, and the risk aversion infinite. Raises ValueError like `efficient_strategy`, and for
    a negative multiple.
    """
    if risk_multiple < 0:
        raise ValueError(f"risk_multiple {risk_multiple} must not be negative")
    with localcontext(CONTEXT):
        if risk_multiple == 0 or problem.sigma == 0:
            return _judged(problem, ZERO, risk_multiple)
        if _is_best_at_once(problem, risk_multiple):
            return _at_once(problem)
        # 2 * aversion * deviation grows with the aversion from 0 on: it is the size of the slope
        # of the cost at the optimum. So the root is bracketed within a factor of two, and halved.
        high = ONE
        while _multiple_at(problem, high) < risk_multiple:
            high *= 2
        while _multiple_at(problem, high / 2) >= risk_multiple:
            high /= 2
        low = high / 2
        for _ in range(LVAR_STEPS):
            middle = (low + high) / 2
            if _multiple_at(problem, middle) < risk_multiple:
                low = middle
            else:
                high = middle
        return _judged(problem, high, risk_multiple)


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
    # With a = e^-kt and e = e^-2kT the ratio of the sines is (a - e/a) / (1 - e). No power
    # here exceeds 1, so nothing overflows, however large kappa * T is.
    decay = CONTEXT.exp(CONTEXT.scaleb(-kappa_e9 * elapsed_ns, -18))
    if not decay:
        return plan_qty - 1  # Too small for a Decimal, yet not zero: the last unit remains.
    whole_decay = CONTEXT.exp(CONTEXT.scaleb(-2 * kappa_e9 * horizon_ns, -18))
    falling = CONTEXT.subtract(decay, CONTEXT.divide(whole_decay, decay))
    ratio = CONTEXT.divide(falling, CONTEXT.subtract(ONE, whole_decay))
    remaining = CONTEXT.multiply(ratio, plan_qty)
    curved_qty = plan_qty - int(remaining.to_integral_value(ROUND_CEILING, CONTEXT))
    # The sine is convex, so the curve is never behind the line; a tiny kappa meets it, where the
    # digits end.
    return max(curved_qty, straight_qty)


def _period(problem: ExecutionProblem) -> Decimal:
    if problem.periods <= 0 or problem.horizon <= 0:
        raise ValueError(
            f"periods {problem.periods} and horizon {problem.horizon} must be positive"
        )
    if problem.sigma < 0:
        raise ValueError(f"sigma {problem.sigma} must not be negative")
    return problem.horizon / problem.periods


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


def _residual_holdings(alpha: Decimal, aversion_to_risk: Decimal) -> Decimal:
    if alpha == 0:
        return ZERO
    if aversion_to_risk == 0:
        return INFINITY.copy_sign(alpha)
    return alpha / (2 * aversion_to_risk)


def _holdings(
    problem: ExecutionProblem, kappa_tau: Decimal, residual: Decimal
) -> tuple[Decimal, ...]:
    periods = problem.periods
    if kappa_tau == 0:
        return tuple(problem.quantity * (periods - j) / periods for j in range(periods + 1))
    sines = [sinh(kappa_tau * j) for j in range(periods + 1)]
    whole = sines[periods]
    return tuple(
        problem.quantity * left / whole + residual * (1 - (left + gone) / whole)
        for gone, left in zip(sines, reversed(sines), strict=True)
    )


def _judged(
    problem: ExecutionProblem, risk_aversion: Decimal, risk_multiple: Decimal
) -> LiquidityAdjustedRisk:
    best = efficient_strategy(problem, risk_aversion)
    return LiquidityAdjustedRisk(
        risk_aversion=risk_aversion,
        expected_cost=best.expected_cost,
        variance=best.variance,
        holdings=best.holdings,
        objective=best.expected_cost + risk_multiple * best.variance.sqrt(),
    )


def _multiple_at(problem: ExecutionProblem, risk_aversion: Decimal) -> Decimal:
    return 2 * risk_aversion * efficient_strategy(problem, risk_aversion).variance.sqrt()


def _is_best_at_once(problem: ExecutionProblem, risk_multiple: Decimal) -> bool:
    """Whether holding anything after the first trade adds more risk than it saves impact.

    The deviation has a kink where nothing is held; that is the optimum when the slope of the
    cost there, -(2 * eta_tilde * X / tau + alpha * tau) for x_1 and -alpha * tau for the others,
    is not longer than risk_multiple * sigma * sqrt(tau).
    """
    tau = _period(problem)
    eta_tilde = _eta_tilde(problem.eta, problem.gamma, tau)
    if problem.periods == 1:
        return True
    drift = problem.alpha * tau
    first = 2 * eta_tilde * problem.quantity / tau + drift
    slope_squared = first * first + (problem.periods - 2) * drift * drift
    limit = risk_multiple * problem.sigma
    return slope_squared <= limit * limit * tau


def _at_once(problem: ExecutionProblem) -> LiquidityAdjustedRisk:
    quantity = problem.quantity
    impact = problem.eta * quantity * quantity / _period(problem)
    cost = problem.epsilon * abs(quantity) + impact
    return LiquidityAdjustedRisk(
        risk_aversion=INFINITY,
        expected_cost=cost,
        variance=ZERO,
        holdings=(quantity, *[ZERO] * problem.periods),
        objective=cost,
    )


def _total(amounts: Sequence[Decimal]) -> Decimal:
    return sum(amounts, ZERO)
