"""The face: what a caller of semmem holds and calls."""
