"""Hosts, proxies, HTTPS, and the address that the app believes to have."""

from __future__ import annotations

import ast
import ipaddress
import re
import typing as t

from werkzeug.middleware.proxy_fix import ProxyFix

from ... import security_headers
from ..finding import Found, Severity, rule
from ..place import Place
from ..subject import Subject

FORWARDED = frozenset(
    {"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-prefix"}
    | {"x-real-ip", "forwarded", "x-original-forwarded-for", "client-ip", "true-client-ip"}
    | {"cf-connecting-ip", "x-client-ip"}
)
MOST_HOPS = 3

# Options of Gunicorn and uvicorn, and of ``bolthead serve``, with every address there is.
TRUSTS_ALL = re.compile(
    r"(?i)forwarded[-_]allow[-_]ips[\s=:'\"]+\*|trust[-_]proxy[\s=:'\"]+(0\.0\.0\.0/0|::/0)"
)


@rule(
    "B003",
    "The hosts are not limited",
    Severity.WARNING,
    only_deploy=True,
    why="The Host header is the client's. Without a list of hosts it decides what url_for() writes"
    " into mails and redirects, and another site's name that leads here is answered (DNS"
    " rebinding).",
    fix="Set TRUSTED_HOSTS to a list of the names the app is reached by: ['example.org',"
    " '.example.org'] (with subdomains). Others get a 400.",
)
def hosts_are_open(subject: Subject) -> t.Iterator[Found]:
    """Look at the list of hosts."""
    hosts = subject.setting("TRUSTED_HOSTS")
    where = subject.place_of("TRUSTED_HOSTS")
    if isinstance(hosts, str):
        yield where, "TRUSTED_HOSTS is a text: each of its letters is a host. Make it a list."
    elif not hosts:
        yield where, "TRUSTED_HOSTS is not set."


@rule(
    "B005",
    "Browsers are not told to use HTTPS only (HSTS)",
    Severity.WARNING,
    only_deploy=True,
    why="The first request to http:// can be answered by whoever is on the way, and so can every"
    " later one, unless the browser knows that there is HTTPS only (RFC 6797).",
    fix="Set SECURITY_HEADERS to 'strict', or to a mapping that has Strict-Transport-Security; or"
    " send the header from the proxy in front, and ignore this id.",
)
def no_hsts(subject: Subject) -> t.Iterator[Found]:
    """Look for the header in the code, the settings and the server's files."""
    header = "strict-transport-security"
    try:
        chosen = security_headers.chosen(subject.config)
    except (ValueError, TypeError, AttributeError) as error:
        yield subject.place_of("SECURITY_HEADERS"), f"SECURITY_HEADERS cannot be used: {error}"
        return
    in_setting = any(name.lower() == header for name in chosen)
    in_code = any(header in module.text.lower() for module in subject.sources.modules)
    in_files = any(header in line.text.lower() for line in subject.served_by)
    by_extension = subject.has_extension("flask_talisman", "flask_sslify")
    if not in_setting and not in_code and not in_files and not by_extension:
        yield subject.place_of("SECURITY_HEADERS"), "Strict-Transport-Security is set nowhere."


@rule(
    "B007",
    "What proxies say is trusted wrongly",
    Severity.WARNING,
    why="X-Forwarded-* can be sent by any client. Read by hand, or with more hops than there are"
    " proxies, it lets clients choose their address: limits and logs follow it. Not read at all"
    " behind a proxy, all clients have the proxy's address, and the scheme is http.",
    fix="Tell 'bolthead serve' the proxies: --trust-proxy 10.0.0.0/8. Elsewhere wrap the app once:"
    " app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1),"
    " each number being how many proxies of your own set that header. Then use"
    " request.remote_addr, request.scheme and request.host.",
)
def proxy_trust(subject: Subject) -> t.Iterator[Found]:
    """Look for headers of proxies that are read by hand, and at ProxyFix and its numbers."""
    yield from _read_by_hand(subject)
    calls = list(subject.sources.calls("ProxyFix"))
    fixes = [layer for layer in subject.middlewares if isinstance(layer, ProxyFix)]
    where = calls[0][0].at(calls[0][1]) if calls else Place(setting="app.wsgi_app")
    if len(fixes) > 1:
        yield where, f"ProxyFix is around the app {len(fixes)} times."
    for fix in fixes:
        for name in ("x_for", "x_proto", "x_host", "x_port", "x_prefix"):
            hops = getattr(fix, name)
            if isinstance(hops, int) and hops > MOST_HOPS:
                yield where, f"ProxyFix trusts {hops} proxies for {name}. Are there so many?"
    if subject.deploy:
        yield from _trust_where_deployed(subject, fixed=bool(calls or fixes))


