"""The names that Flask and its libraries removed, given back by ``legacy=True``."""

import subprocess
import sys
import textwrap
import warnings

import pytest

from bolthead import Flask, redirect
from bolthead.blueprints import Blueprint
from bolthead.compat.legacy.table import NAMES

START = """
import warnings
warnings.simplefilter("ignore")
import bolthead
bolthead.install_as_flask(legacy=True)

def told(f):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        value = f()
    return value, [str(w.message) for w in caught if issubclass(w.category, DeprecationWarning)]
"""


def run_legacy(source, **options):
    """Run a program with the removed names in a process of its own."""
    return run_python(START + textwrap.dedent(source), **options)


def run_python(source, **options):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(source)], capture_output=True, text=True, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# Rows that are no name of a module; each has a test below.
OTHERWISE = {
    "flask.ctx.RequestContext.g",
    "flask.ctx.RequestContext.auto_pop",
    "JSON_AS_ASCII",
    "JSON_SORT_KEYS",
    "JSONIFY_MIMETYPE",
    "JSONIFY_PRETTYPRINT_REGULAR",
    "ENV",
    "FLASK_ENV",
    "PRESERVE_CONTEXT_ON_EXCEPTION",
    "flask.Config.from_json",
    "set-up after the first request",
    "set-up of a registered blueprint",
    "flask.send_file(attachment_filename=)",
    "flask.send_file(cache_timeout=)",
    "flask.send_file(add_etags=)",
    "flask.send_file(filename_or_fp=)",
    "flask.send_from_directory(filename=)",
    "flask.scaffold",
    "flask._compat",
    "werkzeug._compat",
    "werkzeug.useragents",
    "werkzeug.filesystem",
    "werkzeug.posixemulation",
    "werkzeug.<name>",
    "collections.<name>",
    "inspect.getargspec",
    "werkzeug.wrappers.<Mixin>",
    "werkzeug.wrappers.<module>",
    "werkzeug.wrappers.Request.charset",
    "werkzeug.wrappers.Request.url_charset",
    "werkzeug.wrappers.Request.encoding_errors",
    "werkzeug.wrappers.Response.charset",
    "werkzeug.exceptions.HTTPException.wrap",
}


def test_each_name_warns_once():
    """The first use of a name warns, with what to use instead; the second one does not."""
    of_modules = [
        row
        for row in NAMES
        if row.name not in OTHERWISE
        and not row.name.startswith(("flask.Flask.", "flask.Blueprint"))
    ]
    assert len(of_modules) > 60
    run_legacy(
        f"""
        import importlib
        for name, instead in {[(row.name, row.instead) for row in of_modules]!r}:
            module, _, attribute = name.rpartition(".")
            module = importlib.import_module(module)
            value, messages = told(lambda: getattr(module, attribute))
            assert len(messages) == 1, (name, messages)
            assert f"'{{name}}' was removed in" in messages[0], messages
            assert messages[0].endswith(f"Use {{instead.replace('`', chr(39))}}."), messages
            again, messages = told(lambda: getattr(module, attribute))
            assert again is value and messages == [], (name, messages)
        """
    )


def test_each_attribute_warns_once():
    """So does the first use of an attribute of the app, or of a blueprint."""
    attributes = [
        row.name for row in NAMES if row.name.startswith(("flask.Flask.", "flask.Blueprint."))
    ]
    assert len(attributes) > 15
    run_legacy(
        f"""
        import flask
        owners = {{"Flask": flask.Flask("shop"), "Blueprint": flask.Blueprint("shop", "shop")}}
        for name in {attributes!r}:
            _, kind, attribute = name.split(".")
            def use():
                value = getattr(owners[kind], attribute)
                if attribute in ("open_session", "save_session", "make_null_session"):
                    return None
                return value(lambda: None) if callable(value) and attribute[:6] == "before" else (
                    value() if attribute[:3] == "try" else value)
            _, messages = told(use)
            if attribute in ("open_session", "save_session", "make_null_session"):
                continue
            assert [m for m in messages if f"'{{name}}' was removed in" in m], (name, messages)
            assert told(use)[1] == [], name
        """
    )


