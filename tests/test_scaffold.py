"""What app and blueprint have in common: folders, files, and methods of set-up."""

from __future__ import annotations

from pathlib import Path

import pytest

from bolthead import Blueprint, Flask


@pytest.fixture(params=["app", "blueprint"])
def make(request):
    """Make an app, or a blueprint."""
    if request.param == "app":
        return lambda **options: Flask("tested_app", **options)
    return lambda **options: Blueprint("part", "tested_app", **options)


FOLDERS = {
    "name": ("assets", None, "/assets"),
    "nested": ("web/assets", None, "/assets"),
    "trailing slash": ("assets/", None, "/assets"),
    "given path": ("assets", "/files", "/files"),
    "given path with slash": ("assets", "/files/", "/files"),
    "path object": (Path("assets"), None, "/assets"),
    "root path": ("assets", "/", ""),
}


@pytest.mark.parametrize(("folder", "given", "url_path"), FOLDERS.values(), ids=FOLDERS)
def test_static_folder_and_its_url(make, tmp_path, folder, given, url_path):
    """The static folder lies in the root folder and is served under its name, or a given path."""
    made = make(root_path=str(tmp_path), static_folder=folder, static_url_path=given)
    assert made.static_folder == str(tmp_path / folder)
    assert made.static_url_path == url_path
    assert made.has_static_folder


def test_no_static_folder(make):
    """Without a static folder there is no static URL path."""
    made = make(static_folder=None)
    assert (made.static_folder, made.static_url_path, made.has_static_folder) == (None, None, False)


def test_static_folder_may_be_set_later(make, tmp_path):
    """The folder may be set and taken away after the fact."""
    made = make(root_path=str(tmp_path), static_folder=None)
    made.static_folder = "later/"
    assert made.static_folder == str(tmp_path / "later")
    made.static_folder = None
    assert not made.has_static_folder


def test_static_file_is_served(tmp_path):
    """A file of the static folder is served; what lies outside of it is not."""
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "a.txt").write_text("a file")
    (tmp_path / "secret.txt").write_text("a secret")
    app = Flask("tested_app", root_path=str(tmp_path))
    client = app.test_client()
    response = client.get("/static/a.txt", buffered=True)
    assert (response.text, response.mimetype) == ("a file", "text/plain")
    for path in ("/static/../secret.txt", "/static/%2e%2e/secret.txt", "/static/none.txt"):
        assert client.get(path).status_code == 404
    assert client.post("/static/a.txt").status_code == 405


def test_static_route_can_be_at_the_root(tmp_path):
    """With ``static_url_path=""`` files are served from the root."""
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "robots.txt").write_text("none")
    app = Flask("tested_app", root_path=str(tmp_path), static_url_path="")
    app.add_url_rule("/page", "page", lambda: "page")
    assert app.test_client().get("/robots.txt", buffered=True).text == "none"
    assert app.test_client().get("/page").text == "page"


def test_send_static_file_without_a_folder_says_so():
    """Serving static files without a folder is an error."""
    app = Flask("tested_app", static_folder=None)
    with app.test_request_context(), pytest.raises(RuntimeError, match="'static_folder' must be"):
        app.send_static_file("a.txt")


MODES = {"bytes": ("rb", "é".encode()), "text": ("r", "é"), "explicit text": ("rt", "é")}


@pytest.mark.parametrize(("mode", "content"), MODES.values(), ids=MODES)
def test_open_resource(make, tmp_path, mode, content):
    """A file of the root folder can be opened for reading, as bytes or text."""
    (tmp_path / "a.txt").write_text("é", encoding="utf-8")
    made = make(root_path=str(tmp_path))
    options = {} if mode == "rb" else {"encoding": "utf-8"}
    with made.open_resource("a.txt", mode, **options) as file:
        assert file.read() == content


@pytest.mark.parametrize("mode", ["w", "x", "a", "r+"])
def test_open_resource_is_for_reading(make, mode):
    """A mode that writes is refused."""
    with pytest.raises(ValueError, match="Resources can only be opened for reading"):
        make().open_resource("a.txt", mode)


def test_template_loader(make, tmp_path):
    """A template folder makes a loader; none makes none."""
    assert make(template_folder=None).jinja_loader is None
    loader = make(root_path=str(tmp_path), template_folder="pages").jinja_loader
    assert loader.searchpath == [str(tmp_path / "pages")]


MAX_AGES = {"unset": (None, None), "seconds": (90, 90)}


@pytest.mark.parametrize(("setting", "expected"), MAX_AGES.values(), ids=MAX_AGES)
def test_max_age_of_files(make, app, setting, expected):
    """How long files are kept is SEND_FILE_MAX_AGE_DEFAULT of the app in force."""
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = setting
    with app.app_context():
        assert make().get_send_file_max_age("a.txt") == expected


DECORATORS = {
    "before_request": lambda made, f: made.before_request(f),
    "after_request": lambda made, f: made.after_request(f),
    "teardown_request": lambda made, f: made.teardown_request(f),
    "context_processor": lambda made, f: made.context_processor(f),
    "url_value_preprocessor": lambda made, f: made.url_value_preprocessor(f),
    "url_defaults": lambda made, f: made.url_defaults(f),
    "errorhandler": lambda made, f: made.errorhandler(404)(f),
    "route": lambda made, f: made.route("/")(f),
    "get": lambda made, f: made.get("/")(f),
    "endpoint": lambda made, f: made.endpoint("e")(f),
}


@pytest.mark.parametrize("decorate", DECORATORS.values(), ids=DECORATORS)
def test_decorators_return_the_function(make, decorate):
    """Every decorator returns what it was given, so that decorators can be stacked."""

    def function(*args):
        return None

    assert decorate(make(), function) is function


def test_missing_view_and_endpoint_is_an_error(app):
    """A rule needs an endpoint or a view to be named after."""
    with pytest.raises(AssertionError, match="expected view func if endpoint is not provided"):
        app.add_url_rule("/")


def test_set_up_methods_keep_their_names_and_words():
    """Set-up methods show their own names and documentation."""
    assert Flask.route.__name__ == "route"
    assert Flask.before_request.__doc__


@pytest.mark.parametrize("name", ["route", "get", "post"])
def test_decorator_without_its_path(make, name):
    """A route's decorator that was not called routes nothing, as in Flask, and warns of it."""
    made = make()
    with pytest.warns(
        UserWarning, match="'index' is not routed: its decorator has no path"
    ) as told:

        @getattr(made, name)
        def index():
            return "never"

    assert told[0].filename == __file__
