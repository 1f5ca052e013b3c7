"""The scales and the range of the engine's integers.

Rates and costs are counted in parts of one, times in nanoseconds; an Avro long has 64 bits.
"""

PPM = 1_000_000  # Parts per million in one.
MILLIBPS = 10_000_000  # 1e-3 basis points in one.
NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000
INT64_MAX = 2**63 - 1
INT64_MIN = -(2**63)
