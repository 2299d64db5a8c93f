"""Published advisories of what Flask apps stand on: which releases they concern.

Kept here so that a check needs no network. It is a small list: a tool such as pip-audit asks a
database that is kept up to date.
"""

from __future__ import annotations

import typing as t

from .pins import normalise, release


class Advisory(t.NamedTuple):
    """An advisory: the releases from ``since`` up to, and without, ``fixed`` are concerned."""

    distribution: str
    fixed: str
    id: str
    what: str
    since: str = "0"


ADVISORIES = (
    Advisory("flask", "0.12.3", "CVE-2018-1000656", "JSON in a rare encoding fills the memory"),
    Advisory("flask", "2.2.5", "CVE-2023-30861", "a cache may hand out another user's session"),
    Advisory(
        "flask", "2.3.2", "CVE-2023-30861", "a cache may hand out another user's session", "2.3"
    ),
    Advisory("flask", "3.1.1", "CVE-2025-47278", "sessions are signed with the oldest key", "3.1"),
    Advisory("flask", "3.1.3", "CVE-2026-27205", "a cache may hand out another user's page"),
    Advisory("werkzeug", "2.2.3", "CVE-2023-25577", "forms of endless parts fill the memory"),
    Advisory("werkzeug", "2.3.8", "CVE-2023-46136", "an upload of line breaks takes minutes"),
    Advisory(
        "werkzeug", "3.0.1", "CVE-2023-46136", "an upload of line breaks takes minutes", "3.0"
    ),
    Advisory("werkzeug", "3.0.3", "CVE-2024-34069", "the debugger can be reached from a page"),
    Advisory("werkzeug", "3.0.6", "CVE-2024-49767", "a large field of a form fills the memory"),
    Advisory("werkzeug", "3.1.4", "CVE-2025-66221", "names of devices hang a thread on Windows"),
    Advisory("werkzeug", "3.1.6", "CVE-2026-27199", "names of devices hang a thread on Windows"),
    Advisory("jinja2", "2.11.3", "CVE-2020-28493", "urlize takes minutes on text made for it"),
    Advisory("jinja2", "3.1.3", "CVE-2024-22195", "xmlattr lets a key write attributes"),
    Advisory("jinja2", "3.1.4", "CVE-2024-34064", "xmlattr lets a key write attributes"),
    Advisory("jinja2", "3.1.5", "CVE-2024-56326", "a template can leave the sandbox"),
    Advisory("jinja2", "3.1.6", "CVE-2025-27516", "a template can leave the sandbox"),
    Advisory("flask-cors", "4.0.1", "CVE-2024-1681", "a path can write lines into the log"),
    Advisory("flask-cors", "4.0.2", "CVE-2024-6221", "private networks are opened by default"),
    Advisory("flask-cors", "6.0.0", "CVE-2024-6839", "paths get the rules of other paths"),
    Advisory("flask-httpauth", "4.8.1", "CVE-2026-34531", "an empty token is given to the check"),
    Advisory("flask-security-too", "5.3.3", "CVE-2023-49438", "a login leads to another site"),
    Advisory("flask-appbuilder", "4.5.3", "CVE-2025-24023", "the time of a login tells who exists"),
    Advisory("flask-appbuilder", "4.6.2", "CVE-2025-32962", "a Host header leads to another site"),
    Advisory("flask-restx", "0.5.1", "CVE-2021-32838", "an address takes minutes to check"),
    Advisory("flask-admin", "1.5.3", "CVE-2018-16516", "an address puts scripts into pages"),
    Advisory("python-socketio", "5.14.0", "CVE-2025-61765", "the queue is read as pickles"),
    Advisory("gunicorn", "22.0.0", "CVE-2024-1135", "requests can be smuggled past a proxy"),
    Advisory("waitress", "3.0.1", "CVE-2024-49769", "clients that leave make it spin"),
    Advisory("granian", "2.7.4", "CVE-2026-42545", "an invalid header ends a worker"),
    Advisory("gevent", "23.9.0", "CVE-2023-41419", "requests can be smuggled past a proxy"),
    Advisory("pyjwt", "2.4.0", "CVE-2022-29217", "a public key passes for a secret", "1.5"),
    Advisory("pyyaml", "5.4", "CVE-2020-14343", "loading a document runs code"),
    Advisory("bleach", "3.3.0", "CVE-2021-23980", "cleaned HTML can hold scripts"),
    Advisory("lxml", "4.6.5", "CVE-2021-43818", "cleaned HTML can hold scripts"),
    Advisory("pillow", "10.0.1", "CVE-2023-4863", "a WebP picture writes past its memory"),
    Advisory("requests", "2.31.0", "CVE-2023-32681", "a redirect gives proxies' passwords away"),
    Advisory("requests", "2.32.4", "CVE-2024-47081", "an address gives .netrc passwords away"),
    Advisory("urllib3", "1.26.19", "CVE-2024-37891", "a redirect gives proxies' passwords away"),
    Advisory(
        "urllib3", "2.2.2", "CVE-2024-37891", "a redirect gives proxies' passwords away", "2.0"
    ),
)


def advisories_of(distribution: str, version: str) -> list[Advisory]:
    """Return the advisories that concern a version of a distribution."""
    name, numbers = normalise(distribution), release(version)
    return [
        advisory
        for advisory in ADVISORIES
        if advisory.distribution == name
        and release(advisory.since) <= numbers < release(advisory.fixed)
    ]