def test_the_warning_names_the_line_that_uses_it(tmp_path):
    """A warning is shown for the file that uses the name, not for Bolthead's."""
    (tmp_path / "old.py").write_text("from flask import Markup\n\nprint(Markup('<b>'))\n")
    run_python(
        """
        import bolthead, warnings
        bolthead.install_as_flask(legacy=True)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            import old
        (warning,) = caught
        assert warning.filename.endswith("old.py") and warning.lineno == 1, warning
        """,
        cwd=tmp_path,
    )


def test_without_it_nothing_is_there():
    """Without legacy=True none of the names is there, and nothing of it is imported."""
    run_python(
        """
        import sys
        import bolthead
        bolthead.install_as_flask()
        import flask, flask.json, flask.globals, werkzeug.urls
        assert not any(name.startswith("bolthead.compat.legacy") for name in sys.modules)
        for module, name in (
            (flask, "Markup"), (flask, "_request_ctx_stack"), (flask.json, "JSONEncoder"),
            (flask.Flask, "before_first_request"), (werkzeug.urls, "url_quote"),
        ):
            assert not hasattr(module, name), name
        for name in ("flask._compat", "flask.scaffold"):
            try:
                __import__(name)
            except ModuleNotFoundError:
                pass
            else:
                raise AssertionError(name)
        """
    )


def test_warnings_as_errors():
    """Where warnings are errors, the install itself raises none."""
    run_python(
        "import bolthead; bolthead.install_as_flask(legacy=True)", env={"PYTHONWARNINGS": "error"}
    )


def test_stacks_have_the_context_as_top():
    """The tops are the contexts in force, or None, and keep attributes for one request."""
    run_legacy(
        """
        from flask import Flask, _app_ctx_stack, _request_ctx_stack, g
        app = Flask("shop")

        @app.route("/")
        def show():
            top = _request_ctx_stack.top
            seen = hasattr(top, "user"), hasattr(_app_ctx_stack.top, "db")
            top.user, _app_ctx_stack.top.db = "ada", 1
            assert _request_ctx_stack.top.user == "ada"
            assert top.request.path == "/" and _app_ctx_stack.top.app is app
            g.x = 1
            assert top.g.x == 1
            return str(seen)

        client = app.test_client()
        assert client.get("/").text == client.get("/").text == "(False, False)"
        assert _request_ctx_stack.top is None and _app_ctx_stack.top is None
        ctx = app.app_context()
        _app_ctx_stack.push(ctx)
        assert _app_ctx_stack.top is ctx and _app_ctx_stack.pop() is ctx
        assert _app_ctx_stack.top is None and _app_ctx_stack.pop() is None
        ctx = app.test_request_context("/")
        ctx.push()
        ctx.auto_pop(None)
        assert _request_ctx_stack.top is None
        """
    )


