"""What other origins may read, and protections against them that are switched off."""

from __future__ import annotations

import ast
import re
import typing as t

from ...safe_defaults import setting
from ..finding import Found, Severity, rule
from ..source import Function, Module, argument
from ..subject import Subject
from .keys import keeps_sessions_in_cookies

ALLOW_ORIGIN = "access-control-allow-origin"
ALLOW_CREDENTIALS = "access-control-allow-credentials"

# No list of allowed origins has a reason to match this one.
STRANGER = "https://stranger.invalid"


@rule(
    "B009",
    "Every site may read answers with the user's cookies (CORS)",
    Severity.ERROR,
    why="Any page that a logged in user opens can read what the app tells this user, and act in"
    " the user's name (Fetch standard, 'CORS protocol and credentials').",
    fix="List the origins that may: CORS(app, origins=['https://shop.example'],"
    " supports_credentials=True). If everybody may read, leave supports_credentials out.",
)
def cors_for_all(subject: Subject) -> t.Iterator[Found]:
    """Look at calls and settings of Flask-CORS, and at headers that are set by hand."""
    for module, node, *before in _cors_calls(subject):
        if _opens_all(subject, module, [node, *before]):
            yield module.at(node), "Flask-CORS lets every origin in, with cookies."
    for module in subject.sources.modules:
        yield from _set_by_hand(subject, module)


def _cors_calls(subject: Subject) -> t.Iterator[tuple[t.Any, ...]]:
    """Yield ``CORS(app, ...)``, ``@cross_origin(...)``, and ``init_app`` with its ``CORS()``."""
    for module, node, called in subject.sources.calls("flask_cors.CORS", "flask_cors.cross_origin"):
        if called.endswith("cross_origin") or argument(node, 0, "app") is not None:
            yield module, node
    for module, node, _ in subject.sources.calls("init_app"):
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        if not isinstance(owner, ast.Name):
            continue
        made = subject.sources.find_constant(module, owner)
        if (
            made
            and isinstance(made[1], ast.Call)
            and made[0].resolve(made[1].func).endswith("CORS")
        ):
            yield module, node, made[1]


def _opens_all(subject: Subject, module: Module, calls: list[ast.Call]) -> bool:
    unknown = object()

    def option(name: str, default: t.Any) -> t.Any:
        for node in calls:
            given = argument(node, None, name)
            if given is not None:
                return subject.sources.value(module, given, unknown)
        return subject.setting(f"CORS_{name.upper()}", default)

    credentials, origins = option("supports_credentials", False), option("origins", "*")
    resources = option("resources", None)
    spread = any(keyword.arg is None for node in calls for keyword in node.keywords)
    if spread or unknown in (credentials, origins):
        return False
    groups = resources.values() if isinstance(resources, dict) else ()
    settings = [group for group in groups if isinstance(group, dict)] or [{}]
    return any(
        group.get("supports_credentials", credentials) is True
        and lets_all_in(group.get("origins", origins))
        for group in settings
    )


def lets_all_in(origins: t.Any) -> bool:
    """Tell whether Flask-CORS's ``origins`` have any origin at all in them."""
    if isinstance(origins, str | re.Pattern):
        origins = [origins]
    if not isinstance(origins, list | tuple | set):
        return False
    for origin in origins:
        if origin == "*":
            return True
        try:
            if re.match(origin, STRANGER, re.IGNORECASE):
                return True
        except (re.error, TypeError):
            continue
    return False


def _set_by_hand(subject: Subject, module: Module) -> t.Iterator[Found]:
    """Yield where both headers are set in one function, the origin to any or to the asking one."""
    if ALLOW_CREDENTIALS not in module.text.lower():
        return
    found: dict[tuple[Function | None, str], tuple[ast.AST, ast.expr]] = {}
    for node in module.nodes:
        for name, value in headers_set(node):
            found[module.function_around(node), name.lower()] = (node, value)
    for (function, name), (node, value) in found.items():
        if name != ALLOW_ORIGIN or (function, ALLOW_CREDENTIALS) not in found:
            continue
        is_any = "*" in subject.sources.texts(module, value)
        if is_any or (_is_asking_origin(subject, module, value) and not _is_guarded(function)):
            what = "any origin" if is_any else "whatever origin asks"
            yield module.at(node), f"Access-Control-Allow-Origin is {what}, with credentials."


