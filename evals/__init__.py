"""Measuring semmem on data that others made."""
