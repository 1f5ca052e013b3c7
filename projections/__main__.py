"""`python -m projections` prints the page of the views, `docs/views.md`."""

import sys

from projections.catalogue import page

sys.stdout.write(page())
