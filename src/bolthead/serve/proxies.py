"""Which peers are proxies, and what they say of the client; others are not believed."""

from __future__ import annotations

import ipaddress
import typing as t

if t.TYPE_CHECKING:
    from ..protocols.scope import Scope

    Network = ipaddress.IPv4Network | ipaddress.IPv6Network

UNIX = "unix"
"""What stands for the peers of a Unix socket among the networks."""

_PREFIX = b"x-forwarded-"
_FORWARDED = b"forwarded"


class Proxies:
    """The networks whose ``X-Forwarded-*`` headers count.

    ValueError for what is neither a network such as ``10.0.0.0/8``, nor an address, nor "unix".
    """

    def __init__(self, networks: t.Iterable[str]) -> None:
        self._networks: list[Network] = []
        self._trusts_unix = False
        self._known: dict[str, bool] = {}
        for name in networks:
            if name == UNIX:
                self._trusts_unix = True
            else:
                self._networks.append(ipaddress.ip_network(name, strict=False))

    def trusts(self, host: str | None) -> bool:
        """Tell whether a peer is one of them; None is the peer of a Unix socket."""
        if not host:
            return self._trusts_unix
        found = self._known.get(host)
        if found is None:
            found = self._is_within(host)
            if len(self._known) < 4096:
                self._known[host] = found
        return found

    def _is_within(self, host: str) -> bool:
        if not self._networks:
            return False
        try:
            address = ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None)
        address = mapped or address
        return any(address in network for network in self._networks)

    def apply(self, scope: Scope) -> bool:
        """Take over what a trusted proxy says; take out what others say. Tell which it was."""
        client = scope.get("client")
        headers = scope["headers"]
        if not self.trusts(client[0] if client else None):
            for name, _ in headers:
                if name.startswith(_PREFIX) or name == _FORWARDED:
                    scope["headers"] = [pair for pair in headers if not _is_forwarded(pair[0])]
                    break
            return False
        said: dict[bytes, bytes] = {}
        for name, value in headers:
            if name.startswith(_PREFIX):
                said[name] = said[name] + b"," + value if name in said else value
        if said:
            self._take_over(scope, said)
        return True

    def _take_over(self, scope: Scope, said: dict[bytes, bytes]) -> None:
        client = self._client(said.get(b"x-forwarded-for", b""))
        if client is not None:
            scope["client"] = (client, 0)
        scheme = _last(said.get(b"x-forwarded-proto", b"")).lower()
        if scheme in {"http", "https", "ws", "wss"}:
            secure = scheme in {"https", "wss"}
            plain = "ws" if scope["type"] == "websocket" else "http"
            scope["scheme"] = plain + "s" * secure
        host = _last(said.get(b"x-forwarded-host", b"")).encode("latin-1")
        if host:
            scope["headers"] = [
                (name, host if name == b"host" else value) for name, value in scope["headers"]
            ]

    def _client(self, chain: bytes) -> str | None:
        """Return the last address of the chain that is no proxy of ours."""
        addresses = [part.strip() for part in chain.decode("latin-1").split(",") if part.strip()]
        for text in reversed(addresses):
            host = _without_port(text)
            if host is None:
                return None
            if not self.trusts(host):
                return host
        return _without_port(addresses[0]) if addresses else None


def _is_forwarded(name: bytes) -> bool:
    return name.startswith(_PREFIX) or name == _FORWARDED


def _last(value: bytes) -> str:
    return value.rpartition(b",")[2].strip().decode("latin-1")


def _without_port(text: str) -> str | None:
    """Return an address without brackets and port, or None where it is none."""
    host = text
    if text.startswith("["):
        host = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        host = text.partition(":")[0]
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return None
    return host
