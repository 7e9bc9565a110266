"""From a question to hits, and from tiers of memory to a context within a budget."""
