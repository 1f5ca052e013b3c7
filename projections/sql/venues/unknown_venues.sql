-- Which venues quote that reference data does not know, so that they price nothing? One row a venue
-- and instrument.
create or replace view unknown_venues as
with
shown as (
    select venue, instrument_id, received_ns from quote_observed
    union all
    select venue, instrument_id, received_ns from depth_observed
)
select
    shown.venue,
    shown.instrument_id,
    count(*) as quotes,
    min(shown.received_ns) as first_ns,
    max(shown.received_ns) as last_ns
from shown
anti join venue_defined as defined on defined.venue = shown.venue
group by shown.venue, shown.instrument_id;
