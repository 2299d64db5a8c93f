"""Keeps out of logs and debug pages what must not be there: control characters and secrets.

A line break that comes with a request would forge a line of the log; an escape sequence would reach
the terminal of whoever reads it. Secrets are the values of settings with names such as ``*_KEY`` or
``*_PASSWORD``, and of a request its cookies, its Authorization and its password fields.
"""

from __future__ import annotations

import base64
import functools
import logging
import re
import traceback
import typing as t
from urllib.parse import parse_qsl

import markupsafe

from . import current

MASK = "[masked]"
"""What stands in place of a secret."""

# Control characters (C0, DEL, C1), separators of lines, marks of the direction of writing, and
# halves of characters.
_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_CONTROL_IN_LINES = re.compile(f"(?![\n\t]){_CONTROL.pattern}")

# Settings whose values are secret, by the end of their names.
_SECRET_SETTING = re.compile(
    r"(?:^|_)(?:SECRET|SECRET_KEY|PASSWORD|PASSWD|PASSPHRASE|PWD|TOKEN|API_?KEY|ACCESS_KEY"
    r"|PRIVATE_KEY|SIGNING_KEY|ENCRYPTION_KEY|CREDENTIALS?|FALLBACKS)$"
)
_PASSWORD_IN_URL = re.compile(r"://[^:/@\s]*:([^@/\s]+)@")

# Fields of forms, queries and documents whose values are secret, by a part of their names.
_TELLING_NAME = (  # names, not a password
    r"passw(?:or)?d|passphrase|passcode|pwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key"
    r"|credential|authorization|csrf|otp|cvv|cvc|card[-_]?number|session[-_]?id"
)
_tells_a_secret = re.compile(_TELLING_NAME, re.IGNORECASE).search

# A field with its value, as a query has it, JSON, or the text of a dictionary.
_FIELD_IN_TEXT = re.compile(
    rf"""((?:^|[?&;\s'"({{,])["']?[\w.\[\]-]{{0,64}}?(?:{_TELLING_NAME})[\w.\[\]-]{{0,64}})"""
    r"""(=|["']\s*[:,]\s*)("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s&;,'"})]+)""",
    re.IGNORECASE,
)

_SHORTEST_SETTING = 8
_SHORTEST_COOKIE = 6
_SHORTEST_FIELD = 3
_SURELY_NO_WORD = 12
_LONGEST_BODY = 100_000


class Lines(str):
    """A message of several lines, each of them of the program's own making."""

    __slots__ = ()


def escape(text: str, *, keep_lines: bool = False) -> str:
    r"""Return text with control characters as Python writes them: ``\n``, ``\x1b``."""
    pattern = _CONTROL_IN_LINES if keep_lines else _CONTROL
    return pattern.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def mask(text: str, secrets: t.Iterable[str]) -> str:
    """Return text without the secrets, nor the values of fields whose names say secret."""
    for secret in sorted(secrets, key=len, reverse=True):
        if secret not in text:
            continue
        if len(secret) >= _SURELY_NO_WORD:
            text = text.replace(secret, MASK)
        else:
            # Not within a word, which it may be by chance.
            text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", MASK, text)
    return _FIELD_IN_TEXT.sub(_mask_field, text)


def _mask_field(found: re.Match[str]) -> str:
    value = found[3]
    quote = value[0] if value[0] in "'\"" else ""
    return f"{found[1]}{found[2]}{quote}{MASK}{quote}"


def mask_page(page: str, secrets: t.Iterable[str]) -> str:
    """Return a page of HTML without the secrets, escaped or not."""
    every = {form for secret in secrets for form in (secret, str(markupsafe.escape(secret)))}
    for secret in sorted(every, key=len, reverse=True):
        if len(secret) >= _SURELY_NO_WORD:
            page = page.replace(secret, MASK)
        elif secret in page:
            # Not within a word, nor the name of an element or the value of an attribute.
            pattern = rf"""(?<![\w<"/.#-]){re.escape(secret)}(?![\w="-])"""
            page = re.sub(pattern, MASK, page)
    return page


def find_secrets(
    config: t.Mapping[str, t.Any] | None = None,
    environ: t.Mapping[str, t.Any] | None = None,
    request: t.Any = None,
) -> set[str]:
    """Return the secret values of a configuration, and of a request as far as it was read."""
    found: set[str] = set()
    if config is not None:
        found.update(_of_config(config))
    if environ is not None:
        found.update(_of_headers(environ))
        found.update(_of_fields(parse_qsl(environ.get("QUERY_STRING", ""), errors="replace")))
    if request is not None:
        found.update(_of_body(vars(request)))
    return found


def _of_config(config: t.Mapping[str, t.Any]) -> t.Iterator[str]:
    for name, value in config.items():
        if not isinstance(name, str):
            continue
        if isinstance(value, str) and "://" in value:
            yield from _PASSWORD_IN_URL.findall(value)
        if not _is_secret_setting(name):
            continue
        for one in value if isinstance(value, list | tuple | set) else (value,):
            text = one.decode("utf-8", "replace") if isinstance(one, bytes) else one
            if isinstance(text, str) and len(text) >= _SHORTEST_SETTING:
                yield text


