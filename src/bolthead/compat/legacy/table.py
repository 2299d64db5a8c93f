"""The removed names: when each went, and what to use; the docs' table is written from this one."""

from __future__ import annotations

import typing as t


class Removed(t.NamedTuple):
    """A name that is gone; ``instead`` says in Markdown what to use."""

    name: str
    gone: str
    instead: str


F2 = "Flask 2.0"
F21 = "Flask 2.1"
F22 = "Flask 2.2"
F23 = "Flask 2.3"
F3 = "Flask 3.0"
W1 = "Werkzeug 1.0"
W2 = "Werkzeug 2.0"
W21 = "Werkzeug 2.1"
W22 = "Werkzeug 2.2"
W23 = "Werkzeug 2.3"
W3 = "Werkzeug 3.0"
W31 = "Werkzeug 3.1"
J31 = "Jinja 3.1"

NAMES = (
    # Contexts
    Removed("flask._request_ctx_stack", F3, "`flask.globals.request_ctx`, or `flask.g`"),
    Removed("flask._app_ctx_stack", F3, "`flask.globals.app_ctx`, or `flask.g`"),
    Removed("flask.globals._app_ctx_err_msg", F22, "the text of the `RuntimeError`"),
    Removed("flask.globals._request_ctx_err_msg", F22, "the text of the `RuntimeError`"),
    Removed("flask.globals._find_app", F22, "`flask.current_app`"),
    Removed("flask.globals._lookup_app_object", F22, "`flask.globals.app_ctx`"),
    Removed("flask.globals._lookup_req_object", F22, "`flask.globals.request_ctx`"),
    Removed("flask.ctx.RequestContext.g", F22, "`flask.g`"),
    Removed("flask.ctx.RequestContext.auto_pop", F22, "`RequestContext.pop`"),
    # JSON
    Removed("flask.json.JSONEncoder", F23, "a subclass of `flask.json.provider.JSONProvider`"),
    Removed("flask.json.JSONDecoder", F23, "a subclass of `flask.json.provider.JSONProvider`"),
    Removed("flask.json.htmlsafe_dumps", F23, "`jinja2.utils.htmlsafe_json_dumps`"),
    Removed("flask.json.htmlsafe_dump", F23, "`jinja2.utils.htmlsafe_json_dumps`"),
    Removed("flask.json.tojson_filter", F2, "`jinja2.utils.htmlsafe_json_dumps`"),
    Removed("flask.json.detect_encoding", F2, "`json.loads`, which takes bytes"),
    Removed("flask.Flask.json_encoder", F23, "`app.json_provider_class`, or `app.json.default`"),
    Removed("flask.Flask.json_decoder", F23, "`app.json_provider_class`"),
    Removed("flask.Blueprint.json_encoder", F23, "`app.json_provider_class`"),
    Removed("flask.Blueprint.json_decoder", F23, "`app.json_provider_class`"),
    Removed("JSON_AS_ASCII", F23, "`app.json.ensure_ascii`"),
    Removed("JSON_SORT_KEYS", F23, "`app.json.sort_keys`"),
    Removed("JSONIFY_MIMETYPE", F23, "`app.json.mimetype`"),
    Removed("JSONIFY_PRETTYPRINT_REGULAR", F23, "`app.json.compact`"),
    # The app and its set-up
    Removed("flask.Flask.before_first_request", F23, "code where the app is made"),
    Removed("flask.Flask.before_first_request_funcs", F23, "code where the app is made"),
    Removed(
        "flask.Flask.try_trigger_before_first_request_functions", F22, "nothing: drop the call"
    ),
    Removed("flask.Blueprint.before_app_first_request", F23, "`Blueprint.record_once`"),
    Removed("flask.Flask.got_first_request", F3, "code where the app is made"),
    Removed("flask.Flask.env", F23, "`app.debug`"),
    Removed("ENV", F23, '`app.config["DEBUG"]`'),
    Removed("FLASK_ENV", F23, "`FLASK_DEBUG`"),
    Removed("flask.Flask.propagate_exceptions", F23, '`app.config["PROPAGATE_EXCEPTIONS"]`'),
    Removed("flask.Flask.preserve_context_on_exception", F22, "`with client:` in tests"),
    Removed("PRESERVE_CONTEXT_ON_EXCEPTION", F22, "`with client:` in tests"),
    Removed("flask.Flask.session_cookie_name", F23, '`app.config["SESSION_COOKIE_NAME"]`'),
    Removed(
        "flask.Flask.send_file_max_age_default", F23, '`app.config["SEND_FILE_MAX_AGE_DEFAULT"]`'
    ),
    Removed("flask.Flask.templates_auto_reload", F23, '`app.config["TEMPLATES_AUTO_RELOAD"]`'),
    Removed("flask.Flask.use_x_sendfile", F23, '`app.config["USE_X_SENDFILE"]`'),
    Removed("flask.Flask.open_session", F2, "`app.session_interface.open_session`"),
    Removed("flask.Flask.save_session", F2, "`app.session_interface.save_session`"),
    Removed("flask.Flask.make_null_session", F2, "`app.session_interface.make_null_session`"),
    Removed("flask.Config.from_json", F21, "`Config.from_file(name, load=json.load)`"),
    Removed("set-up after the first request", F23, "set-up before the app serves"),
    Removed("set-up of a registered blueprint", F23, "set-up before it is registered"),
    # Helpers
    Removed("flask.Markup", F3, "`markupsafe.Markup`"),
    Removed("flask.escape", F3, "`markupsafe.escape`"),
    Removed("flask.__version__", "Flask 3.2", '`importlib.metadata.version("flask")`'),
    Removed("flask.signals_available", F3, "nothing: signals are always available"),
    Removed("flask.json_available", F2, "nothing: JSON is always available"),
    Removed("flask.safe_join", F21, "`werkzeug.utils.safe_join`"),
    Removed("flask.send_file(attachment_filename=)", F22, "`download_name`"),
    Removed("flask.send_file(cache_timeout=)", F22, "`max_age`"),
    Removed("flask.send_file(add_etags=)", F22, "`etag`"),
    Removed("flask.send_file(filename_or_fp=)", F2, "`path_or_file`"),
    Removed("flask.send_from_directory(filename=)", F22, "`path`"),
    Removed("flask.helpers.locked_cached_property", F3, "`werkzeug.utils.cached_property`"),
    Removed("flask.helpers.total_seconds", F21, "`timedelta.total_seconds`"),
    Removed("flask.helpers.get_env", F23, "`flask.helpers.get_debug_flag`"),
    Removed("flask.helpers.is_ip", F3, "`ipaddress.ip_address`"),
    Removed("flask.helpers.find_package", F2, "`importlib.util.find_spec`"),
    Removed("flask.helpers._endpoint_from_view_func", F2, "`view.__name__`"),
    Removed("flask.helpers._PackageBoundObject", F2, "`flask.Blueprint`"),
    Removed("flask.scaffold", F3, "`flask.Flask` and `flask.Blueprint`"),
    Removed("flask._compat", F2, "Python 3's own names"),
    Removed("flask.views.MethodViewType", F22, "`MethodView.__init_subclass__`"),
    Removed("flask.wrappers.JSONMixin", F2, "`flask.Request`, which has its methods"),
    Removed("flask.testing.make_test_environ_builder", F2, "`flask.testing.EnvironBuilder`"),
    # Werkzeug: URLs
    Removed("werkzeug.urls.url_quote", W3, "`urllib.parse.quote`"),
    Removed("werkzeug.urls.url_quote_plus", W3, "`urllib.parse.quote_plus`"),
    Removed("werkzeug.urls.url_unquote", W3, "`urllib.parse.unquote`"),
    Removed("werkzeug.urls.url_unquote_plus", W3, "`urllib.parse.unquote_plus`"),
    Removed("werkzeug.urls.url_encode", W3, "`urllib.parse.urlencode`"),
    Removed("werkzeug.urls.url_decode", W3, "`urllib.parse.parse_qsl`"),
    Removed("werkzeug.urls.url_parse", W3, "`urllib.parse.urlsplit`"),
    Removed("werkzeug.urls.url_unparse", W3, "`urllib.parse.urlunsplit`"),
    Removed("werkzeug.urls.url_join", W3, "`urllib.parse.urljoin`"),
    Removed("werkzeug.urls.url_fix", W3, "`werkzeug.urls.iri_to_uri`"),
    Removed("werkzeug.urls.URL", W3, "`urllib.parse.SplitResult`"),
    Removed("werkzeug.urls.BytesURL", W3, "`urllib.parse.SplitResultBytes`"),
    Removed("werkzeug.urls.Href", W21, "`flask.url_for`, or `urllib.parse.urljoin`"),
    Removed("werkzeug.urls.BaseURL", W3, "`urllib.parse.SplitResult`"),
    Removed("werkzeug.urls.url_decode_stream", W3, "`urllib.parse.parse_qsl`"),
    Removed("werkzeug.urls.url_encode_stream", W3, "`urllib.parse.urlencode`"),
    # Werkzeug: the rest
    Removed("werkzeug.<name>", W1, "the module that has it: `werkzeug.utils`, …"),
    Removed("werkzeug.__version__", W31, '`importlib.metadata.version("werkzeug")`'),
    Removed("werkzeug._compat", W2, "Python 3's own names"),
    Removed("werkzeug.filesystem", W21, "`sys.getfilesystemencoding`"),
    Removed("werkzeug.posixemulation", W2, "`os.replace`"),
    Removed("werkzeug.useragents", W21, "`werkzeug.user_agent`"),
    Removed("werkzeug.wrappers.BaseRequest", W21, "`werkzeug.wrappers.Request`"),
    Removed("werkzeug.wrappers.BaseResponse", W21, "`werkzeug.wrappers.Response`"),
    Removed("werkzeug.wrappers.<Mixin>", W21, "`Request` and `Response`, which have all of them"),
    Removed("werkzeug.wrappers.<module>", W21, "`werkzeug.wrappers`"),
    Removed("werkzeug.wrappers.Request.charset", W3, "UTF-8, always"),
    Removed("werkzeug.wrappers.Request.url_charset", W3, "UTF-8, always"),
    Removed("werkzeug.wrappers.Request.encoding_errors", W3, '`"replace"`, always'),
    Removed("werkzeug.wrappers.Response.charset", W3, "UTF-8, always"),
    Removed("werkzeug.utils.escape", W21, "`markupsafe.escape`"),
    Removed("werkzeug.utils.unescape", W21, "`html.unescape`"),
    Removed("werkzeug.utils.detect_utf_encoding", W21, "`json.loads`, which takes bytes"),
    Removed("werkzeug.utils.invalidate_cached_property", W21, "`del instance.name`"),
    Removed("werkzeug.exceptions.HTTPException.wrap", W21, "a class of both: `class Mine(A, B)`"),
    Removed("werkzeug.security.safe_str_cmp", W21, "`hmac.compare_digest`"),
    Removed("werkzeug.security.pbkdf2_bin", W21, "`hashlib.pbkdf2_hmac`"),
    Removed("werkzeug.security.pbkdf2_hex", W21, "`hashlib.pbkdf2_hmac`"),
    Removed("werkzeug.http.cookie_date", W21, "`werkzeug.http.http_date`"),
    Removed("werkzeug.http.parse_authorization_header", W3, "`Authorization.from_header`"),
    Removed("werkzeug.http.parse_www_authenticate_header", W3, "`WWWAuthenticate.from_header`"),
    Removed("werkzeug.wsgi.make_line_iter", W3, "the stream's own lines"),
    Removed("werkzeug.wsgi.make_chunk_iter", W3, "the stream's `read`, and `split`"),
    Removed("werkzeug.wsgi.get_query_string", W23, "`request.query_string`"),
    Removed("werkzeug.wsgi.get_script_name", W23, "`request.root_path`"),
    Removed("werkzeug.wsgi.peek_path_info", W23, '`environ["PATH_INFO"]`'),
    Removed("werkzeug.wsgi.pop_path_info", W23, '`environ["PATH_INFO"]`'),
    Removed("werkzeug.datastructures.OrderedMultiDict", W31, "`MultiDict`"),
    Removed("werkzeug.datastructures.ImmutableOrderedMultiDict", W31, "`ImmutableMultiDict`"),
    Removed("werkzeug.routing.parse_rule", W22, "`Rule`, and its `arguments`"),
    # Jinja
    Removed("jinja2.Markup", J31, "`markupsafe.Markup`"),
    Removed("jinja2.escape", J31, "`markupsafe.escape`"),
    Removed("jinja2.contextfunction", J31, "`jinja2.pass_context`"),
    Removed("jinja2.contextfilter", J31, "`jinja2.pass_context`"),
    Removed("jinja2.evalcontextfunction", J31, "`jinja2.pass_eval_context`"),
    Removed("jinja2.evalcontextfilter", J31, "`jinja2.pass_eval_context`"),
    Removed("jinja2.environmentfunction", J31, "`jinja2.pass_environment`"),
    Removed("jinja2.environmentfilter", J31, "`jinja2.pass_environment`"),
    Removed("jinja2.ext.autoescape", J31, "nothing: Jinja has its tag"),
    Removed("jinja2.ext.with_", J31, "nothing: Jinja has its tag"),
    Removed("markupsafe.soft_unicode", "MarkupSafe 2.1", "`markupsafe.soft_str`"),
    # Python
    Removed("inspect.getargspec", "Python 3.11", "`inspect.getfullargspec`"),
    Removed("collections.<name>", "Python 3.10", "`collections.abc`"),
)

BY_NAME = {removed.name: removed for removed in NAMES}


def as_markdown() -> str:
    """Return the rows of the docs' table."""
    rows = (f"| `{name}` | {gone} | {instead} |" for name, gone, instead in NAMES)
    return "\n".join(("| name | gone since | use |", "|---|---|---|", *rows))