def test_json_by_encoders_and_settings():
    """Answers are written by the blueprint's encoder, the app's, and the removed settings."""
    run_legacy(
        """
        import datetime, json
        from flask import Blueprint, Flask, jsonify, request
        from flask.json import JSONDecoder, JSONEncoder, dumps

        class Sets(JSONEncoder):
            def default(self, o):
                return sorted(o) if isinstance(o, set) else super().default(o)

        class Stars(json.JSONEncoder):
            def default(self, o):
                return "*"

        class Upper(JSONDecoder):
            def decode(self, s):
                return super().decode(s.upper())

        app = Flask("shop")
        part = Blueprint("part", "part", url_prefix="/part")
        answer = lambda: {"b": {2, 1}, "a": datetime.date(2020, 1, 2)}
        app.add_url_rule("/", "show", answer)
        part.add_url_rule("/", "show", answer)
        app.add_url_rule("/in", "read", lambda: jsonify(request.get_json()), methods=["POST"])
        app.json_encoder, app.json_decoder, part.json_encoder = Sets, Upper, Stars
        app.register_blueprint(part)
        client = app.test_client()
        date = "Thu, 02 Jan 2020 00:00:00 GMT"
        assert client.get("/").text == f'{{"a":"{date}","b":[1,2]}}\\n'
        assert client.get("/part/").text == '{"a":"*","b":"*"}\\n'
        assert client.post("/in", json="x").json == "X"
        with app.app_context():
            assert dumps({1}, cls=Stars) == '"*"'

        app = Flask("shop")
        assert app.config["JSON_SORT_KEYS"] is app.config.get("JSON_AS_ASCII") is True
        app.add_url_rule("/", "show", lambda: {"b": "é", "a": 1})
        client = app.test_client()
        assert client.get("/").data == b'{"a":1,"b":"\\\\u00e9"}\\n'
        for key, value, expected in (
            ("JSON_SORT_KEYS", False, '{"b":"\\\\u00e9","a":1}\\n'),
            ("JSON_AS_ASCII", False, '{"b":"é","a":1}\\n'),
            ("JSONIFY_PRETTYPRINT_REGULAR", True, '{\\n  "b": "é",\\n  "a": 1\\n}\\n'),
        ):
            _, messages = told(lambda: app.config.__setitem__(key, value))
            # The first two were looked at above.
            assert len(messages) == (key == "JSONIFY_PRETTYPRINT_REGULAR"), messages
            assert client.get("/").text == expected, client.get("/").text
        class Settings:
            JSONIFY_MIMETYPE = "application/vnd.api+json"
            NAME = "shop"
        _, messages = told(lambda: app.config.from_object(Settings))
        assert len(messages) == 1 and app.config["NAME"] == "shop", messages
        app.config.update([("NAME", "other")], TITLE="x")
        assert (app.config["NAME"], app.config["TITLE"]) == ("other", "x")
        assert client.get("/").mimetype == "application/vnd.api+json"
        app.json.sort_keys = True
        assert client.get("/").text.index("a") < client.get("/").text.index("é")
        """
    )


def test_apps_of_today_are_as_quick():
    """An app that uses no removed name has the same plans as without them."""
    run_legacy(
        """
        from flask import Flask
        app = Flask("shop")
        app.add_url_rule("/", "show", lambda: {"a": 1})
        assert dict in app.plan_for("show").quick and app.json.quick_encoder() is not None
        app.json_encoder = app.json_encoder
        assert dict not in app.plan_for("show").quick
        assert app.test_client().get("/").text == '{"a":1}\\n'
        """
    )


def test_before_the_first_request():
    """Functions for the first request run once, before its hooks, whoever registered them."""
    run_legacy(
        """
        from flask import Blueprint, Flask
        done = []
        app = Flask("shop")
        part = Blueprint("part", "part")
        app.before_request(lambda: done.append("before"))
        app.before_first_request(lambda: done.append("first"))
        app.before_first_request_funcs.append(lambda: done.append("listed"))
        part.before_app_first_request(lambda: done.append("part"))
        app.register_blueprint(part)
        client = app.test_client()
        client.get("/")
        assert done == ["first", "listed", "part", "before"], done
        client.get("/")
        assert done[4:] == ["before"]
        assert app.url_value_preprocessors[None] == [] and app.got_first_request

        app = Flask("shop")
        app.before_first_request_funcs = [lambda: done.append("set")]
        app.try_trigger_before_first_request_functions()
        app.test_client().get("/")
        assert done.count("set") == 1

        # It may send a request itself, and one that fails is called again.
        app = Flask("shop")
        app.add_url_rule("/", "show", lambda: "shown")
        fails = [True]

        @app.before_first_request
        def ask():
            done.append(app.test_client().get("/").text)
            if fails:
                fails.pop()
                raise RuntimeError("not yet")

        statuses = [app.test_client().get("/").status_code for _ in range(3)]
        assert statuses == [500, 200, 200] and done.count("shown") == 2, (statuses, done)
        """
    )


