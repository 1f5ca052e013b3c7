-- What is each venue called and what are its rules, as last defined? One row a venue.
create or replace view venues as
select
    venue,
    arg_max(name, position) as name,
    arg_max(kind, position) as kind,
    arg_max(protected, position) as protected,
    arg_max(midpoint, position) as midpoint,
    arg_max(min_qty, position) as min_qty,
    arg_max(odd_lots, position) as odd_lots
from venue_defined
group by venue;
