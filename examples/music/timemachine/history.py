"""A believable listening history of ten years, made from a seed: the same seed, the same plays.

The listener has moods: in each season some artists are favourites, new ones are discovered, old
ones fade and now and then return. Evenings and weekends are busier, holidays are silent, phones
are replaced. `records` gives what an export holds; `plays` gives the same as tuples.
"""

import datetime as dt
import itertools
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

FIRST = (
    "Velvet",
    "Paper",
    "Northern",
    "Silver",
    "Hollow",
    "Electric",
    "Midnight",
    "Golden",
    "Quiet",
    "Amber",
    "Neon",
    "Winter",
    "Distant",
    "Crystal",
    "Broken",
    "Wild",
    "Marble",
    "Lunar",
    "Copper",
    "Lost",
    "Salt",
    "Glass",
    "Violet",
    "Concrete",
    "Saffron",
    "Kinetic",
)
SECOND = (
    "Harbour",
    "Foxes",
    "Static",
    "Gardens",
    "Parade",
    "Lanterns",
    "Machines",
    "Coast",
    "Atlas",
    "Choir",
    "Tigers",
    "Orchard",
    "Radio",
    "Satellites",
    "Avenue",
    "Wolves",
    "Engines",
    "Tides",
    "Cinema",
    "Mirrors",
    "Embers",
    "Echoes",
    "Republic",
    "Circuit",
)
GIVEN = (
    "Ines",
    "Marlow",
    "Tove",
    "Idris",
    "Noor",
    "Elias",
    "Juno",
    "Priya",
    "Caspian",
    "Aiko",
    "Rafael",
    "Saoirse",
    "Mika",
    "Zadie",
    "Otis",
    "Lena",
    "Kofi",
    "Wren",
    "Dalia",
    "Emil",
)
FAMILY = (
    "Okafor",
    "Lindqvist",
    "Vale",
    "Marchetti",
    "Hayes",
    "Sørensen",
    "Castellan",
    "Rao",
    "Whitlock",
    "Tanaka",
    "Duarte",
    "Byrne",
    "Novak",
    "Achebe",
    "Keller",
    "Moreau",
    "Ito",
)
NOUNS = (
    "Summer",
    "Gravity",
    "Letters",
    "Horizon",
    "Shadows",
    "Rain",
    "Signal",
    "Rooftops",
    "Daylight",
    "Rivers",
    "Polaroid",
    "Thunder",
    "Gold",
    "Sleepwalker",
    "Maps",
    "Home",
    "Fever",
    "Aurora",
    "Postcards",
    "Satellite",
    "Undertow",
    "Cathedral",
    "Honey",
    "Smoke",
    "Wires",
    "Orbit",
    "Tokyo",
    "Ghosts",
    "Lighthouse",
    "Avalanche",
    "Blue",
    "Skyline",
)
SHAPES = (
    "{a}",
    "The {a}",
    "{a} & {b}",
    "{a} in {b}",
    "Before the {a}",
    "{a} Again",
    "No More {a}",
    "Dear {a}",
    "After {a}",
    "{a}, {b}",
    "Half {a}",
    "All the {a}",
    "{a} Without {b}",
    "Slow {a}",
    "Into {a}",
    "{a} Forever",
    "Every {a}",
    "Under {a}",
)

# How likely each hour is, from midnight on: workdays and weekends.
WORKDAY = (3, 1, 1, 0, 0, 1, 4, 16, 22, 14, 12, 12, 10, 12, 13, 13, 15, 22, 24, 18, 16, 17, 14, 8)
WEEKEND = (9, 6, 3, 1, 0, 0, 1, 3, 6, 11, 16, 19, 18, 17, 17, 18, 18, 17, 19, 20, 20, 19, 17, 14)

# From which year on, and what an export calls it. The last of a kind that has begun is in use.
PHONES = ((0, "iOS 9.3.1 (iPhone8,1)"), (3, "iOS 13.1 (iPhone12,1)"), (7, "iOS 17.0 (iPhone15,2)"))
OTHERS = ("OS X 10.13.4 [x86 8]", "Web Player (windows 10;chrome 84)", "Android-tablet OS 11",
          "Partner sonos_ppc Sonos;Play1", "Partner google cast_tv;Chromecast")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Song:
    uri: str
    name: str
    artist: str
    album: str
    ms: int


