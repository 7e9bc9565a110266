"""How people write, as words, sentences and times: no I/O, and no model."""
