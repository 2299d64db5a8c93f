"""Which removed name an error is about: what to use instead, and what gives it back."""

from __future__ import annotations

import re
import types


def note_removed_name(error: ImportError | AttributeError) -> None:
    """Add a note to an error about a name that Flask, Werkzeug or Jinja has removed."""
    from ..compat.legacy.table import BY_NAME

    for name in _asked_for(error):
        removed = BY_NAME.get(name)
        if removed is not None:
            instead = removed.instead.replace("`", "'")
            error.add_note(
                f"{removed.gone} removed {name!r}. Use {instead}; or run 'bolthead adopt --legacy',"
                " which gives such names back."
            )
            return


def _asked_for(error: ImportError | AttributeError) -> list[str]:
    """Return the full names that the failed look-up may have meant, as Flask calls them."""
    if isinstance(error, ImportError):
        found = re.match(r"cannot import name '(\w+)'", str(error))
        owners = [error.name or ""] if found else []
        name = found[1] if found else error.name
        return [_as_flask(".".join([*owners, str(name)]))]
    if isinstance(error.obj, types.ModuleType):
        return [_as_flask(f"{error.obj.__name__}.{error.name}")]
    cls = error.obj if isinstance(error.obj, type) else type(error.obj)
    places = [(base, base.__module__) for base in cls.__mro__]
    places += [(base, module.partition(".")[0]) for base, module in places]
    return [_as_flask(f"{module}.{base.__name__}.{error.name}") for base, module in places]


def _as_flask(name: str) -> str:
    return re.sub(r"^bolthead\b", "flask", name)