def test_late_set_up_is_a_warning():
    """Set-up after the first request warns, once for each method and app, and counts."""
    run_legacy(
        """
        from flask import Blueprint, Flask
        app = Flask("shop")
        client = app.test_client()
        assert client.get("/late").status_code == 404
        _, messages = told(lambda: app.add_url_rule("/late", "late", lambda: "late"))
        assert len(messages) == 1 and "'add_url_rule'" in messages[0] and "'shop'" in messages[0]
        assert told(lambda: app.add_url_rule("/more", "more", lambda: "more"))[1] == []
        assert client.get("/late").text == "late"
        part = Blueprint("part", "part")
        app.register_blueprint(part)
        _, messages = told(lambda: part.before_request(lambda: None))
        assert len(messages) == 1 and "'part'" in messages[0]
        """
    )


def test_the_environments_name():
    """FLASK_ENV names the environment, and turns debug mode on for development."""
    source = """
    from flask import Flask
    app = Flask("shop")
    print(app.env, app.config["ENV"], app.debug)
    app.env = "testing"
    assert app.config["ENV"] == "testing"
    """
    assert run_legacy(source, env={}) == "production production False\n"
    development = {"FLASK_ENV": "development"}
    assert run_legacy(source, env=development) == "development development True\n"
    overruled = {**development, "FLASK_DEBUG": "0"}
    assert run_legacy(source, env=overruled) == "development development False\n"


def test_attributes_are_settings():
    """The removed attributes of the app read and write the configuration."""
    run_legacy(
        """
        from datetime import timedelta
        from flask import Flask
        app = Flask("shop")
        for name, key, value in (
            ("session_cookie_name", "SESSION_COOKIE_NAME", "s"),
            ("use_x_sendfile", "USE_X_SENDFILE", True),
            ("templates_auto_reload", "TEMPLATES_AUTO_RELOAD", True),
            ("propagate_exceptions", "PROPAGATE_EXCEPTIONS", True),
            ("preserve_context_on_exception", "PRESERVE_CONTEXT_ON_EXCEPTION", True),
            ("env", "ENV", "x"),
        ):
            getattr(app, name)
            setattr(app, name, value)
            assert app.config[key] == getattr(app, name) == value
        assert app.send_file_max_age_default is None
        app.send_file_max_age_default = 60
        assert app.send_file_max_age_default == timedelta(seconds=60)
        assert app.jinja_env.auto_reload is True
        app = Flask("shop")
        assert app.propagate_exceptions is app.preserve_context_on_exception is False
        assert app.config["PRESERVE_CONTEXT_ON_EXCEPTION"] is None
        app.testing = True
        assert app.propagate_exceptions is True
        """
    )


def test_files_by_the_old_arguments(tmp_path):
    """send_file and send_from_directory take the arguments they had."""
    (tmp_path / "a.txt").write_text("hello")
    (tmp_path / "settings.json").write_text('{"NAME": 1}')
    run_legacy(
        """
        from flask import Flask, send_file, send_from_directory
        from werkzeug.exceptions import NotFound
        app = Flask("shop", root_path=".")
        assert app.config.from_json("settings.json") and app.config["NAME"] == 1
        with app.test_request_context():
            response, messages = told(lambda: send_file(
                filename_or_fp="a.txt", as_attachment=True, attachment_filename="b.txt",
                cache_timeout=60, add_etags=False))
            assert len(messages) == 4
            assert response.headers["Content-Disposition"] == "attachment; filename=b.txt"
            assert response.cache_control.max_age == 60 and "ETag" not in response.headers
            response.close()
            response = send_from_directory(".", filename="a.txt", cache_timeout=5)
            assert response.cache_control.max_age == 5
            response.close()
        from flask import safe_join
        assert safe_join("/a", "b") == "/a/b"
        try:
            safe_join("/a", "../b")
        except NotFound:
            pass
        else:
            raise AssertionError
        """,
        cwd=tmp_path,
    )


