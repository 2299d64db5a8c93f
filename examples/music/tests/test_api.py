"""The API: tokens, pages, ETags, problem documents; and the receiver of webhooks."""

import json
import re
import secrets
import time

import httpx
import pytest

PATHS = ("/me", "/summary", "/top/artists", "/top/albums", "/top/tracks", "/plays", "/playlists")


@pytest.mark.parametrize("header", [None, "Bearer mtm_wrong", "Basic eA==", "x" * 500])
def test_token_needed(visitor, header):
    """Without a token that is known the answer is a 401 that names the scheme."""
    headers = {} if header is None else {"Authorization": header}
    answer = httpx.get(f"{visitor.url}/api/v1/me", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == 401


def test_session_is_no_token(reader):
    """The API does not take a browser's session, which another site could use."""
    assert reader.get("/api/v1/me").status_code == 401


def test_me(reader):
    """The API tells whose token it is."""
    found = reader.api("/me").json()
    assert found["email"] == reader.email
    assert found["first_day"] == "2023-11-14"


@pytest.mark.parametrize("path", PATHS)
def test_etag(listener, path):
    """An answer that did not change is a 304 without a body; a new play changes it."""
    first = listener.api(path)
    assert first.status_code == 200
    etag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = listener.api(path, **{"If-None-Match": etag})
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["ETag"] == etag
    if path == "/playlists":
        listener.post("/playlists/", {"name": "New"})
    else:
        export = json.dumps(
            [
                {
                    "ts": "2024-05-05T05:05:05Z",
                    "ms_played": 5,
                    "master_metadata_track_name": "T",
                    "master_metadata_album_artist_name": "A",
                }
            ]
        )
        assert listener.take_in("b.json", export)["added"] == 1
    assert listener.api(path, **{"If-None-Match": etag}).status_code == 200


def test_etag_is_ones_own(reader, visit, served):
    """The tag of one reader's answer does not fit another's."""
    etag = reader.api("/summary").headers["ETag"]
    other = visit(served).register()
    assert other.api("/summary", **{"If-None-Match": etag}).status_code == 200


def test_top(reader):
    """Tops are paged; Link headers lead through the pages."""
    seen, path = [], "/top/tracks?limit=8"
    while path:
        answer = reader.api(path)
        body = answer.json()
        seen += [(item["name"], item["artist"]) for item in body["tracks"]]
        links = re.findall(r'<[^>]*/api/v1([^>]+)>; rel="(\w+)"', answer.headers["Link"])
        path = {relation: path for path, relation in links}.get("next")
    assert len(seen) == len(set(seen)) == body["total"] == 21
    assert body["pages"] == 3


def test_plays(reader):
    """Plays are paged by where one is, not by counting."""
    seen, following = [], ""
    while following is not None:
        body = reader.api(f"/plays?limit=30&before={following}").json()
        seen += [play["played_at"] for play in body["plays"]]
        following = body["next"]
    assert len(seen) == 100
    assert seen == sorted(seen, reverse=True)


def test_playlists(listener):
    """Playlists and their tracks are to be had."""
    listener.post("/playlists/", {"range": "all", "name": "Mine"})
    [found] = listener.api("/playlists").json()["playlists"]
    assert (found["name"], found["tracks"]) == ("Mine", 21)
    one = listener.api(f"/playlists/{found['id']}")
    assert len(one.json()["tracks"]) == 21
    assert found["url"].endswith(f"/api/v1/playlists/{found['id']}")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/top/artists?limit=0", 400),
        ("/top/artists?limit=101", 400),
        ("/top/artists?page=x", 400),
        ("/plays?limit=many", 400),
        ("/plays?before=1-x", 400),
        ("/top/songs", 404),
        ("/playlists/999999999", 404),
        ("/nothing", 404),
    ],
)
def test_problems(reader, path, status):
    """What goes wrong is told by a problem document (RFC 9457)."""
    answer = reader.api(path)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]


def test_wrong_method(reader):
    """A method that a resource does not have is a 405 that names those it has."""
    answer = httpx.delete(
        f"{reader.url}/api/v1/me", headers={"Authorization": f"Bearer {reader.api_token()}"}
    )
    assert answer.status_code in (404, 405)
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_calls_are_limited(deployment, visit):
    """After as many calls as it may make a token has to wait."""
    environment = {"MUSIC_RATE_LIMITS": "1", "MUSIC_API_LIMIT": "20 per hour"}
    server = deployment.server("limited-api", environment=environment).start()
    try:
        visitor = visit(server).register()
        headers = {"Authorization": f"Bearer {visitor.api_token()}"}
        with httpx.Client(base_url=server.url, headers=headers) as http:
            codes = [http.get("/api/v1/me").status_code for _ in range(21)]
            assert codes == [200] * 20 + [429]
            answer = http.get("/api/v1/me")
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert int(answer.headers["Retry-After"]) <= 3600
    finally:
        server.stop()


# --- webhooks ------------------------------------------------------------------------------------


PING = {"type": "ping", "data": {}}


def test_webhook(visitor, deliver):
    """A signed message is taken, once: the same again does nothing."""
    number = secrets.token_hex(8)
    assert deliver(visitor, PING, number=number).json()["status"] == "taken"
    assert deliver(visitor, PING, number=number).json() == {"status": "taken before"}


WRONG = {
    "secret": {"secret": "another"},
    "body": {"body": b'{"type": "account.revoked"}'},
    "old": {"moment": int(time.time()) - 400},
    "future": {"moment": int(time.time()) + 100_000},
    "no time": {"moment": "yesterday"},
    "no whole number": {"moment": "1e9"},
    "long id": {"number": "x" * 65},
}


@pytest.mark.parametrize("options", WRONG.values(), ids=WRONG)
def test_webhook_refused(visitor, deliver, options):
    """A message with a wrong signature, or from another time, is refused."""
    answer = deliver(visitor, PING, **options)
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_webhook_of_another_form(visitor, deliver):
    """A signed message that is no message is a 400, and one without its data a 422."""
    assert deliver(visitor, [1]).status_code == 400
    assert deliver(visitor, {"type": 5}).status_code == 400
