"""Ids that a joined string, a pattern or a normalisation would take for one another."""

from itertools import permutations

CYRILLIC_A, E_COMPOSED, E_DECOMPOSED = "\u0430", "\u00e9", "e\u0301"
IDS = ("a", "ab", "A", "aa", CYRILLIC_A, E_COMPOSED, E_DECOMPOSED, "a:b", "a/b", "a*", "*", "a%", "%", "a_", "_")
IDS += ("a\\", " a", "a ", "{a}", "a}", "[a]", "a\n")
PAIRS = list(permutations(("a", "aa", ":", "a:", "/", "{a}", E_COMPOSED), 2))
