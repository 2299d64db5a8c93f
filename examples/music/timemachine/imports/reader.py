"""Read export files as a stream, entry by entry, with the line of each: JSON, alone or zipped.

An entry is decoded by the standard library's decoder from a window of text, so that memory stays
small, and the line of what is wrong is known, which event-based parsers do not tell.
"""

import codecs
import datetime as dt
import json
import re
import typing as t
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from ..catalogue import name_track
from ..devices import device_of

CHUNK = 1 << 18
LONGEST_ENTRY = 1 << 18
"""Characters of one entry; more is no play."""
MOST_MEMBERS = 500
BOMB_RATIO = 300
"""How many times larger than packed a zip's content may be, beyond the first 10 MB."""
SPACE = re.compile(r"[ \t\r\n]*")
# What the export holds beside music.
NO_AUDIO = re.compile(r"video|readme", re.IGNORECASE)
HISTORY = re.compile(r"(streaming_history_audio|endsong)[^/]*$", re.IGNORECASE)
EARLIEST, LATEST = 631_152_000, 4_070_908_800  # 1990, 2099


class Refused(Exception):
    """A file cannot be imported: which one, where, why."""

    def __init__(self, reason: str, line: int | None = None, member: str = "") -> None:
        where = [part for part in (member, line and f"line {line}") if part]
        super().__init__(f"{', '.join(where)}: {reason}" if where else reason)


class Entry(t.NamedTuple):
    key: str
    uri: str
    track: str
    artist: str
    album: str
    played_at: int
    ms_played: int
    device: str
    reason_start: str
    reason_end: str
    shuffle: bool
    skipped: bool
    offline: bool


def read_file(
    path: Path, tell: Callable[[float], None], unpacked_limit: int = 3_000_000_000
) -> Iterator[Entry | None]:
    """Yield what a file holds: an entry for each play, None for what is no music.

    `tell` is called now and then with the share that is read. Refused if anything is wrong.
    """
    if zipfile.is_zipfile(path):
        yield from read_zip(path, tell, unpacked_limit)
        return
    size = path.stat().st_size or 1
    with path.open("rb") as file:
        yield from read_json(file.read, lambda done: tell(done / size))


def read_zip(path: Path, tell: Callable[[float], None], limit: int) -> Iterator[Entry | None]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if is_history(member)]
            # Where files have the export's names, what else is there is something else.
            members = [member for member in members if HISTORY.search(member.filename)] or members
            if len(members) > MOST_MEMBERS:
                raise Refused(f"The zip holds {len(members)} files; {MOST_MEMBERS} at most.")
            if not members:
                raise Refused("The zip holds no streaming history: no .json file of audio.")
            declared = sum(member.file_size for member in members) or 1
            allowed = min(limit, max(10_000_000, BOMB_RATIO * path.stat().st_size))
            if declared > allowed:
                raise Refused(f"The zip would unpack to {declared:,} bytes; {allowed:,} at most.")
            before = 0
            for member in members:
                with archive.open(member) as file:
                    yield from read_json(
                        file.read,
                        lambda done, before=before: tell((before + done) / declared),
                        member=member.filename.rpartition("/")[2],
                        # What a member says of its size may be a lie.
                        most=member.file_size,
                    )
                before += member.file_size
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise Refused(f"The zip is damaged: {error}.") from error
    except (RuntimeError, NotImplementedError) as error:
        raise Refused(f"The zip cannot be unpacked: {error}.") from error


def is_history(member: zipfile.ZipInfo) -> bool:
    folder, _, name = member.filename.rpartition("/")
    return (
        name.lower().endswith(".json")
        and not name.startswith(".")
        and "__MACOSX" not in folder
        and not NO_AUDIO.search(name)
    )


class Window:
    """The part of a text that is being read, which grows at its end and is cut at its start."""

    def __init__(self, read: Callable[[int], bytes], tell, member: str, most: int | None) -> None:
        self._read, self._tell, self._most = read, tell, most
        self._decode = codecs.getincrementaldecoder("utf-8-sig")()
        self.member = member
        self.text = ""
        self.at = 0
        self.line = 1
        self.bytes = 0
        self.ended = False

    def more(self) -> bool:
        """Read on; tell whether there was anything."""
        chunk = self._read(CHUNK)
        self.bytes += len(chunk)
        if self._most is not None and self.bytes > self._most:
            raise self.refuse("The file is longer than the zip says")
        self._tell(self.bytes)
        try:
            new = self._decode.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            self.pass_to(len(self.text))
            raise self.refuse("This is not UTF-8 text") from error
        self.text = self.text[self.at :] + new
        self.at = 0
        self.ended = not chunk
        return bool(chunk)

    def pass_to(self, at: int) -> None:
        self.line += self.text.count("\n", self.at, at)
        self.at = at

    def next(self) -> str:
        """Return the next character that is no space; empty at the end."""
        while True:
            self.pass_to(SPACE.match(self.text, self.at).end())
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                return ""

    def refuse(self, reason: str, at: int | None = None) -> Refused:
        line = self.line
        if at is not None:
            line += self.text.count("\n", self.at, at)
        return Refused(reason if reason.endswith("?") else f"{reason}.", line, self.member)


