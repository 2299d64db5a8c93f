"""Files that everybody can fetch and nobody should."""

from __future__ import annotations

import ast
import os
import re
import typing as t
from pathlib import Path

from ..finding import Found, Severity, rule
from ..place import Place
from ..source import argument, is_library
from ..subject import Subject

MOST_FILES = 50_000

# By the name; what an app means to be fetched has none of these.
PRIVATE_FILE = re.compile(
    r"(?i)\.env(\..+)?|\.flaskenv|\.htpasswd|\.git|\.hg|\.svn|\.netrc|\.pgpass"
    r"|id_rsa|id_ed25519|.*\.(py|pyc|pyo|pyx|ipynb|db|sqlite|sqlite3|sql|dump|pem|key|p12|pfx|kdbx)"
    r"|.*\.(bak|old|orig|swp|log|cfg|ini)|.*~|docker-compose.*\.ya?ml|dockerfile|procfile"
    r"|requirements.*\.txt|pyproject\.toml|pipfile(\.lock)?|credentials.*\.json|secrets?\.(json|ya?ml|toml|txt|env)"
)

PLACES_FOR_UPLOADS = re.compile(r".*(UPLOAD|MEDIA_(ROOT|FOLDER)|ATTACHMENTS?_).*|.*_DEST")


@rule(
    "B011",
    "Secrets or sources lie where everybody can fetch them",
    Severity.ERROR,
    why="Every file below a static folder can be fetched by its name, and scanners try the usual"
    " names: /static/.env, /static/.git/config, /static/app.db.",
    fix="Move the file out of the static folder; replace the secrets that were in it. Give an app a"
    " static folder that holds nothing else.",
)
def private_files(subject: Subject) -> t.Iterator[Found]:
    """Look through the static folders, and at send_from_directory of the app's own folder."""
    own = Path(subject.app.root_path).resolve()
    for folder in static_folders(subject):
        if own == folder or own.is_relative_to(folder):
            where = Place(folder, setting="static_folder")
            yield where, "The static folder is the app's own: its source can be fetched."
            continue
        yield from ((Place(file), f"{file.name} can be fetched.") for file in _private(folder))
    for module, node, _ in subject.sources.flask_calls("send_from_directory"):
        given = argument(node, 0, "directory")
        is_own = given is not None and (
            module.resolve(given).endswith((".root_path", ".instance_path"))
            or subject.sources.texts(module, given) in (["."], ["./"], ["/"], [""])
            or (isinstance(given, ast.Call) and module.resolve(given.func) == "os.getcwd")
        )
        if is_own:
            yield module.at(node), "send_from_directory() serves the folder of the app itself."


def static_folders(subject: Subject) -> list[Path]:
    """Return the static folders of the app and of its own blueprints."""
    owners = (subject.app, *subject.app.blueprints.values())
    folders = [Path(owner.static_folder).resolve() for owner in owners if owner.static_folder]
    found = [folder for folder in folders if folder.is_dir() and not is_library(folder)]
    return list(dict.fromkeys(found))


def _private(folder: Path) -> t.Iterator[Path]:
    seen = 0
    for top, folders, names in os.walk(folder):
        for name in [*folders, *names]:
            seen += 1
            if PRIVATE_FILE.fullmatch(name):
                yield Path(top, name)
        # The folder itself was told of.
        folders[:] = [name for name in folders if not PRIVATE_FILE.fullmatch(name)]
        if seen > MOST_FILES:
            return


@rule(
    "B012",
    "Uploads or the instance folder lie in a static folder",
    Severity.ERROR,
    why="What a user uploads there is served as a page of your own: an .html or .svg file runs"
    " scripts with your users' sessions. The instance folder holds keys and databases.",
    fix="Keep uploads beside the app, in the instance folder, and send them with"
    " send_from_directory(folder, name, as_attachment=True).",
)
def uploads_in_static(subject: Subject) -> t.Iterator[Found]:
    """Look at the settings of folders, and at uploads that are saved below 'static'."""
    # Also one that is not there yet; not the app's own folder, which is told of as such.
    given = subject.app.static_folder
    own = Path(subject.app.root_path).resolve()
    folders = {*static_folders(subject), *([Path(given).resolve()] if given else [])}
    folders = {folder for folder in folders if not is_inside(own, folder)}
    for key, value in subject.config.items():
        if PLACES_FOR_UPLOADS.fullmatch(key) and isinstance(value, str | os.PathLike) and value:
            try:
                places = {Path(subject.app.root_path, value).resolve(), Path(value).resolve()}
            except (OSError, ValueError, TypeError):
                # No path at all.
                continue
            if any(is_inside(place, folder) for place in places for folder in folders):
                yield subject.place_of(key), f"{key} is {os.fspath(value)!r}, in a static folder."
    instance = Path(subject.app.instance_path).resolve()
    if any(is_inside(instance, folder) for folder in folders):
        yield Place(instance, setting="instance_path"), "The instance folder is in a static folder."
    yield from _saved_in_static(subject)


def is_inside(path: Path, folder: Path) -> bool:
    """Tell whether a path is a folder or lies in it."""
    return path == folder or path.is_relative_to(folder)


def _saved_in_static(subject: Subject) -> t.Iterator[Found]:
    for module in subject.sources.modules:
        for node, called in module.calls:
            if (
                not isinstance(node.func, ast.Attribute)
                or node.func.attr != "save"
                or not node.args
            ):
                continue
            function = module.function_around(node)
            uploads = function is not None and any(
                isinstance(inner, ast.Attribute)
                and inner.attr == "files"
                and module.resolve(inner.value).endswith("request")
                for inner in ast.walk(function)
            )
            if uploads and _names_static(subject, node.args[0], module):
                yield (
                    module.at(node),
                    f"{called or 'save'}() puts an upload into the static folder.",
                )


def _names_static(subject: Subject, node: ast.expr, module: t.Any, depth: int = 0) -> bool:
    """Tell whether an expression of a path has the static folder in it."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute) and inner.attr == "static_folder":
            return True
        if isinstance(inner, ast.Constant) and "static" in re.split(r"[/\\]", str(inner.value)):
            return True
        if isinstance(inner, ast.Name) and depth < 3:
            bound = subject.sources.find_constant(module, inner)
            if bound is not None and _names_static(subject, bound[1], bound[0], depth + 1):
                return True
    return False
