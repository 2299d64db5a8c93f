"""The names of ``flask.debughelpers``."""

from __future__ import annotations

from .errors import DebugFilesKeyError as DebugFilesKeyError
from .errors import FormDataRoutingRedirect as FormDataRoutingRedirect
from .errors import UnexpectedUnicodeError as UnexpectedUnicodeError
from .templating import explain_template_loading_attempts as explain_template_loading_attempts
