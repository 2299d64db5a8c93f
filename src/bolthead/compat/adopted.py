"""Make 'import flask' give Bolthead in this environment; 'bolthead adopt --undo' takes it back.

'bolthead adopt' writes a copy of this file into site-packages, with a .pth file that imports it
whenever Python starts. So it imports nothing that Python has not imported by then.
"""

import os
import sys

LEGACY = False  # True in the copy that 'bolthead adopt --legacy' writes

# With LEGACY these have names that were removed, though a program imports them before Flask.
WITH_NAMES = ("werkzeug", "jinja2", "markupsafe")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec


class LazyFinder:
    """Calls Bolthead when Flask is imported for the first time, and does nothing before."""

    def __init__(self) -> None:
        self.busy = False

    def find_spec(
        self, name: str, path: object = None, target: object = None
    ) -> "ModuleSpec | None":
        """Put Bolthead in Flask's place, if it is still installed and nobody said no."""
        if name != "flask" and not (
            LEGACY and name in WITH_NAMES and "bolthead" not in sys.modules
        ):
            return None
        if self.busy or os.environ.get("BOLTHEAD_ADOPT") == "0":
            return None
        self.busy = True
        try:
            from importlib.util import find_spec

            if find_spec("bolthead") is None:
                return None
            from bolthead.compat import find_alias, find_present, install_as_flask

            install_as_flask(legacy=LEGACY)
            if name != "flask":
                return find_present(name)
            # Where the name is there when a finder returns, importlib takes that module's own
            # spec instead of the one it is given, and would run Bolthead a second time.
            sys.modules.pop(name, None)
            return find_alias(name)
        finally:
            self.busy = False


if not any(type(finder).__name__ == "LazyFinder" for finder in sys.meta_path):
    # After the finders of import hooks, such as tracing tools set up, and before the one for files.
    names = [getattr(finder, "__name__", "") for finder in sys.meta_path]
    place = names.index("PathFinder") if "PathFinder" in names else 0
    sys.meta_path.insert(place, LazyFinder())
