"""The connected account: OAuth with PKCE, refresh, limits, failures, revocation, webhooks."""

import base64
import json
import re
import sqlite3
import time
import zlib
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest


def begin(visitor):
    """Press “Connect”; return where the provider's page is."""
    answer = visitor.post("/connect/start", follow=False)
    assert answer.status_code == 302
    return answer.headers["Location"]


def decide(address, decision="allow", user="ada"):
    """Answer the provider's page; return where it sends the browser."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    page = httpx.get(address)
    assert "Music Time Machine" in page.text
    form = query | {"decision": decision, "user": user}
    answer = httpx.post(address.partition("?")[0], data=form)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def connect(visitor, **options):
    return visitor.follow(decide(begin(visitor), **options))


@pytest.fixture
def connected(listener, control):
    assert "Stand-in Music is connected as Ada Listener." in connect(listener).text
    return listener


def test_authorize_request(listener, control):
    """The request carries state, nonce and a challenge; none of its secrets is in the cookie."""
    address = begin(listener)
    query = parse_qs(urlsplit(address).query)
    assert query["response_type"] == ["code"]
    assert query["code_challenge_method"] == ["S256"]
    assert len(query["code_challenge"][0]) == 43
    assert len(query["state"][0]) >= 20
    assert len(query["nonce"][0]) >= 20
    cookie = listener.http.cookies["music_session"]
    assert "verifier" not in read_cookie(cookie)
    assert query["nonce"][0] not in read_cookie(cookie)


def read_cookie(cookie):
    """Return what is in a session's cookie: it is signed, not encrypted."""
    payload = cookie.lstrip(".").partition(".")[0]
    raw = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    return (zlib.decompress(raw) if cookie.startswith(".") else raw).decode()


def test_connect(connected, deployment):
    """The tokens are kept encrypted, and not in the cookie."""
    page = connected.get("/settings/").text
    assert "Ada Listener" in page
    assert "Disconnect" in page
    if "MUSIC_DATABASE_URL" in deployment.environment:
        return
    with sqlite3.connect(deployment.folder / "music.sqlite") as database:
        rows = database.execute("SELECT token FROM connected_account").fetchall()
    assert all(bytes(token).startswith(b"gAAAA") for (token,) in rows)


def test_declined(listener, control):
    """Who declines is back in the settings, and nothing is connected."""
    page = connect(listener, decision="deny")
    assert "you declined" in page.text
    assert "Connect Stand-in Music" in page.text


def test_foreign_state(listener, control):
    """An answer that no request of this session asked for is refused."""
    target = decide(begin(listener))
    forged = re.sub(r"state=[^&]+", "state=forged", target)
    assert "belongs to no request of yours" in listener.follow(forged).text
    assert "Connect Stand-in Music" in listener.get("/settings/").text


def test_answer_of_another(listener, control, visit, served):
    """The answer that one user got does not connect the account of another."""
    target = decide(begin(listener))
    other = visit(served).register()
    assert "belongs to no request of yours" in other.follow(target).text


def test_answer_twice(listener, control):
    """An answer is good for one time."""
    target = decide(begin(listener))
    assert "is connected" in listener.follow(target).text
    assert "belongs to no request of yours" in listener.follow(target).text


def test_wrong_nonce(listener, control):
    """An ID token made for another request is not trusted."""
    control(wrong_nonce=True)
    assert "could not be verified" in connect(listener).text
    assert "Connect Stand-in Music" in listener.get("/settings/").text


def total(visitor):
    return visitor.api("/summary").json()["plays"]


def test_sync(connected):
    """Recent plays are added once."""
    before = total(connected)
    page = connected.post("/connect/sync").text
    added = int(re.search(r"(\d+) new plays", page)[1])
    assert added > 10
    assert total(connected) == before + added
    assert "0 new plays" in connected.post("/connect/sync").text


def test_refresh(connected, control):
    """An expired token is renewed, and the new one is kept."""
    # By our clock it is valid yet; the provider knows better.
    control(expire=True, forget=True)
    page = connected.post("/connect/sync").text
    log = control()["log"]
    assert "new plays" in page
    assert log.count("token refresh_token") == 1


def test_refresh_before_it_expires(listener, control):
    """A token that is about to run out by our clock is renewed before it is used."""
    # Authlib renews a minute before the end.
    control(token_seconds=61)
    connect(listener)
    control(token_seconds=3600, forget=True)
    time.sleep(2)
    assert "new plays" in listener.post("/connect/sync").text
    assert control()["log"] == ["token refresh_token"]
    control(forget=True)
    assert "0 new plays" in listener.post("/connect/sync").text
    assert control()["log"] == []


