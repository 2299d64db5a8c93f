"""What kind of device an export's `platform` means."""

from functools import lru_cache

# The first that occurs in the text, in this order.
KINDS = (
    ("sonos", "speaker"),
    ("google_home", "speaker"),
    ("echo", "speaker"),
    ("cast_tv", "tv"),
    ("chromecast", "tv"),
    ("_tv", "tv"),
    ("tizen", "tv"),
    ("playstation", "tv"),
    ("xbox", "tv"),
    ("web player", "web"),
    ("web_player", "web"),
    ("tablet", "tablet"),
    ("ipad", "tablet"),
    ("car", "car"),
    ("iphone", "phone"),
    ("ios", "phone"),
    ("android", "phone"),
    ("os x", "computer"),
    ("osx", "computer"),
    ("windows", "computer"),
    ("linux", "computer"),
)
DEVICES = ("phone", "computer", "web", "tablet", "speaker", "tv", "car", "other")


@lru_cache(1000)
def device_of(platform: str) -> str:
    text = platform.lower()
    # Our own export names the kind itself.
    if text in DEVICES:
        return text
    for part, device in KINDS:
        if part in text:
            return device
    return "other"