def _read_by_hand(subject: Subject) -> t.Iterator[Found]:
    for module in subject.sources.modules:
        for node in module.nodes:
            name = _header_read(node)
            if name in FORWARDED:
                yield module.at(node), f"{name.title()} is read from the request as it came."
            elif module.resolve(node).endswith("request.access_route"):
                yield module.at(node), "request.access_route is X-Forwarded-For as it came."


def _header_read(node: ast.AST) -> str:
    """Return the header that an expression reads, in small letters; "" if it reads none."""
    owner: ast.AST
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        owner, key = node.value, node.slice
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        if node.func.attr not in {"get", "getlist"}:
            return ""
        owner, key = node.func.value, node.args[0]
    else:
        return ""
    kind = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
    if kind not in {"headers", "environ"} or not isinstance(key, ast.Constant):
        return ""
    # ``os.environ`` has no such names.
    return str(key.value).lower().removeprefix("http_").replace("_", "-")


def _trust_where_deployed(subject: Subject, *, fixed: bool) -> t.Iterator[Found]:
    for line in subject.served_by:
        if TRUSTS_ALL.search(line.text):
            yield line.place, "The server trusts the headers of proxies from every address."
    by_server = any("trust-proxy" in line.text for line in subject.served_by)
    if fixed or by_server or any(name.endswith("TRUST_PROXY") for name in subject.environ):
        return
    for line in subject.served_by:
        if line.file.name == "Procfile" or "proxy_pass" in line.text:
            yield line.place, "A proxy is in front of the app, but ProxyFix is not around it."
            return
    for module in subject.sources.modules:
        for node in module.nodes:
            if isinstance(node, ast.Attribute) and node.attr == "remote_addr":
                what = "request.remote_addr is used, which is the proxy's address behind one."
                yield module.at(node), what
                return


@rule(
    "B019",
    "The app's address contradicts itself",
    Severity.ERROR,
    why="Addresses outside of a request, cookies and subdomain routes are made from these settings."
    " Where they do not fit each other, links lead nowhere and browsers drop the session.",
    fix="SERVER_NAME is a host, with a port if there is one: 'example.org'. TRUSTED_HOSTS and"
    " SESSION_COOKIE_DOMAIN fit it; APPLICATION_ROOT is a path that begins with '/', and the"
    " scheme is PREFERRED_URL_SCHEME.",
)
def address_mismatch(subject: Subject) -> t.Iterator[Found]:
    """Compare the settings that say where the app is."""
    server = subject.setting("SERVER_NAME")
    if isinstance(server, str) and server:
        yield from _wrong_server(subject, server)
    elif subject.app.subdomain_matching:
        yield subject.place_of("SERVER_NAME"), "Subdomains are matched, but SERVER_NAME is not set."
    root = subject.setting("APPLICATION_ROOT")
    where = subject.place_of("APPLICATION_ROOT")
    if not isinstance(root, str) or not root.startswith("/") or "://" in root:
        yield where, f"APPLICATION_ROOT is {root!r}, which is no path."
        return
    path = subject.setting("SESSION_COOKIE_PATH")
    if isinstance(path, str) and path and not is_below(root, path):
        where = subject.place_of("SESSION_COOKIE_PATH")
        yield where, f"SESSION_COOKIE_PATH is {path!r}, but the app is below {root!r}."


def is_below(path: str, top: str) -> bool:
    """Tell whether a path is another or lies below it."""
    return path == top or path.startswith(top.rstrip("/") + "/")


def _wrong_server(subject: Subject, server: str) -> t.Iterator[Found]:
    where = subject.place_of("SERVER_NAME")
    if re.search(r"[/\s@?#]", server):
        yield where, f"SERVER_NAME is {server!r}: a host and perhaps a port, no more."
        return
    host = server.rpartition(":")[0] if re.search(r":\d+$", server) else server
    hosts = subject.setting("TRUSTED_HOSTS")
    if isinstance(hosts, list | tuple | set) and hosts and not _fits(host, hosts):
        yield where, f"SERVER_NAME is {server!r}, which TRUSTED_HOSTS does not have."
    domain = subject.setting("SESSION_COOKIE_DOMAIN")
    if isinstance(domain, str) and domain:
        bare = domain.lstrip(".")
        if host != bare and not host.endswith(f".{bare}"):
            where = subject.place_of("SESSION_COOKIE_DOMAIN")
            yield where, f"SESSION_COOKIE_DOMAIN is {domain!r}, but SERVER_NAME is {server!r}."
    if subject.deploy and is_local(host):
        yield where, f"SERVER_NAME is {server!r}, which is this machine's own name."


def _fits(host: str, trusted: t.Iterable[t.Any]) -> bool:
    for entry in map(str, trusted):
        name = re.sub(r":\d+$", "", entry)
        if host == name.lstrip(".") or (name.startswith(".") and host.endswith(name)):
            return True
    return False


def is_local(host: str) -> bool:
    """Tell whether a host name is the machine's own."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