def test_revoked(connected, control):
    """When the access was taken back, the page says so and asks to connect again."""
    control(revoke=True, expire=True)
    page = connected.post("/connect/sync").text
    assert "does not accept our access any more" in page
    assert "Connect again" in page
    assert "Fetch recent plays" not in page
    assert "is connected" in connect(connected).text
    assert "new plays" in connected.post("/connect/sync").text


def test_limited(connected, control):
    """When the provider wants fewer requests, we wait as long as it says."""
    control(failures=[429])
    page = connected.post("/connect/sync").text
    assert "wants fewer requests. Try again in 5 seconds." in page
    control(forget=True)
    assert "asks us to wait" in connected.post("/connect/sync").text
    time.sleep(5.5)
    assert "new plays" in connected.post("/connect/sync").text


def test_own_limit(connected, control):
    """The stand-in has a limit of its own, and answers 429 beyond it."""
    control(limit=0)
    assert "wants fewer requests" in connected.post("/connect/sync").text


def test_passing_failure(connected, control):
    """A failure that passes is not noticed."""
    control(failures=[500, 503])
    assert "new plays" in connected.post("/connect/sync").text


def test_lasting_failure(connected, control):
    """A failure that lasts is told, and nothing is lost."""
    before = total(connected)
    control(failures=[500] * 3)
    assert "does not answer as it should" in connected.post("/connect/sync").text
    assert total(connected) == before
    assert "new plays" in connected.post("/connect/sync").text


def test_failure_while_connecting(listener, control):
    """When the profile cannot be had, nothing is connected, and the page says so."""
    control(failures=[500] * 5)
    assert "does not answer as it should" in connect(listener).text
    assert "Connect Stand-in Music" in listener.get("/settings/").text


def test_disconnect(connected, control):
    """Disconnecting revokes the access and forgets the tokens."""
    control(forget=True)
    page = connected.post("/connect/disconnect").text
    assert "disconnected" in page
    assert control()["log"] == ["revoke"]
    assert "Connect Stand-in Music" in page


def test_push(connected, control):
    """A pushed playlist is in the account, and pushing again writes over it."""
    path = connected.post("/playlists/", {"range": "all", "name": "Pushed"}).url.path
    assert "is in your account, with 21 tracks" in connected.post(f"{path}/push").text
    [there] = [each for each in control()["playlists"] if each["name"] == "Pushed"]
    ours = [track["uri"] for track in connected.get(f"{path}.json").json()["tracks"]]
    assert there["uris"] == ours
    version = re.search(r'data-version="(\d+)"', connected.get(path).text)[1]
    connected.post(f"{path}/name", {"name": "Renamed", "version": version})
    connected.post(f"{path}/push")
    names = [each["name"] for each in control()["playlists"] if each["id"] == there["id"]]
    assert names == ["Renamed"]
    assert not [each for each in control()["playlists"] if each["name"] == "Pushed"]


def test_synced_then_imported(connected, make_play, control):
    """A play that was synced, and comes by an export later, is one play."""
    moment = int(time.time()) - 4000
    text = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
    track = {
        "uri": "spotify:track:both",
        "name": "Both",
        "duration_ms": 180_000,
        "artists": [{"name": "B"}],
        "album": {"name": "B"},
    }
    control(extra_plays=[{"track": track, "played_at": text}])
    connected.post("/connect/sync")
    before = total(connected)
    late = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment + 20))
    play = make_play(
        ts=late,
        spotify_track_uri="spotify:track:both",
        master_metadata_track_name="Both",
        master_metadata_album_artist_name="B",
        ms_played=171_000,
    )
    state = connected.take_in("a.json", json.dumps([play]))
    assert state["added"] == 1
    assert total(connected) == before
    assert connected.api("/plays?limit=100").json()["plays"]
    connected.post("/connect/sync")
    assert total(connected) == before


def test_webhook_with_plays(connected, deliver):
    """Plays that the provider tells of by a webhook are added once."""
    before = total(connected)
    track = {
        "uri": "spotify:track:hook",
        "name": "Hook",
        "duration_ms": 180_000,
        "artists": [{"name": "H"}],
        "album": {"name": "H"},
    }
    items = [{"track": track, "played_at": "2024-06-01T12:00:00Z"}]
    message = {"type": "plays.recorded", "data": {"account": "ada", "items": items}}
    assert deliver(connected, message).json()["plays_added"] >= 1
    assert total(connected) == before + 1
    # Another delivery of the same plays.
    deliver(connected, message)
    assert total(connected) == before + 1
    broken = {"type": "plays.recorded", "data": {"account": "ada", "items": [{"track": {}}]}}
    assert deliver(connected, broken).status_code == 422


def test_webhook_of_revocation(connected, deliver):
    """When the provider tells of a revocation, the page asks to connect again."""
    deliver(connected, {"type": "account.revoked", "data": {"account": "ada"}})
    assert "Connect again" in connected.get("/settings/").text
