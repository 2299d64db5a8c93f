"""Which framework the app stands on. Everything else imports `flask`, as any Flask app does.

MUSIC_FRAMEWORK=flask runs the same app on Flask itself. It then goes without what Flask does not
have: progress is asked for again and again instead of being sent as events.
"""

import os

if os.environ.get("MUSIC_FRAMEWORK") == "flask":
    from flask import Flask as App

    Event = EventStream = None
else:
    import bolthead

    bolthead.install_as_flask()

    from bolthead import Bolthead as App
    from bolthead import Event, EventStream

__all__ = ["App", "Event", "EventStream", "call_at_start"]


def call_at_start(app, function) -> None:
    """Call a function once in each process that serves, before or with its first request."""
    if hasattr(app, "on_startup"):
        app.on_startup(function)
        return
    called = []

    @app.before_request
    def once():
        if not called:
            called.append(True)
            function()
