"""What a server does otherwise than RFC 6455 says, where nobody else can mend it.

A case that is listed must fail: a server that has learnt it since is told. `*` at the end stands
for more cases. docs/explanation/protocols.md says the same in words.
"""

from __future__ import annotations

_NO_CODE = "Granian closes without a code where 7.1.7 wants 1002, 1007 or 1009."
_NO_REASON = "Granian does not tell the app the reason of a close."
_LOST = "An end without a close is told as 1005, not as 1006 (7.1.5)."
_NO_LIMIT = "Granian takes messages of up to 64 MB; they are refused when they are there."
_METHOD = "Granian upgrades other methods than GET, and does not tell which it was."
_NO_HEADERS = "Granian sends no headers of the app with the upgrade."

DEVIATIONS: dict[str, dict[str, str]] = {
    "serve": {},
    "serve-granian": {
        "test_invalid[*": _NO_CODE,
        "test_invalid_across_fragments[*": _NO_CODE,
        "test_protocol_errors[*": _NO_CODE,
        "test_not_agreed_on": _NO_CODE,
        "test_length_with_the_first_bit[*": _NO_CODE,
        "test_reason_that_is_no_text[*": _NO_CODE,
        "test_client_closes[*": _NO_REASON,
        "test_reasons[short]": _NO_REASON,
        "test_reasons[beyond-ascii]": _NO_REASON,
        "test_reasons[longest]": _NO_REASON,
        "test_reasons[longest-utf-8]": _NO_REASON,
        "test_message_before_a_close": _NO_REASON,
        "test_half_close_after_a_close": _NO_REASON,
        "test_half_close": _LOST,
        "test_half_close_within_a_frame": _LOST,
        "test_half_close_within_a_message": _LOST,
        "test_cut": _LOST,
        "test_announced_too_large[*": _NO_LIMIT,
        "test_too_large_in_fragments[*": _NO_LIMIT,
        "test_too_large_with_pings_between": _NO_LIMIT,
        "test_refused[method-*": _METHOD,
        "test_version_to_use_is_named": "Granian's own refusal does not name the version (4.4).",
        "test_subprotocols[*": _NO_HEADERS,
    },
    "uvicorn": {
        "test_close_within_a_message": "A close between fragments is taken for an error (5.4).",
        "test_half_close": _LOST,
        "test_half_close_within_a_frame": _LOST,
        "test_half_close_within_a_message": _LOST,
        "test_cut": _LOST,
        "test_accepted[spaces-around-values]": "Blanks after a header's value count as part of it.",
        "test_refused[http-1.0]": "uvicorn upgrades HTTP/1.0, and tells the app that it is 1.1.",
        "test_version_to_use_is_named": "uvicorn's own refusal does not name the version (4.4).",
        "test_server_stops": "uvicorn itself closes with 1012, Service Restart.",
    },
}