def headers_set(node: ast.AST) -> t.Iterator[tuple[str, ast.expr]]:
    """Yield the headers that a statement or a call sets, with their value."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
                yield str(target.slice.value), node.value
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant):
                yield str(key.value), value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        adds = node.func.attr in {"add", "set", "setdefault", "add_header"}
        if adds and len(node.args) == 2 and isinstance(node.args[0], ast.Constant):
            yield str(node.args[0].value), node.args[1]


def _is_asking_origin(subject: Subject, module: Module, value: ast.expr, depth: int = 0) -> bool:
    """Tell whether an expression is the request's Origin."""
    for node in ast.walk(value):
        if isinstance(node, ast.Attribute) and module.resolve(node).endswith("request.origin"):
            return True
        if isinstance(node, ast.Constant) and str(node.value).lower() in {"origin", "http_origin"}:
            return True
        if isinstance(node, ast.Name) and depth < 3:
            bound = subject.sources.find_constant(module, node)
            if bound is not None and _is_asking_origin(subject, *bound, depth + 1):
                return True
    return False


def _is_guarded(function: Function | None) -> bool:
    """Tell whether a function compares something: the origin with those that may, it seems."""
    if function is None:
        return False
    return any(isinstance(node, ast.Compare | ast.Match) for node in ast.walk(function))


# A setting and the value of it by which a protection is off.
SWITCHED_OFF: tuple[tuple[str, t.Any, str], ...] = (
    ("CROSS_ORIGIN_PROTECTION", "off", "Requests of other sites' pages are answered."),
    ("WTF_CSRF_ENABLED", False, "Forms are taken without a token."),
    (
        "WTF_CSRF_CHECK_DEFAULT",
        False,
        "Views are not asked for a token unless they ask themselves.",
    ),
    ("LOGIN_DISABLED", True, "login_required lets everybody in."),
    ("RATELIMIT_ENABLED", False, "Rates are not limited."),
    ("JWT_COOKIE_CSRF_PROTECT", False, "Tokens in cookies are taken from every site's forms."),
    ("SECURITY_CSRF_PROTECT_MECHANISMS", [], "Flask-Security asks for no token."),
    ("SESSION_PROTECTION", None, "A session that was stolen is as good as the user's."),
)


@rule(
    "B028",
    "A protection is switched off",
    Severity.WARNING,
    why="Settings that switch a protection off are made for tests. In a deployment they are its"
    " weakest place, and nothing shows that they are set.",
    fix="Take the setting out, or set it in the tests only.",
)
def switched_off(subject: Subject) -> t.Iterator[Found]:
    """Look at the settings that switch protections off."""
    for key, off, what in SWITCHED_OFF:
        value = subject.setting(key, ...)
        if value is not ... and type(value) is type(off) and value == off:
            if key == "JWT_COOKIE_CSRF_PROTECT" and "cookies" not in str(
                subject.setting("JWT_TOKEN_LOCATION", "")
            ):
                continue
            yield subject.place_of(key), f"{key} is {value!r}. {what}"


@rule(
    "B034",
    "Forms of other sites are answered",
    Severity.WARNING,
    only_deploy=True,
    why="A page of another site can send a form as the user who looks at it, and change a"
    " password or buy something (CSRF). SameSite cookies stop most of it, in most browsers.",
    fix="Set CROSS_ORIGIN_PROTECTION to 'enforce' (or use bolthead.Bolthead), or protect forms by"
    " Flask-WTF's CSRFProtect. The log tells, while it is 'report', what would be refused.",
)
def only_reported(subject: Subject) -> t.Iterator[Found]:
    """Look at an app that takes forms and knows its users by cookies."""
    mode = setting(subject.config, "CROSS_ORIGIN_PROTECTION")
    has_tokens = "csrf" in subject.app.extensions and subject.setting("WTF_CSRF_ENABLED", True)
    has_users = subject.app.secret_key or not keeps_sessions_in_cookies(subject)
    if mode == "report" and has_users and subject.takes_bodies and not has_tokens:
        where = subject.place_of("CROSS_ORIGIN_PROTECTION")
        yield where, "CROSS_ORIGIN_PROTECTION is 'report': requests of other sites are answered."
