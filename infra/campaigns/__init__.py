"""Long runs that show a figure or a promise, started by hand; each says what it did."""
