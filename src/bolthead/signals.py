"""The ten signals, sent by name with the application as sender (Flask docs, "Signals")."""

from __future__ import annotations

import typing as t

from blinker import ANY, NamedSignal
from blinker import Namespace as Namespace

from .registry import note_for_all

F = t.TypeVar("F", bound=t.Callable[..., t.Any])


class _Signal(NamedSignal):
    """A signal that says when it gets a receiver: until then nothing is sent."""

    def connect(self, receiver: F, sender: t.Any = ANY, weak: bool = True) -> F:
        """Call a receiver when the signal is sent, by any sender unless one is named."""
        connected = super().connect(receiver, sender, weak)
        note_for_all()
        return connected


_signals = Namespace()


def _signal(name: str) -> NamedSignal:
    signal = _signals[name] = _Signal(name)
    return signal


template_rendered = _signal("template-rendered")
before_render_template = _signal("before-render-template")
request_started = _signal("request-started")
request_finished = _signal("request-finished")
request_tearing_down = _signal("request-tearing-down")
got_request_exception = _signal("got-request-exception")
appcontext_tearing_down = _signal("appcontext-tearing-down")
appcontext_pushed = _signal("appcontext-pushed")
appcontext_popped = _signal("appcontext-popped")
message_flashed = _signal("message-flashed")