@dataclass(slots=True)
class Act:
    """An artist, with the records that came out over the years."""

    albums: list[list[Song]]
    appeal: float
    discovered: float
    """After how many of the history's days the listener meets them."""
    fades: float
    """In how many days their appeal halves."""
    returns: float
    """When old love comes back."""


@dataclass(frozen=True, slots=True)
class Listen:
    """One entry of an export."""

    ended_at: int
    song: Song
    ms_played: int
    platform: str
    reason_start: str
    reason_end: str
    shuffle: bool
    skipped: bool
    offline: bool


def make_acts(chance: random.Random, days: int, count: int = 320) -> list[Act]:
    bands = [f"{a} {b}" for a, b in itertools.product(FIRST, SECOND)]
    people = [f"{a} {b}" for a, b in itertools.product(GIVEN, FAMILY)]
    names = chance.sample(bands, count * 2 // 3) + chance.sample(people, count - count * 2 // 3)
    chance.shuffle(names)
    acts = []
    for place, name in enumerate(names):
        # A third is known from the start; the others are met by and by.
        met = 0 if place < count // 3 else chance.uniform(0, days * 0.97)
        appeal = chance.paretovariate(1.25)
        acts.append(
            Act(
                albums=[make_album(chance, name) for _ in range(chance.randint(1, 4))],
                appeal=min(appeal, 30),
                discovered=met,
                fades=chance.uniform(120, 1800),
                returns=chance.uniform(met, days * 1.6),
            )
        )
    return acts


def make_album(chance: random.Random, artist: str) -> list[Song]:
    name = make_title(chance)
    songs, titles = [], set()
    for _ in range(chance.randint(6, 13)):
        title = make_title(chance)
        if title not in titles:
            titles.add(title)
            uri = "spotify:track:" + "".join(chance.choices(ALPHABET, k=22))
            length = int(chance.gauss(215, 45) * 1000)
            songs.append(Song(uri, title, artist, name, max(90_000, length)))
    return songs


ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def make_title(chance: random.Random) -> str:
    first, second = chance.sample(NOUNS, 2)
    return chance.choice(SHAPES).format(a=first, b=second)


def liking(act: Act, day: float) -> float:
    """Return how much the listener wants to hear an act on a day."""
    age = day - act.discovered
    if age < 0:
        return 0
    fresh = 4 * math.exp(-age / 25)
    back = 3 * math.exp(-(((day - act.returns) / 40) ** 2))
    return act.appeal * (0.5 ** (age / act.fades) + 0.03 + fresh + back)


def listen(
    seed: int, total: int = 200_000, years: int = 10, last: dt.date | None = None
) -> Iterator[Listen]:
    """Yield plays in order of time, `total` of them, the last on the day `last` (yesterday)."""
    chance = random.Random(seed)  # noqa: S311 - a made history, no secret
    last = last or dt.date.today() - dt.timedelta(days=1)
    first = dt.date(last.year - years, last.month, min(last.day, 28))
    days = (last - first).days + 1
    acts = make_acts(chance, days)
    counts = plays_by_day(chance, first, days, total)
    favourites: list[float] = []
    for place, count in enumerate(counts):
        if place % 7 == 0:
            favourites = list(itertools.accumulate(liking(act, place) for act in acts))
        if count:
            day = first + dt.timedelta(days=place)
            yield from listen_for_a_day(chance, day, place, count, acts, favourites)


def plays_by_day(chance: random.Random, first: dt.date, days: int, total: int) -> list[int]:
    """Share the plays out over the days."""
    away = set()
    for start in range(0, days, 365):
        for length in (chance.randint(5, 15), chance.randint(2, 6)):
            begin = start + chance.randrange(365)
            away.update(range(begin, begin + length))
    level, weights = 1.0, []
    for place in range(days):
        day = first + dt.timedelta(days=place)
        if place % 30 == 0:
            level = chance.uniform(0.6, 1.5)
        winter = 1 + 0.18 * math.cos((day.timetuple().tm_yday - 15) / 365 * math.tau)
        weight = level * winter * (1.25 if day.weekday() >= 5 else 1) * chance.uniform(0.35, 1.7)
        weights.append(0 if place in away or chance.random() < 0.015 else weight)
    weights[-1] = weights[-1] or 1.0
    shares = list(itertools.accumulate(weights))
    cuts = [round(total * share / shares[-1]) for share in shares]
    return [end - begin for begin, end in itertools.pairwise([0, *cuts])]


def listen_for_a_day(chance, day, place, count, acts, favourites) -> Iterator[Listen]:
    weekend = day.weekday() >= 5
    hours = WEEKEND if weekend else WORKDAY
    year = place // 365
    phone = [name for begin, name in PHONES if begin <= year][-1]
    midnight = int(dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC).timestamp())
    # Sessions of about eight plays, each begun at a likely hour.
    sessions = max(1, round(count / 8))
    starts = sorted(
        midnight + hour * 3600 + chance.randrange(3600)
        for hour in chance.choices(range(24), hours, k=sessions)
    )
    left, clock = count, 0
    for number, start in enumerate(starts):
        amount = left if number == sessions - 1 else min(left, max(1, round(chance.gauss(8, 3))))
        left -= amount
        clock = max(clock, start)
        hour = (clock - midnight) // 3600
        at_work = not weekend and 9 <= hour < 17
        platform = phone
        if chance.random() < (0.65 if at_work else 0.25):
            platform = OTHERS[min(len(OTHERS) - 1, int(chance.expovariate(0.9)))]
        offline = platform == phone and 7 <= hour < 9 and chance.random() < 0.4
        shuffle = chance.random() < 0.35
        for song, reason in choose(chance, acts, favourites, amount, shuffle=shuffle):
            clock += 3
            if skipped := chance.random() < (0.2 if shuffle else 0.09):
                heard, reason_end = chance.randrange(2000, 55_000), "fwdbtn"
            else:
                heard, reason_end = song.ms, "trackdone"
            clock += heard // 1000
            yield Listen(
                clock, song, heard, platform, reason, reason_end, shuffle, skipped, offline
            )
        if left <= 0:
            return