def test_modules_that_are_gone():
    """Removed modules can be imported, and warn."""
    run_legacy(
        """
        import importlib
        for name in ("flask.scaffold", "flask._compat", "werkzeug._compat", "werkzeug.useragents",
                     "werkzeug.filesystem", "werkzeug.posixemulation", "werkzeug.wrappers.json",
                     "werkzeug.wrappers.base_response"):
            module, messages = told(lambda: importlib.import_module(name))
            assert len(messages) == 1 and f"'{name}'" in messages[0], messages
        from flask.scaffold import Scaffold, _endpoint_from_view_func, find_package, setupmethod
        from flask._compat import PY2, iteritems, reraise, string_types, text_type, with_metaclass
        from werkzeug._compat import to_bytes, to_unicode
        from werkzeug.filesystem import get_filesystem_encoding
        from werkzeug.posixemulation import rename
        import os
        assert get_filesystem_encoding() == "utf-8" and rename is os.replace
        assert list(iteritems({1: 2})) == [(1, 2)] and to_bytes("é") == "é".encode()
        assert to_unicode(b"a") == "a" == to_unicode("a") and to_unicode(1) == "1"
        class Meta(type): pass
        class Made(with_metaclass(Meta, dict)): pass
        assert type(Made) is Meta and issubclass(Made, dict)
        import flask
        assert issubclass(flask.Flask, Scaffold)
        """
    )


def test_werkzeugs_names():
    """The rest of Werkzeug's removed names do what they did."""
    run_legacy(
        """
        import werkzeug
        value, messages = told(lambda: werkzeug.secure_filename)
        assert value("../a b") == "a_b" and "'werkzeug.utils.secure_filename'" in messages[0]
        from werkzeug import Client, FileStorage, cached_property, run_simple
        assert not hasattr(werkzeug, "nothing")
        from werkzeug.wrappers import BaseResponse, CommonResponseDescriptorsMixin, ETagRequestMixin
        class Own(BaseResponse, CommonResponseDescriptorsMixin): pass
        assert told(lambda: Own("x").charset)[0] == "utf-8"
        import flask
        assert issubclass(flask.Response, BaseResponse)
        request = flask.Flask("x").test_request_context().request
        assert request.charset == request.url_charset == "utf-8"
        assert request.encoding_errors == "replace"
        from werkzeug.exceptions import BadRequest
        Wrapped = BadRequest.wrap(KeyError)
        assert issubclass(Wrapped, KeyError) and Wrapped("a").args == ("a",) and Wrapped.code == 400
        from werkzeug.security import pbkdf2_hex, safe_str_cmp
        assert safe_str_cmp("é", "é") and not safe_str_cmp("a", b"b")
        assert len(pbkdf2_hex("a", "b", 2, 16)) == 32
        from werkzeug.utils import escape, unescape
        assert escape('<"\\'') == "&lt;&quot;&#39;" and escape(None) == ""
        assert unescape("&lt;") == "<"
        from werkzeug.wsgi import get_script_name, peek_path_info, pop_path_info
        environ = {"SCRIPT_NAME": "/x", "PATH_INFO": "/a//b"}
        assert peek_path_info(environ) == "a" == pop_path_info(environ)
        assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == ("/x/a", "//b")
        assert pop_path_info(environ) == "b" and get_script_name(environ) == "/x/a//b"
        assert pop_path_info(environ) is None
        from werkzeug.routing import parse_rule
        assert list(parse_rule("/a/<int(min=1):b>/<c>")) == [
            (None, None, "/a/"), ("int", "min=1", "b"), (None, None, "/"), ("default", None, "c")]
        from werkzeug.http import parse_authorization_header
        assert parse_authorization_header("Basic YTpi").username == "a"
        """
    )


