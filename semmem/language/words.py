"""Lists of English words that several modules read, each kept once."""


def listed(text: str) -> tuple[str, ...]:
    """The words of the text."""
    return tuple(text.split())


MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
TEENS = ("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
COUNTS = {word: str(number) for number, word in enumerate(NUMBERS, start=1)}
ORDINALS = ("first", "second", "third")
TIMES = ("once", "twice")

# What stands before a time of which a part is meant: "until the end of last year".
PART_OF = r"(?: the)?(?:(?: very)? (?:beginning|start|middle|end) of(?: the)?| early| mid| late)?"

PLAIN_MONTHS = tuple(month for month in MONTHS if month != "May")  # a verb and a name too

# The last word of what people are by trade. What is a kinship or a pastime as well, such as "runner", is none here.
OCCUPATIONS = listed(
    """
    accountant actor actress administrator advisor agent analyst apprentice architect artist assistant attendant auditor
    author baker banker barber barista bartender biologist bookkeeper bricklayer broker butcher buyer captain caretaker
    carpenter cashier chef chemist cleaner clerk coach comedian composer constable consultant cook coordinator
    copywriter counsellor counselor courier dancer dentist designer detective developer dietitian director doctor
    driver economist editor electrician engineer estimator executive farmer firefighter fisherman florist foreman
    freelancer gardener geologist guard hairdresser historian illustrator inspector instructor intern interpreter
    investigator janitor jeweller jeweler journalist judge laborer labourer lawyer lecturer librarian lifeguard
    locksmith machinist manager marketer mason mathematician mechanic merchandiser midwife miner model musician nanny
    negotiator notary nurse nutritionist officer operator optician painter paralegal paramedic pastor pharmacist
    photographer physician physicist physiotherapist pilot plumber policeman policewoman postman priest principal
    producer professor programmer psychiatrist psychologist ranger realtor receptionist recruiter reporter researcher
    roofer sailor salesman saleswoman salesperson scientist secretary seamstress server sheriff shopkeeper soldier
    solicitor specialist steward stewardess strategist superintendent supervisor surgeon surveyor tailor teacher
    technician teller tester therapist trader trainee trainer translator tutor undertaker underwriter vet veterinarian
    waiter waitress warden watchmaker welder writer zookeeper lead
    rep representative postdoc barrister beautician stylist caterer founder ceo cto cfo dj
    plasterer groomer
    """
)


RELATIVES = listed(
    """
    son daughter kid kids child children husband wife mum mom dad mother father brother sister boyfriend girlfriend
    partner nephew niece cousin uncle aunt grandma grandpa grandmother grandfather grandson granddaughter parent parents
    """
)
# Of most of whom somebody has one at a time.
HELPERS = (
    *listed("doctor gp dentist therapist physiotherapist physio boss manager supervisor landlord landlady boyfriend"),
    *listed("girlfriend partner roommate flatmate housemate lawyer accountant tutor coach trainer hairdresser barber"),
    *listed("mentor vet mechanic bank gym school teacher professor nanny babysitter cleaner"),
    *("team lead", "line manager", "personal trainer", "driving instructor"),
)
MEATS = listed("chicken beef pork steak ham bacon")

# Words that are names of people too.
NAMES_TOO = listed("will may mark bill rose hope grace joy faith art drew frank rich pat june april august summer")

# Verbs of which the third person is made by an s.
S_VERBS = listed("live work need want prefer like love hate use own play speak drive drink eat enjoy sleep run")

# What one says or thinks with: what depends on these words is so for whoever says it.
SAYINGS = listed(
    """
    say says said tell tells told think thinks thought believe believes believed claim claims claimed insist insists
    insisted assume assumes assumed reckon reckons reckoned suspect suspects suspected swear swears swore guess guesses
    guessed hope hopes hoped suppose supposes supposed pretend pretends pretended imagine imagines imagined joke jokes
    joked lie lies lied deny denies denied doubt doubts doubted dream dreams dreamed dreamt wish wishes wished write
    writes wrote fear fears feared worry worries worried
    """
)

# How a thing is, which says nothing of what it is.
STATES = listed(
    """
    safe secure hard easy short long ready open public private free busy set ok okay fine good bad great better
    worse best nice cool slow fast quick big small huge tiny clean dirty early late sick well ill hot cold warm wet
    dry full empty available active inactive online offline valid invalid official complete final heavy light tight
    high low strong weak cheap expensive due over gone old new dead down lost missing
    """
)


def either(*lists: tuple[str, ...]) -> str:
    """A pattern of any of their words."""
    return "|".join(word for words in lists for word in words)
