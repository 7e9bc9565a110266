"""The newest events, in Redis."""
