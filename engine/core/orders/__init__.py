"""An order from its submission to its end: intake, pre-trade checks, changes, good till cancel."""
