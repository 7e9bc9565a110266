"""Kinds of things by the names people know them by: of most of them a person uses one at a time."""

from semmem.language.words import listed

_NAMED: dict[str, str] = {
    "operating system": "windows linux ubuntu debian fedora arch mint macos mac nixos chromeos freebsd",
    "editor": "vim neovim emacs vscode intellij pycharm webstorm eclipse sublime zed nano",
    "browser": "chrome firefox safari edge brave opera vivaldi",
    "programming language": (
        "java kotlin python javascript typescript rust golang ruby php perl scala swift elixir haskell clojure cobol"
        " fortran matlab julia dart lua"
    ),
    "frontend": "react vue angular svelte",
    "database": "postgres postgresql mysql mariadb sqlite mongodb oracle cassandra dynamodb",
    "cloud": "aws azure gcp heroku hetzner digitalocean vercel netlify",
    "build server": "jenkins circleci travis teamcity",
    "phone system": "iphone android pixel",
    "chat": "slack teams discord mattermost",
    "messenger": "whatsapp telegram signal viber messenger",
    "notes": "notion obsidian evernote onenote",
    "mail service": "gmail outlook fastmail protonmail thunderbird",
    "assistant": "chatgpt claude gemini copilot perplexity",
    "music service": "spotify tidal deezer",
    "search engine": "google bing duckduckgo kagi",
    "tracker": "jira trello asana linear",
    "mode": "dark light",
    "time of day": "mornings evenings afternoons nights",
    "pet animal": "cats dogs",
    "hot drink": "coffee tea decaf matcha cocoa",
}
KIND_OF = {name: kind for kind, names in _NAMED.items() for name in listed(names)}

# What a phone or a laptop is called by.
DEVICES = {
    **dict.fromkeys(listed("iphone pixel galaxy oneplus xiaomi fairphone nokia samsung huawei motorola"), "phone"),
    **dict.fromkeys(listed("macbook thinkpad chromebook surface xps zenbook ideapad"), "laptop"),
}

# Worlds in which things die, are sold and get married.
GAMES = (
    *listed(
        "minecraft stardew fortnite roblox pokemon skyrim zelda fifa gta monopoly terraria rimworld warcraft catan"
    ),
    *(
        "animal crossing",
        "stardew valley",
        "world of warcraft",
        "red dead redemption",
        "second life",
        "football manager",
    ),
    *("dungeons and dragons", "d&d", "crusader kings", "the witcher", "baldur's gate", "elden ring"),
)

CAR_MAKES = frozenset(
    listed(
        """
        audi bmw chevrolet chevy citroen dacia fiat ford honda hyundai jaguar jeep kia lexus mazda mercedes mini
        mitsubishi nissan opel peugeot porsche renault saab seat skoda subaru suzuki tesla toyota vauxhall volkswagen
        volvo vw golf polo
        """
    )
)

# What a thing or a person has one of at a time, told by any word.
SLOTS = (
    *(
        "postcode",
        "zip",
        "zip code",
        "postal code",
        "pronouns",
        "major",
        "minor",
        "degree",
        "editor",
        "browser",
        "shell",
    ),
    *("os", "operating system", "terminal", "framework", "database", "stack", "theme", "font", "keyboard layout"),
    *(
        "time ?zone",
        "currency",
        "role",
        "team",
        "department",
        "shift",
        "phone plan",
        "plan",
        "tariff",
        "carrier",
        "isp",
    ),
    *("internet provider", "provider", "broker", "airline", "password manager", "search engine", "laptop", "phone"),
    *(
        "computer",
        "tablet",
        "monitor",
        "camera",
        "smartwatch",
        "watch",
        "headphones",
        "blood type",
        "dress size",
        "shoe size",
        "ring size",
    ),
    *("deadline", "commute", "hairstyle", "hair colou?r", "hair", "nationality", "religion", "party", "stage name"),
    *(
        "hobby",
        "sport",
        "go-to (?:drink|order|lunch|breakfast|meal|snack)",
        "usual (?:order|drink|breakfast|lunch|table|seat)",
    ),
    *(
        "emergency contact",
        "next of kin",
        "instagram",
        "twitter",
        "tiktok",
        "mastodon",
        "bluesky",
        "telegram",
        "discord",
    ),
    *("twitch", "snapchat", "skype", "linkedin", "github"),
)
