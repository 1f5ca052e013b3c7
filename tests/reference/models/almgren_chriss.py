"""The best trajectories of Almgren and Chriss (2000) in real numbers, as an oracle for the plans.

Amounts are Decimals in the units of the caller: days, dollars, shares. The theory and the formula
of kappa are in `engine.core.strategy.almgren_chriss`, which needs kappa and the holdings alone; the
costs, the variance and the trajectory for a multiple of risk are here. The formulas are computed as
they are written, with so many digits that no cancellation matters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from itertools import accumulate, pairwise

ZERO = Decimal(0)
INFINITY = Decimal("Infinity")
WIDE = Context(prec=100, Emin=-999_999, Emax=999_999)

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
    with localcontext(WIDE):
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
            half_life=1 / kappa if kappa else INFINITY,
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
    with localcontext(WIDE):
        if risk_multiple == 0 or problem.sigma == 0:
            return _judged(problem, ZERO, risk_multiple)
        if _is_best_at_once(problem, risk_multiple):
            return _at_once(problem)
        # 2 * aversion * deviation grows with the aversion from 0 on: it is the size of the slope
        # of the cost at the optimum. So the root is bracketed within a factor of two, and halved.
        high = Decimal(1)
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
    return 2 / tau * _asinh(kappa_tilde * tau / 2)


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
    sines = [_sinh(kappa_tau * j) for j in range(periods + 1)]
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


def _sinh(x: Decimal) -> Decimal:
    return (x.exp() - (-x).exp()) / 2


def _asinh(x: Decimal) -> Decimal:
    return (x + (x * x + 1).sqrt()).ln()
