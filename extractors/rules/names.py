"""Names that look like a place or an employer after "moved to" or "joined", and are none."""

from semmem.language.words import DAYS, PLAIN_MONTHS

_DAYS = frozenset(day.lower() for day in DAYS)
_CALENDAR = _DAYS | frozenset(month.lower() for month in PLAIN_MONTHS)


def names(text: str) -> frozenset[str]:
    """The words of the text."""
    return frozenset(text.split())


# What people move, switch or change to and do not live in: software, devices, teams, ways to eat.
NOT_A_PLACE = _DAYS | names(
    """
    kubernetes docker podman python java javascript typescript rust golang go ruby php perl scala kotlin swift elixir
    haskell clojure c csharp cobol fortran matlab julia react vue angular svelte django flask rails spring laravel
    postgres postgresql mysql mariadb sqlite mongodb mongo redis kafka rabbitmq elasticsearch cassandra oracle snowflake
    bigquery databricks spark airflow terraform ansible jenkins github gitlab bitbucket git svn jira confluence trello
    asana notion obsidian evernote onenote slack teams discord zoom skype whatsapp signal telegram viber messenger
    linux ubuntu debian fedora arch mint windows macos mac osx ios android chromeos unix bsd nixos vim neovim emacs
    vscode intellij pycharm eclipse xcode cursor sublime excel word powerpoint outlook gmail thunderbird fastmail proton
    protonmail icloud dropbox onedrive sharepoint chrome firefox safari edge brave opera vivaldi aws azure gcp heroku
    vercel netlify cloudflare hetzner digitalocean openai chatgpt claude gemini copilot llama mistral perplexity netflix
    spotify tidal deezer hulu disney youtube twitch tiktok instagram facebook twitter x mastodon bluesky threads reddit
    linkedin pinterest snapchat duolingo babbel anki kindle audible iphone ipad pixel samsung galaxy thinkpad macbook
    lenovo dell asus xbox playstation nintendo steam scrum kanban agile waterfall grpc rest graphql oauth http https
    marketing sales finance hr engineering accounting legal operations logistics procurement it r&d qa support
    management research production
    vegan vegetarian keto paleo decaf tea coffee verizon t-mobile at&t vodafone o2 telekom comcast
    monthly weekly yearly premium pro basic plan
    n26 revolut paypal venmo wise monzo visa mastercard amex quickbooks sap salesforce hubspot shopify wordpress
    woocommerce figma sketch photoshop canva blender unity unreal godot numpy pandas pytorch tensorflow keras jax
    version v1 v2 v3 v4 level stage phase chapter page step class team group plan b db2 ipv6 utc cet est pst
    row seat table gate lane desk platform booth ward bed room terminal bay economy business
    """
)

# What people say to live in and wear.
WORN = names(
    """
    clothes crocs jeans leggings sweatpants sweats joggers trainers sneakers pajamas pyjamas pjs hoodies hoodie shorts
    boots sandals slippers socks dresses skirts vans converse birkenstocks uggs docs levis levi's lululemon adidas nike
    patagonia uniqlo flannel denim black scrubs overalls dungarees flip-flops heels suits linen wool
    """
)

# What one joins without being employed there; the apps above too.
NOT_AN_EMPLOYER = NOT_A_PLACE | names(
    """
    greenpeace mensa amnesty rotary lions toastmasters weight watchers scouts crossfit peloton costco prime ozempic
    wegovy metformin ibuprofen prozac zoloft lexapro insulin yoga pilates judo karate tinder bumble hinge strava
    equinox planet booktok tiktok labour tories discord reddit
    patreon substack ebay amazonprime airbnb couchsurfing bookclub meetup parkrun wellpass classpass alcoholics aa
    """
)

# Capitalised words that name neither a person nor a firm.
NOT_NAMES = _CALENDAR | names(
    """
    german french spanish italian english british american canadian mexican dutch polish russian chinese japanese korean
    indian turkish greek swedish danish norwegian finnish portuguese brazilian austrian swiss irish scottish welsh
    belgian czech hungarian romanian ukrainian australian african asian european catholic protestant muslim jewish
    hindu buddhist christian i home night nights
    """
)
