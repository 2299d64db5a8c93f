"""Stand-ins for what is in force here, to be imported once and used anywhere.

The top layer gives them their types and public names; templates see them, too.
"""

from __future__ import annotations

from werkzeug.local import LocalProxy

from .current import NO_APP, NO_REQUEST, _cv_app, _cv_request

app_ctx = LocalProxy(_cv_app, unbound_message=NO_APP)
current_app = LocalProxy(_cv_app, "app", unbound_message=NO_APP)
g = LocalProxy(_cv_app, "g", unbound_message=NO_APP)

request_ctx = LocalProxy(_cv_request, unbound_message=NO_REQUEST)
request = LocalProxy(_cv_request, "request", unbound_message=NO_REQUEST)
session = LocalProxy(_cv_request, "session", unbound_message=NO_REQUEST)