def test_werkzeugs_readers():
    """Streams are read by lines, by pieces and as queries; no part is lost where a read ends."""
    run_legacy(
        """
        import io
        import flask
        from werkzeug.urls import BaseURL, url_decode_stream, url_encode_stream, url_parse
        from werkzeug.wsgi import make_chunk_iter, make_line_iter
        for size in (1, 2, 3, 100):
            lines = make_line_iter(io.BytesIO(b"a\\nb\\r\\n\\nc"), buffer_size=size)
            assert list(lines) == [b"a\\n", b"b\\r\\n", b"\\n", b"c"], size
            parts = make_chunk_iter(io.BytesIO(b"a|b||c|"), b"|", buffer_size=size)
            assert list(parts) == [b"a", b"b", b"", b"c", b""], size
        assert list(make_line_iter(io.StringIO("a\\nb"))) == ["a\\n", "b"]
        assert list(make_line_iter(io.BytesIO(b"abc\\ndef"), 5)) == [b"abc\\n", b"d"]
        assert list(make_line_iter([b"a\\nb", b"c\\n"])) == [b"a\\n", b"bc\\n"]
        capped = make_chunk_iter(io.BytesIO(b"abcdefg|x"), "|", None, 3, True)
        assert list(capped) == [b"abc", b"def", b"g", b"x"]
        query = url_decode_stream(io.BytesIO(b"a=1&b=%C3%A9&a=2&c"))
        assert list(query.items(multi=True)) == [("a", "1"), ("a", "2"), ("b", "é"), ("c", "")]
        out = io.StringIO()
        url_encode_stream({"a": [1, "é"], "b": None}, out)
        assert out.getvalue() == "a=1&a=%C3%A9"
        assert list(url_encode_stream({"b": "x y"})) == ["b=x+y"]
        assert isinstance(url_parse("/a"), BaseURL)
        """
    )


def test_werkzeugs_urls():
    """URLs are quoted, parsed and joined as by Werkzeug 2."""
    run_legacy(
        """
        from werkzeug.urls import (Href, url_decode, url_encode, url_fix, url_join, url_parse,
                                   url_quote, url_quote_plus, url_unparse, url_unquote)
        assert url_quote("/a b:é?") == "/a%20b:%C3%A9%3F" and url_quote("a/b", safe="") == "a%2Fb"
        assert url_quote("a!b", unsafe="!") == "a%21b" and url_quote(5) == "5"
        assert url_quote_plus("a b+c/") == "a+b%2Bc%2F"
        assert url_unquote("%C3%A9%2F") == "é/" and url_unquote("a%2Fb", unsafe="/") == "a%2Fb"
        assert url_unquote("%ff", None) == b"\\xff"
        assert url_encode({"a": [1, 2], "b": None, "c": "é "}) == "a=1&a=2&c=%C3%A9+"
        assert url_encode({"b": 1, "a": 2}, sort=True) == "a=2&b=1"
        assert url_decode(b"a=1&a=2&b").to_dict(False) == {"a": ["1", "2"], "b": [""]}
        assert url_decode("a=1&b", include_empty=False, cls=dict) == {"a": "1"}
        url = url_parse("http://u:p%40@Ex.org:80/a?b=c#d")
        assert tuple(url) == ("http", "u:p%40@Ex.org:80", "/a", "b=c", "d")
        assert (url.host, url.port, url.username, url.password) == ("Ex.org", 80, "u", "p@")
        assert url.auth == "u:p%40" and url.decode_query()["b"] == "c"
        other = url.replace(query="")
        assert other.to_url() == str(other) == "http://u:p%40@Ex.org:80/a#d"
        assert url.join("../x").path == "/x" and url.encode().decode() == url
        assert url_parse("http://[::1]:x/").host == "::1" and url_parse("/a").host is None
        assert url_parse("http://a:x/").port is None and url_parse(b"http://a/").host == b"a"
        assert url_join("http://a/b", "c") == url_unparse(("http", "a", "/c", "", ""))
        assert url_fix("http://a/é b") == "http://a/%C3%A9%20b"
        assert Href("/app")("page", 1, q="x y") == "/app/page/1?q=x+y"
        assert Href("/a").b("c") == "/a/b/c"
        """
    )


