"""Reference data and controls from TOML files."""
