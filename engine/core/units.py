"""Parts of one: the scales of the integers that count rates and costs."""

PPM = 1_000_000  # Parts per million in one.
MILLIBPS = 10_000_000  # 1e-3 basis points in one.