@functools.lru_cache(maxsize=4096)
def _is_secret_setting(name: str) -> bool:
    return _SECRET_SETTING.search(name) is not None


def _of_headers(environ: t.Mapping[str, t.Any]) -> t.Iterator[str]:
    cookies = environ.get("HTTP_COOKIE", "")
    for pair in (cookies, *cookies.split(";")):
        value = pair.partition("=")[2].strip().strip('"')
        if len(value) >= _SHORTEST_COOKIE:
            yield value
    for name in ("HTTP_AUTHORIZATION", "HTTP_PROXY_AUTHORIZATION"):
        scheme, _, credentials = environ.get(name, "").partition(" ")
        credentials = credentials.strip() or scheme
        if len(credentials) < _SHORTEST_FIELD:
            continue
        yield credentials
        if scheme.lower() == "basic":
            yield from _of_basic(credentials)


def _of_basic(credentials: str) -> t.Iterator[str]:
    try:
        decoded = base64.b64decode(credentials).decode("utf-8", "replace")
    except ValueError:
        return
    password = decoded.partition(":")[2]
    if len(password) >= _SHORTEST_FIELD:
        yield password


def _of_body(read: t.Mapping[str, t.Any]) -> t.Iterator[str]:
    """Yield the secrets of a form or a document that was parsed; nothing is parsed for it."""
    form = read.get("form")
    if form is not None:
        yield from _of_fields(form.items(multi=True))
    raw = read.get("_cached_data")
    if isinstance(raw, bytes):
        text = raw[:_LONGEST_BODY].decode("utf-8", "replace")
        for found in _FIELD_IN_TEXT.finditer(text):
            value = found[3].strip("'\"")
            if len(value) >= _SHORTEST_FIELD:
                yield value
    document = read.get("_cached_json")
    if isinstance(document, tuple):
        yield from _of_fields(_walk(document[0]))


def _of_fields(fields: t.Iterable[tuple[str | None, t.Any]]) -> t.Iterator[str]:
    for name, value in fields:
        if not isinstance(value, str) or len(value) < _SHORTEST_FIELD:
            continue
        # A part of a form may have no name.
        if name is not None and _tells_a_secret(name):
            yield value


def _walk(document: t.Any) -> t.Iterator[tuple[str, t.Any]]:
    """Yield the members of a document's objects, however deep, without recursion."""
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield from ((name, member) for name, member in value.items() if isinstance(name, str))
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def find_secrets_here() -> set[str]:
    """Return the secrets of the app and the request in force."""
    app_ctx, ctx = current._cv_app.get(None), current._cv_request.get(None)
    return find_secrets(
        None if app_ctx is None else app_ctx.app.config,
        None if ctx is None else ctx.environ,
        None if ctx is None else ctx._request,
    )


def clean(text: str, secrets: t.Iterable[str], *, keep_lines: bool = False) -> str:
    """Return text fit for a log: without secrets, and on one line unless lines are kept."""
    return mask(escape(text, keep_lines=keep_lines), secrets)


def format_exception(error: BaseException, secrets: t.Iterable[str]) -> str:
    """Return an error's traceback without secrets, the text of each error on one line."""
    told = traceback.TracebackException.from_exception(error)
    waiting: list[traceback.TracebackException | None] = [told]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        _on_one_line(one)
        waiting += [one.__cause__, one.__context__, *(getattr(one, "exceptions", None) or ())]
    return mask("".join(told.format()), secrets).rstrip("\n")


def _on_one_line(told: traceback.TracebackException) -> None:
    tell = told.format_exception_only

    def format_exception_only(*args: t.Any, **kwargs: t.Any) -> t.Iterator[str]:
        for line in tell(*args, **kwargs):
            yield f"{escape(line.removesuffix(chr(10)))}\n"

    told.format_exception_only = format_exception_only  # type: ignore[method-assign,assignment]  # of this one


def redact(record: logging.LogRecord) -> None:
    """Take control characters and secrets out of a record, once however often it is asked."""
    if getattr(record, "_is_redacted", False):
        return
    record._is_redacted = True
    try:
        message = record.getMessage()
    except Exception:
        return  # the handler tells what is wrong with it
    secrets = find_secrets_here()
    # Outside of requests there is nobody who could send a line break.
    keep_lines = isinstance(record.msg, Lines) or current._cv_request.get(None) is None
    fit = clean(message, secrets, keep_lines=keep_lines)
    if fit != message:
        record.msg, record.args = fit, None
    error = record.exc_info[1] if record.exc_info else None
    if error is not None and not record.exc_text:
        text = format_exception(error, secrets)
        # Left to the formatter where there is nothing to take out.
        if text != "".join(traceback.format_exception(error)).rstrip("\n"):
            record.exc_text = text
    if record.stack_info:
        record.stack_info = mask(record.stack_info, secrets)
