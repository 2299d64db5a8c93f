"""What is kept: people, rooms and messages, in SQLite; each call has a connection of its own."""

import sqlite3
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS people (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    password_hash TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS rooms (
    slug TEXT PRIMARY KEY,
    title TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    room TEXT NOT NULL REFERENCES rooms,
    author TEXT NOT NULL,
    text TEXT NOT NULL,
    sent_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ'))
);
CREATE INDEX IF NOT EXISTS messages_by_room ON messages (room, id);
INSERT OR IGNORE INTO rooms (slug, title) VALUES ('lobby', 'Lobby');
"""

# In how many colours names are shown.
TONES = 6


@dataclass(frozen=True, slots=True)
class Message:
    id: int
    room: str
    author: str
    text: str
    sent_at: str

    @property
    def tone(self) -> int:
        return tone(self.author)

    def to_dict(self) -> dict:
        return asdict(self) | {"tone": self.tone}


def tone(name: str) -> int:
    """Return the number of a name's colour."""
    return sum(name.lower().encode()) % TONES


class Store:
    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as db:
            # With a write-ahead log nobody who reads waits for someone who writes.
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(SCHEMA)

    @contextmanager
    def _open(self):
        with closing(sqlite3.connect(self.path, timeout=10)) as db, db:
            db.row_factory = sqlite3.Row
            db.execute("PRAGMA foreign_keys = ON")
            yield db

    # People

    def add_person(self, name: str, password_hash: str) -> int | None:
        """Return the new person's id; None where the name is taken."""
        query = "INSERT INTO people (name, password_hash) VALUES (?, ?) RETURNING id"
        try:
            with self._open() as db:
                return db.execute(query, (name, password_hash)).fetchone()[0]
        except sqlite3.IntegrityError:
            return None

    def person(self, person_id: int) -> sqlite3.Row | None:
        with self._open() as db:
            return db.execute("SELECT * FROM people WHERE id = ?", (person_id,)).fetchone()

    def person_named(self, name: str) -> sqlite3.Row | None:
        with self._open() as db:
            return db.execute("SELECT * FROM people WHERE name = ?", (name,)).fetchone()

    # Rooms

    def rooms(self) -> list[sqlite3.Row]:
        """Return all rooms, each with its last message: `author`, `text`, or None."""
        query = """
            SELECT slug, title, author, text FROM rooms LEFT JOIN messages
            ON messages.id = (SELECT max(id) FROM messages WHERE room = slug)
            ORDER BY title COLLATE NOCASE"""
        with self._open() as db:
            return db.execute(query).fetchall()

    def room(self, slug: str) -> sqlite3.Row | None:
        with self._open() as db:
            return db.execute("SELECT * FROM rooms WHERE slug = ?", (slug,)).fetchone()

    def add_room(self, slug: str, title: str) -> bool:
        """Tell whether the room is new."""
        query = "INSERT OR IGNORE INTO rooms (slug, title) VALUES (?, ?)"
        with self._open() as db:
            return db.execute(query, (slug, title)).rowcount == 1

    # Messages

    def add_message(self, room: str, author: str, text: str) -> Message:
        query = "INSERT INTO messages (room, author, text) VALUES (?, ?, ?) RETURNING *"
        with self._open() as db:
            return Message(*db.execute(query, (room, author, text)).fetchone())

    def last_messages(self, room: str, before: int, count: int) -> list[Message]:
        """Return a room's messages before the one of that id, the oldest first."""
        query = "SELECT * FROM messages WHERE room = ? AND id < ? ORDER BY id DESC LIMIT ?"
        with self._open() as db:
            rows = db.execute(query, (room, before, count)).fetchall()
        return [Message(*row) for row in reversed(rows)]

    def messages_since(self, after: int, count: int, room: str | None = None) -> list[Message]:
        """Return the newest messages after the one of that id, the oldest first."""
        query = """
            SELECT * FROM messages WHERE id > :after AND (:room IS NULL OR room = :room)
            ORDER BY id DESC LIMIT :count"""
        with self._open() as db:
            rows = db.execute(query, {"after": after, "room": room, "count": count}).fetchall()
        return [Message(*row) for row in reversed(rows)]