def read_json(
    read: Callable[[int], bytes],
    tell: Callable[[int], None],
    *,
    member: str = "",
    most: int | None = None,
) -> Iterator[Entry | None]:
    """Yield the entries of one JSON file, which is a list of objects."""
    window = Window(read, tell, member, most)
    decode = json.JSONDecoder().raw_decode
    first = window.next()
    if first != "[":
        what = "is empty" if not first else f"begins with {first!r}"
        raise window.refuse(f"A history is a list that begins with “[”; this {what}")
    window.pass_to(window.at + 1)
    if window.next() == "]":
        expect_end(window)
        return
    while True:
        entry = next_value(window, decode)
        line = window.line
        if not isinstance(entry, tuple):
            raise window.refuse("An entry of the list is no object")
        value, end = entry
        try:
            yield to_entry(value)
        except ValueError as error:
            raise Refused(f"{error}.", line, member) from error
        window.pass_to(end)
        mark = window.next()
        if mark == "]":
            expect_end(window)
            return
        if mark != ",":
            what = f"instead of {mark!r}" if mark else "but the file ends here"
            raise window.refuse(f"A “,” or “]” should follow an entry, {what}")
        window.pass_to(window.at + 1)


def next_value(window: Window, decode) -> tuple[dict, int] | None:
    """Return the next object and where it ends; None if it is no object."""
    first = window.next()
    if first != "{":
        if not first:
            raise window.refuse("The file ends within the list; is it complete?")
        return None
    while True:
        try:
            return decode(window.text, window.at)
        except RecursionError as error:
            raise window.refuse("This is nested too deeply to be a play") from error
        except json.JSONDecodeError as error:
            # What is wrong far before the end of the window stays wrong, whatever follows; a
            # string that does not end may end later.
            final = len(window.text) - error.pos > 2000 and "Unterminated" not in error.msg
            if final or window.ended:
                raise broken(window, error) from error
        if len(window.text) - window.at > LONGEST_ENTRY + CHUNK:
            raise window.refuse("One entry is longer than any play")
        window.more()


def broken(window: Window, error: json.JSONDecodeError) -> Refused:
    if error.pos >= len(window.text.rstrip()) or "Unterminated" in error.msg:
        return window.refuse("The file ends within an entry; is it complete?", len(window.text))
    return window.refuse(f"This is not JSON: {error.msg}", error.pos)


def expect_end(window: Window) -> None:
    window.pass_to(window.at + 1)
    if window.next():
        raise window.refuse("Something follows the end of the list")


def to_entry(value: dict) -> Entry | None:
    """Return a play; None for a podcast or a video; ValueError says what is wrong with it."""
    if "ts" not in value and "endTime" in value:
        raise ValueError(
            "This is the short history of the last year; the extended streaming history is needed"
        )
    played_at = to_seconds(value.get("ts"))
    ms_played = value.get("ms_played")
    if type(ms_played) is not int or not 0 <= ms_played <= 172_800_000:
        raise ValueError(f"“ms_played” should be milliseconds, not {show(ms_played)}")
    track = text_of(value, "master_metadata_track_name", 300)
    artist = text_of(value, "master_metadata_album_artist_name", 300)
    album = text_of(value, "master_metadata_album_album_name", 300)
    uri = text_of(value, "spotify_track_uri", 300)
    if not track or not artist:
        return None
    skipped = value.get("skipped")
    return Entry(
        *name_track(uri, track, artist, album or "Unknown album"),
        played_at,
        ms_played,
        device_of(text_of(value, "platform", 1000)),
        text_of(value, "reason_start", 1000)[:32],
        text_of(value, "reason_end", 1000)[:32],
        flag(value, "shuffle"),
        # Old exports leave it out; then the reason tells.
        flag(value, "skipped") if skipped is not None else value.get("reason_end") == "fwdbtn",
        flag(value, "offline"),
    )


def to_seconds(text: t.Any) -> int:
    try:
        moment = dt.datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise ValueError(
            f"“ts” should be a time such as 2024-01-31T12:00:00Z, not {show(text)}"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    seconds = int(moment.timestamp())
    if not EARLIEST <= seconds < LATEST:
        raise ValueError(f"“ts” is out of range: {show(text)}")
    return seconds


def text_of(value: dict, name: str, longest: int) -> str:
    text = value.get(name)
    if text is None:
        return ""
    if not isinstance(text, str):
        raise ValueError(f"“{name}” should be text, not {show(text)}")
    # No database keeps a NUL or half a character.
    return text.replace("\0", "").encode("utf-8", "replace").decode()[:longest]


def flag(value: dict, name: str) -> bool:
    found = value.get(name)
    if found is None:
        return False
    if isinstance(found, bool) or found in (0, 1):
        return bool(found)
    raise ValueError(f"“{name}” should be true or false, not {show(found)}")


def show(value: t.Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:59] + "…"
