"""Tracebacks of the app's own code, without the frames of the commands that led there."""

from __future__ import annotations

_COMMANDS = ("click.", "bolthead.cli.")


def keep_own_frames(error: BaseException) -> None:
    """Cut an error's traceback down to what ran below the commands: the app, if it was loaded."""
    frame = error.__traceback__
    while frame is not None and _module(frame.tb_frame.f_globals).startswith(_COMMANDS):
        frame = frame.tb_next
    # A file that cannot even be compiled has no frame: the error itself names its line.
    if frame is not None or isinstance(error, SyntaxError):
        error.__traceback__ = frame


def _module(names: dict[str, object]) -> str:
    return str(names.get("__name__", ""))
