"""Which release this is: a leaf, so that every layer may ask."""

__version__ = "0.2.0"
