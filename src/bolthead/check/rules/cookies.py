"""Flags of cookies."""

from __future__ import annotations

import re
import typing as t

from ..finding import Found, Severity, rule
from ..source import argument
from ..subject import Subject
from .keys import keeps_sessions_in_cookies

# Cookies that are a login by themselves.
LOGIN_COOKIE = re.compile(r"(?i)(.*[-_.])?(session|sessionid|sid|token|auth|jwt|login|remember)")


@rule(
    "B004",
    "A cookie lacks a flag",
    Severity.WARNING,
    why="Without HttpOnly a script that gets into a page reads the session. Without Secure the"
    " cookie goes over plain HTTP, where anybody on the way reads it. Without SameSite forms on"
    " other sites are sent with it.",
    fix="Set SESSION_COOKIE_SECURE = True, SESSION_COOKIE_HTTPONLY = True and"
    " SESSION_COOKIE_SAMESITE = 'Lax' (or use bolthead.Bolthead), the same for REMEMBER_COOKIE_*,"
    " and pass httponly=True, secure=True, samesite='Lax' to set_cookie().",
)
def cookie_flags(subject: Subject) -> t.Iterator[Found]:
    """Look at the settings of the session's and the login's cookie, and at calls of set_cookie."""
    if subject.app.secret_key or not keeps_sessions_in_cookies(subject):
        yield from _flags(subject, "SESSION_COOKIE")
    if hasattr(subject.app, "login_manager"):
        yield from _flags(subject, "REMEMBER_COOKIE")
    yield from _set_in_code(subject)


def _flags(subject: Subject, name: str) -> t.Iterator[Found]:
    secure = subject.setting(f"{name}_SECURE")
    same_site = subject.setting(f"{name}_SAMESITE")
    if not subject.setting(f"{name}_HTTPONLY", True):
        yield subject.place_of(f"{name}_HTTPONLY"), f"{name}_HTTPONLY is off."
    if str(same_site).lower() == "none" and same_site is not None and not secure:
        where = subject.place_of(f"{name}_SAMESITE")
        yield where, f"{name}_SAMESITE is 'None' without {name}_SECURE: browsers drop the cookie."
    if not subject.deploy:
        return
    if not secure:
        yield subject.place_of(f"{name}_SECURE"), f"{name}_SECURE is off."
    if not same_site:
        yield subject.place_of(f"{name}_SAMESITE"), f"{name}_SAMESITE is not set."


def _set_in_code(subject: Subject) -> t.Iterator[Found]:
    for module, node, _ in subject.sources.calls("set_cookie"):
        if any(keyword.arg is None for keyword in node.keywords):
            continue
        name = argument(node, 0, "key")
        names = [] if name is None else subject.sources.texts(module, name)
        if not any(LOGIN_COOKIE.fullmatch(text) for text in names):
            continue
        flag = argument(node, 7, "httponly")
        if flag is None or subject.sources.value(module, flag, True) is False:
            yield module.at(node), f"The cookie {names[0]!r} is set without httponly=True."
