-- At which prices did the market trade while each parent and order worked? One row a parent or
-- order. Prints from the start of the span (included) to its end (excluded): vwap_all of every
-- print, vwap_eligible of those that count for volume, vwap_market of those without our own
-- executions. twap weights a price by the time that it was in force, until the next print; it is
-- null when no print tells which price was in force at the start. The columns up to from_ns are
-- those of tca_inputs. Prices in currency units, null without a print; _px and notional in 1e-9
-- units.
create or replace view interval_benchmarks as
with
ends as (
    select instrument_id, max(event_ns) as last_ns from price_in_force group by instrument_id
),
spans as (
    select
        span.* exclude (until_ns, notional),
        span.notional as done_notional,
        coalesce(span.until_ns, 9223372036854775807) as until_ns,
        coalesce(span.until_ns, ends.last_ns) as twap_until_ns
    from tca_inputs as span
    left join ends on ends.instrument_id = span.instrument_id
),
sums as (
    select
        span.*,
        coalesce(upto.cum_qty, 0) - coalesce(since.cum_qty, 0) as qty,
        coalesce(upto.cum_notional, 0) - coalesce(since.cum_notional, 0) as notional,
        coalesce(upto.cum_eligible_qty, 0) - coalesce(since.cum_eligible_qty, 0) as eligible_qty,
        coalesce(upto.cum_eligible_notional, 0) - coalesce(since.cum_eligible_notional, 0)
            as eligible_notional,
        coalesce(market_upto.cum_qty, 0) - coalesce(market_since.cum_qty, 0) as market_qty,
        coalesce(market_upto.cum_notional, 0) - coalesce(market_since.cum_notional, 0)
            as market_notional,
        price_since.px_ns + price_since.last_px * (span.from_ns - price_since.event_ns)::hugeint
            as since_px_ns,
        price_upto.px_ns + price_upto.last_px * (span.twap_until_ns - price_upto.event_ns)::hugeint
            as upto_px_ns
    from spans as span
    asof left join print_totals as since
        on since.instrument_id = span.instrument_id and since.event_ns < span.from_ns
    asof left join print_totals as upto
        on upto.instrument_id = span.instrument_id and upto.event_ns < span.until_ns
    asof left join market_tape as market_since
        on market_since.instrument_id = span.instrument_id and market_since.event_ns < span.from_ns
    asof left join market_tape as market_upto
        on market_upto.instrument_id = span.instrument_id and market_upto.event_ns < span.until_ns
    asof left join price_in_force as price_since
        on price_since.instrument_id = span.instrument_id and price_since.event_ns <= span.from_ns
    asof left join price_in_force as price_upto
        on price_upto.instrument_id = span.instrument_id
        and price_upto.event_ns <= span.twap_until_ns
)
select
    kind,
    id,
    instrument_id,
    side,
    order_qty,
    done_qty,
    done_notional,
    decision_px,
    arrival_px,
    from_ns,
    qty::bigint as volume_all_qty,
    market_qty::bigint as market_qty,
    if(qty > 0, notional::double / qty::double / 1e9, null) as vwap_all,
    if(eligible_qty > 0, eligible_notional::double / eligible_qty::double / 1e9, null)
        as vwap_eligible,
    if(market_qty > 0, market_notional::double / market_qty::double / 1e9, null) as vwap_market,
    if(
        twap_until_ns > from_ns,
        (upto_px_ns - since_px_ns)::double / (twap_until_ns - from_ns)::double / 1e9,
        null
    ) as twap
from sums;
