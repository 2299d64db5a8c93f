"""What ``werkzeug.filesystem`` and ``werkzeug.posixemulation`` had for names of files."""

from __future__ import annotations

import os
import sys

rename = os.replace
can_rename_open_file = os.name != "nt"


class BrokenFilesystemWarning(RuntimeWarning, UnicodeWarning):
    """Warned of a file system that was taken to hold ASCII only."""


def get_filesystem_encoding() -> str:
    """Return the encoding of file names."""
    return sys.getfilesystemencoding()