def test_adopted_environments_keep_to_it(tmp_path):
    """What ``adopt --legacy`` writes gives the names back; a plain ``adopt`` ends it."""
    from bolthead.cli.adopt import _adopt

    _adopt(tmp_path, legacy=True)
    program = "import _bolthead_adopt; from flask import _request_ctx_stack as s; print(s.top)"
    assert run_python(program, cwd=tmp_path) == "None\n"
    # A program may ask for the names before it imports Flask.
    for line in (
        "from werkzeug.urls import url_quote",
        "import werkzeug.posixemulation",
        "from jinja2 import Markup",
        "from werkzeug.wrappers import BaseResponse, Request",
    ):
        early = (
            f"import _bolthead_adopt; {line}; import flask, sys, werkzeug, werkzeug.wrappers as w;"
            "print(sys.modules['werkzeug'] is werkzeug, issubclass(flask.Response, w.Response))"
        )
        assert run_python(early, cwd=tmp_path) == "True True\n", line
    # Bolthead imports Werkzeug, too.
    assert run_python("import _bolthead_adopt, bolthead; print(1)", cwd=tmp_path) == "1\n"
    # As the 'bolthead' commands do.
    command = "import _bolthead_adopt, bolthead; bolthead.install_as_flask(); "
    assert run_python(command + program, cwd=tmp_path) == "None\n"
    assert "Nothing to do" in _adopt(tmp_path, legacy=True)
    assert "From now on" in _adopt(tmp_path, legacy=False)
    program = "import _bolthead_adopt, flask; print(hasattr(flask, '_request_ctx_stack'))"
    assert run_python(program, cwd=tmp_path) == "False\n"


def test_authorization_is_a_dictionary_or_text():
    """What the header holds can be read as before, and as now."""
    run_legacy(
        """
        import flask
        app = flask.Flask("shop")
        with app.test_request_context(auth=("ada", "x")) as ctx:
            auth = ctx.request.authorization
            assert isinstance(auth, dict) and dict(auth) == {"username": "ada", "password": "x"}
            assert auth.username == auth["username"] == auth.get("username") == "ada"
            assert auth.type == "basic" and auth is flask.request.authorization
        with app.test_request_context(headers={"Authorization": "Bearer abc"}) as ctx:
            auth = ctx.request.authorization
            assert auth == "Bearer abc" and auth.startswith("Bearer") and auth[7:] == "abc"
            assert (auth.type, auth.token) == ("bearer", "abc") and auth["realm"] is None
        with app.test_request_context() as ctx:
            assert ctx.request.authorization is None
        """
    )


def test_pythons_names():
    """What Python removed is there for extensions of that time."""
    run_legacy(
        """
        import collections, inspect
        mapping, messages = told(lambda: collections.Mapping)
        assert issubclass(dict, mapping) and "'collections.Mapping'" in messages[0]
        spec = inspect.getargspec(lambda a, b=1, *c, **d: None)
        assert tuple(spec) == (["a", "b"], "c", "d", (1,))
        """
    )


# What Flask 3.2 announces


@pytest.mark.parametrize("kind", ["filter", "test", "global"])
def test_template_decorators_without_parentheses(kind):
    """A template decorator of apps and blueprints can stand without parentheses."""
    app = Flask(__name__)
    part = Blueprint("part", __name__)

    @getattr(app, f"template_{kind}")
    def own(value=1):
        return value

    @getattr(part, f"app_template_{kind}")
    def of_part(value=1):
        return value

    @getattr(app, f"template_{kind}")("named")
    def other(value=1):
        return value

    app.register_blueprint(part)
    known = getattr(app.jinja_env, {"filter": "filters", "test": "tests"}.get(kind, "globals"))
    assert known["own"] is own
    assert known["of_part"] is of_part
    assert known["named"] is other


def test_the_code_of_redirects_is_a_setting():
    """REDIRECT_CODE is the code of redirects that name none; it is 302 at first."""
    app = Flask(__name__)
    with app.app_context():
        assert redirect("/").status_code == app.redirect("/").status_code == 302
        app.config["REDIRECT_CODE"] = 303
        assert redirect("/").status_code == app.redirect("/").status_code == 303
        assert redirect("/", 307).status_code == 307
    with warnings.catch_warnings():
        assert redirect("/").status_code == 302