def choose(chance, acts, favourites, amount, *, shuffle) -> Iterator[tuple[Song, str]]:
    """Yield the songs of one session: records in their order, or favourites mixed."""
    while amount > 0:
        [act] = chance.choices(acts, cum_weights=favourites)
        album = act.albums[min(len(act.albums) - 1, int(chance.expovariate(1.1)))]
        if shuffle or chance.random() < 0.45:
            # The first songs of a record are the known ones.
            yield album[min(len(album) - 1, int(chance.expovariate(0.4)))], "fwdbtn"
            amount -= 1
            continue
        part = album[: min(amount, chance.randint(3, len(album)) if len(album) > 3 else 3)]
        for number, song in enumerate(part):
            yield song, "trackdone" if number else "clickrow"
        amount -= len(part)


def to_record(play: Listen) -> dict:
    """Return a play as the provider's export writes it."""
    ended = dt.datetime.fromtimestamp(play.ended_at, dt.UTC)
    return {
        "ts": ended.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "username": "listener",
        "platform": play.platform,
        "ms_played": play.ms_played,
        "conn_country": "SE",
        "ip_addr_decrypted": "192.0.2.7",
        "user_agent_decrypted": "unknown",
        "master_metadata_track_name": play.song.name,
        "master_metadata_album_artist_name": play.song.artist,
        "master_metadata_album_album_name": play.song.album,
        "spotify_track_uri": play.song.uri,
        "episode_name": None,
        "episode_show_name": None,
        "spotify_episode_uri": None,
        "reason_start": play.reason_start,
        "reason_end": play.reason_end,
        "shuffle": play.shuffle,
        "skipped": play.skipped,
        "offline": play.offline,
        "offline_timestamp": None,
        "incognito_mode": False,
    }
