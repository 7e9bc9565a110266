"""From a text to the statements that are its speaker's own."""
