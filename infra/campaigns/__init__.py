"""Long campaigns against the engine's promises; CI runs a part of each."""
