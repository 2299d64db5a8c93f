"""A secret key that is made once and then kept in a file."""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path


def kept_key(folder: Path) -> str:
    """Return the key in `folder`, making folder and key at the first call.

    Workers that start together get the same key: each writes a draft that only its owner may
    read, and linking a draft into place works for exactly one of them.
    """
    path = folder / "secret_key"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=folder) as draft:
            draft.write(secrets.token_hex())
            draft.flush()
            with suppress(FileExistsError):
                os.link(draft.name, path)
    return path.read_text()
