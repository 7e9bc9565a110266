"""Ids that a joined string, a pattern or a normalisation would take for one another."""

CYRILLIC_A, E_COMPOSED, E_DECOMPOSED = "\u0430", "\u00e9", "e\u0301"
IDS = ["a", "ab", "A", "aa", CYRILLIC_A, E_COMPOSED, E_DECOMPOSED, "a:b", "a/b", "a*", "*", "a%", "%", "a_", "_"]
IDS += ["a\\", " a", "a ", "{a}", "a}", "[a]", "a\n"]
# A tenant's end and a user's id that are the same once joined: bare, with a separator, or with the kind between them.
_JOINED = "a:a:aa/a_a"
SPLITS = [(_JOINED[:cut], _JOINED[cut:]) for cut in range(len(_JOINED))]
SPLITS += [("", "usera"), ("user", "a")]
# Words of SQL's arrays, of JSON and of our own keys; and ids as long as one may be.
ARRAYS = ["{a,b}", "{}", "NULL", "null", '{"a"}', ",", '"', "'", "''", "a'", "\\", "\\\\", "a\\b", "{a", "(a)", "$1"]
PATHS = ["user", "workspace", "user:a", "workspace:a", "acme", "acme:user:a", "a;--", "a\tb", "../a", "a\u200b"]
LONG = ["x" * 256, "x" * 255, "x" * 255 + "y", "é" * 128, "e\u0301" * 85]
