"""The production server: ``bolthead serve``, or a command of your own that calls ``serve``.

An engine (Granian or uvicorn) speaks HTTP. Around it are the edge, which turns away what is not
well-formed or too much, and the supervisor, which starts, replaces and stops the workers.
"""

from __future__ import annotations

from .ids import request_id as request_id
from .settings import Settings as Settings
