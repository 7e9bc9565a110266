"""Words and time: no I/O, and no model."""
