"""What caches and sessions are kept in: pickles, and folders that everybody may write to."""

from __future__ import annotations

import os
import stat
import typing as t
from pathlib import Path

from ..finding import Found, Severity, rule
from ..place import Place
from ..subject import Subject
from .keys import keeps_sessions_in_cookies

# None, as Python's object serialisation writes it: what reads this as None reads such data.
NOTHING = b"\x80\x04N."

# Backends that keep their values in the process itself, where nobody else writes.
IN_PROCESS = frozenset({"SimpleCache", "NullCache", "SimpleCacheBackend"})

# By the names that Flask-Session and Flask-Caching give them.
PICKLED_SESSIONS = frozenset({"filesystem", "memcached", "mongodb", "redis", "sqlalchemy"})
PICKLED_CACHES = frozenset(
    {"filesystem", "memcached", "redis", "FileSystemCache", "MemcachedCache", "RedisCache"}
    | {"RedisClusterCache", "RedisSentinelCache", "SASLMemcachedCache", "UWSGICache"}
)

# Of cachelib, each of which reads what another program may have written.
SHARED_CACHES = tuple(
    f"cachelib.{path}{name}"
    for path in ("", "file.", "redis.", "memcached.", "mongodb.")
    for name in ("FileSystemCache", "RedisCache", "MemcachedCache", "MongoDbCache")
)

UNSAFE_READERS = {
    "pickle.loads": "pickle.loads() runs code that is in the data.",
    "cPickle.loads": "cPickle.loads() runs code that is in the data.",
    "dill.loads": "dill.loads() runs code that is in the data.",
    "cloudpickle.loads": "cloudpickle.loads() runs code that is in the data.",
    "marshal.loads": "marshal.loads() can crash the process on data made for it.",
    "jsonpickle.decode": "jsonpickle.decode() makes any object that is named in the data.",
    "shelve.open": "shelve reads pickles, which run code that is in them.",
}


@rule(
    "B008",
    "Sessions or caches are read as pickles",
    Severity.WARNING,
    why="A pickle can run any code when it is read. Whoever can write to the store (the Redis port,"
    " the folder, another app on the machine) runs code in this one (CVE-2021-33026).",
    fix="Keep in sessions and caches what JSON or MessagePack can say, and read it as that: the"
    " signed cookie of the framework, or a serializer of your own. Otherwise let nobody but the"
    " app reach the store, and ignore this id.",
)
def pickles(subject: Subject) -> t.Iterator[Found]:
    """Try how the stores of Flask-Session and Flask-Caching read, and look at the code."""
    interface = subject.app.session_interface
    for store in (interface, *(getattr(interface, name, None) for name in ("cache", "client"))):
        if reads_pickles(store):
            kind = subject.setting("SESSION_TYPE") or type(interface).__name__
            yield subject.place_of("SESSION_TYPE"), f"Sessions ({kind}) are read as pickles."
            break
    else:
        kind = str(subject.setting("SESSION_TYPE"))
        # Set, and not used yet by an extension that could be tried.
        if kind in PICKLED_SESSIONS and keeps_sessions_in_cookies(subject):
            yield subject.place_of("SESSION_TYPE"), f"Sessions ({kind}) are read as pickles."
    kind = str(subject.setting("CACHE_TYPE"))
    if "cache" not in subject.app.extensions and kind.rpartition(".")[2] in PICKLED_CACHES:
        yield subject.place_of("CACHE_TYPE"), f"The cache ({kind}) is read as pickles."
    caches = subject.app.extensions.get("cache")
    for cache in caches.values() if isinstance(caches, dict) else ():
        name = type(cache).__name__
        if name not in IN_PROCESS and reads_pickles(cache):
            yield subject.place_of("CACHE_TYPE"), f"The cache ({name}) is read as pickles."
    for module, node, called in subject.sources.calls(*SHARED_CACHES):
        name = called.rpartition(".")[2]
        yield module.at(node), f"cachelib's {name} keeps its values as pickles."
    for module, node, called in subject.sources.calls(*UNSAFE_READERS):
        yield (
            module.at(node),
            next(what for name, what in UNSAFE_READERS.items() if called.endswith(name)),
        )


def reads_pickles(store: t.Any) -> bool:
    """Tell whether a store's serializer takes a pickle, by giving it one of None."""
    serializer = getattr(store, "serializer", None)
    for name in ("loads", "decode"):
        read = getattr(serializer, name, None)
        if not callable(read):
            continue
        try:
            return read(NOTHING) is None
        except Exception:
            return False
    return False


@rule(
    "B018",
    "A folder of sessions, caches or data is writable for everybody",
    Severity.ERROR,
    why="Any user of the machine can put a file there that the app takes for a session or a cached"
    " value of its own: to be logged in as anybody, or to run code where files are pickles.",
    fix="Give the app a folder of its own, outside of /tmp: chmod 700, owned by the user that runs"
    " it.",
)
def writable_by_all(subject: Subject) -> t.Iterator[Found]:
    """Look at the folders and files that settings name."""
    if os.name != "posix":
        return
    candidates = {
        key: subject.setting(key)
        for key in ("SESSION_FILE_DIR", "CACHE_DIR", "UPLOAD_FOLDER", "DATABASE")
    }
    uri = subject.setting("SQLALCHEMY_DATABASE_URI")
    if isinstance(uri, str) and uri.startswith("sqlite:////"):
        candidates["SQLALCHEMY_DATABASE_URI"] = uri.removeprefix("sqlite:///")
    for key, value in candidates.items():
        if isinstance(value, str | os.PathLike) and value:
            path = Path(os.fspath(value))
            if is_writable_by_all(path):
                yield subject.place_of(key), f"{key}: everybody may write to {path}."
    instance = Path(subject.app.instance_path)
    if is_writable_by_all(instance):
        yield (
            Place(instance, setting="instance_path"),
            "Everybody may write to the instance folder.",
        )


def is_writable_by_all(path: Path) -> bool:
    """Tell whether a file or a folder exists and any user may write to it."""
    try:
        return bool(path.stat().st_mode & stat.S_IWOTH)
    except (OSError, ValueError):
        return False
