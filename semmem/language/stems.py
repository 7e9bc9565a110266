"""What is left of a word without its ending (Snowball; Porter 2001)."""

from snowballstemmer import stemmer


def stem(word: str, language: str = "english") -> str:
    # A stemmer of its own for each call: it keeps the word it works on, so threads could not share one.
    found: str = stemmer(language).stemWord(word)
    return found
