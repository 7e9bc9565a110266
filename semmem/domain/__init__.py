"""Frozen values that check themselves, and no I/O."""
