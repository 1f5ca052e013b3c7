"""Controls at the edge: checked before they are written, followed until they are answered."""
