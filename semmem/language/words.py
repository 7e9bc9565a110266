"""Lists of English words that several modules read, each kept once."""

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
ORDINALS = ("first", "second", "third")
TIMES = ("once", "twice")

PLAIN_MONTHS = tuple(month for month in MONTHS if month != "May")  # a verb and a name too


def either(*lists: tuple[str, ...]) -> str:
    """A pattern of any of their words."""
    return "|".join(word for words in lists for word in words)
