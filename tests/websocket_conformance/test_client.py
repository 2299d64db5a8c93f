"""The same by a client that others have written, wsproto: messages cut and mixed at random."""

from __future__ import annotations

import random

import pytest

wsproto = pytest.importorskip("wsproto", reason="wsproto is not installed")

from wsproto import ConnectionType, WSConnection  # noqa: E402
from wsproto.events import (  # noqa: E402
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Ping,
    Pong,
    RejectConnection,
    Request,
    TextMessage,
)
from wsproto.extensions import PerMessageDeflate  # noqa: E402


class Client:
    """A wsproto client on a socket."""

    def __init__(self, wire, path="/echo", **request):
        self.socket = wire.socket
        self.state = WSConnection(ConnectionType.CLIENT)
        self.waiting = []
        self.say(Request(host="localhost", target=path, **request))

    def say(self, *events):
        self.socket.sendall(b"".join(self.state.send(event) for event in events))

    def next(self):
        while not self.waiting:
            data = self.socket.recv(65536)
            self.state.receive_data(data or None)
            for event in self.state.events():
                if isinstance(event, Ping):
                    self.say(event.response())
                else:
                    self.waiting.append(event)
        return self.waiting.pop(0)

    def message(self):
        parts = []
        while True:
            event = self.next()
            assert isinstance(event, TextMessage | BytesMessage), event
            parts.append(event.data)
            if event.message_finished:
                return type(event.data)().join(parts)

    def leave(self, code=1000):
        self.say(CloseConnection(code=code))
        event = self.next()
        assert isinstance(event, CloseConnection)
        assert event.code == code


def pieces_of(message, chance):
    cuts = sorted(chance.randrange(len(message) + 1) for _ in range(chance.randrange(5)))
    return [message[a:b] for a, b in zip([0, *cuts], [*cuts, len(message)], strict=True)]


EXTENSIONS = {
    "plain": list,
    "compressed": lambda: [PerMessageDeflate()],
    "compressed-without-context": lambda: [
        PerMessageDeflate(client_no_context_takeover=True, server_no_context_takeover=True)
    ],
    "compressed-small-window": lambda: [PerMessageDeflate(server_max_window_bits=9)],
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("extensions", EXTENSIONS.values(), ids=EXTENSIONS)
def test_random_messages(wire, extensions, seed):
    """Messages of any kind and size, in any number of fragments, come back."""
    chance = random.Random(seed)
    client = Client(wire, extensions=extensions())
    assert isinstance(client.next(), AcceptConnection)
    for number in range(12):
        size = chance.choice([0, 1, 125, 126, 1000, 65535, 65536, 200_000])
        message = (
            chance.randbytes(size) if chance.random() < 0.5 else "aé😀\0"[: size or 0] * (size // 4)
        )
        kind = BytesMessage if isinstance(message, bytes) else TextMessage
        pieces = pieces_of(message, chance)
        for n, piece in enumerate(pieces):
            client.say(kind(data=piece, message_finished=n == len(pieces) - 1))
            if chance.random() < 0.3:
                client.say(Pong(payload=b"unasked"))
        assert client.message() == message, number
        client.say(Ping(payload=b"%d" % number))
        assert client.next() == Pong(payload=b"%d" % number)
    client.leave()


def test_rejection(wire):
    """A refusal is one to this client, with the app's answer."""
    client = Client(wire, "/refused")
    event = client.next()
    assert isinstance(event, RejectConnection)
    assert event.status_code == 403
    assert (b"x-why", b"it is a test") in [(n.lower(), v) for n, v in event.headers]


def test_subprotocol(wire):
    """The app's choice reaches the client."""
    client = Client(wire, "/protocols?choose=b", subprotocols=["a", "b"])
    assert client.next().subprotocol == "b"
    client.leave()


@pytest.mark.parametrize("code", [1000, 1001, 1011, 3000, 4999])
def test_close_of_the_server(wire, code):
    """The app's close reaches the client with code and reason."""
    client = Client(wire, f"/close?code={code}&reason=so")
    assert isinstance(client.next(), AcceptConnection)
    event = client.next()
    assert isinstance(event, CloseConnection)
    assert (event.code, event.reason) == (code, "so")
    client.say(event.response())
    assert wire.socket.recv(1) == b""
