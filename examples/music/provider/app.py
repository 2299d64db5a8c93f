"""The stand-in's app: `bolthead --app examples/music/provider/app.py run --port 5001`.

It speaks what the music app uses of Spotify: authorize page, tokens with PKCE and rotation,
revocation (RFC 7009), ID tokens with a nonce, recently played plays, playlists, limits with 429.
"""

import base64
import datetime as dt
import hashlib
import hmac
import os
import random
import secrets
import sys
import time
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from bolthead import Bolthead, abort, current_app, redirect, render_template, request

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent)]

from timemachine import history  # noqa: E402

from provider.state import Code, Grant, State  # noqa: E402 - found by the line above

CLIENT_ID, CLIENT_SECRET = "music-time-machine", "stand-in-secret"
USERS = {"ada": "Ada Listener", "grace": "Grace Notes"}
CODE_SECONDS = 60


def create_app(state: State | None = None) -> Bolthead:
    app = Bolthead(__name__, template_folder=str(HERE / "templates"))
    app.config.from_mapping(SECRET_KEY=secrets.token_hex(), MAX_CONTENT_LENGTH=1_000_000)
    # Where a browser may be sent back to. Several, as the demo's port may be chosen.
    app.config["CALLBACK_HOSTS"] = os.environ.get(
        "PROVIDER_CALLBACK_HOSTS", "127.0.0.1,localhost"
    ).split(",")
    app.config["CONTROL"] = os.environ.get("PROVIDER_CONTROL") == "1"
    app.extensions["provider"] = state or State(
        token_seconds=float(os.environ.get("PROVIDER_TOKEN_SECONDS", "3600")),
        limit=int(os.environ.get("PROVIDER_LIMIT", "60")),
    )
    app.extensions["provider_key"] = RSAKey.generate_key(2048, {"kid": "stand-in", "use": "sig"})
    for rule, view, methods in (
        ("/authorize", authorize, ["GET"]),
        ("/authorize", decide, ["POST"]),
        ("/token", token, ["POST"]),
        ("/revoke", revoke, ["POST"]),
        ("/jwks", jwks, ["GET"]),
        ("/v1/me", me, ["GET"]),
        ("/v1/me/player/recently-played", recently_played, ["GET"]),
        ("/v1/me/playlists", create_playlist, ["POST"]),
        ("/v1/playlists/<number>", change_playlist, ["GET", "PUT"]),
        ("/v1/playlists/<number>/tracks", write_tracks, ["PUT", "POST"]),
        ("/control", control, ["GET", "POST"]),
    ):
        app.add_url_rule(rule, endpoint=view.__name__, view_func=view, methods=methods)
    return app


def state() -> State:
    return current_app.extensions["provider"]


# --- OAuth ---------------------------------------------------------------------------------------


def checked_query(query) -> dict[str, str]:
    """Return what a client asks for; a 400 for what cannot be sent back to it."""
    target = query.get("redirect_uri", "")
    if query.get("client_id") != CLIENT_ID:
        abort(400, "There is no such client.")
    if urlsplit(target).hostname not in current_app.config["CALLBACK_HOSTS"]:
        abort(400, "This redirect_uri is not registered.")
    if query.get("response_type") != "code":
        abort(400, "Only response_type=code is known.")
    if query.get("code_challenge_method") != "S256" or not query.get("code_challenge"):
        abort(400, "PKCE with S256 is required.")
    names = ("client_id", "redirect_uri", "state", "scope", "nonce", "code_challenge")
    return {name: query.get(name, "") for name in names}


def authorize():
    asked = checked_query(request.args)
    return render_template("authorize.html", asked=asked, users=USERS, query=request.args)


def decide():
    asked = checked_query(request.form)
    answer = {"state": asked["state"]}
    user = request.form.get("user", "")
    if request.form.get("decision") != "allow" or user not in USERS:
        answer["error"] = "access_denied"
    else:
        code = secrets.token_urlsafe(16)
        state().codes[code] = Code(
            user,
            asked["scope"],
            asked["redirect_uri"],
            asked["code_challenge"],
            asked["nonce"],
            time.time() + CODE_SECONDS,
        )
        answer["code"] = code
    return redirect(f"{asked['redirect_uri']}?{urlencode(answer)}")


def refuse(error: str, status: int = 400):
    return {"error": error}, status, {"Cache-Control": "no-store"}


def is_client() -> bool:
    """Tell whether the client says who it is: by Basic authentication, or in the form."""
    sent = request.authorization
    if sent is not None and sent.type == "basic":
        name, secret = sent.username or "", sent.password or ""
    else:
        name, secret = request.form.get("client_id", ""), request.form.get("client_secret", "")
    return name == CLIENT_ID and hmac.compare_digest(secret.encode(), CLIENT_SECRET.encode())


def token():
    """Exchange a code or a refresh token (RFC 6749, RFC 7636)."""
    if not is_client():
        return refuse("invalid_client", 401)
    known = state()
    with known.lock:
        kind = request.form.get("grant_type")
        known.log.append(f"token {kind}")
        if kind == "authorization_code":
            return exchange(known)
        if kind == "refresh_token":
            sent = request.form.get("refresh_token", "")
            for grant in known.grants:
                if grant.refresh == sent and sent and not grant.revoked:
                    return known.renew(grant), {"Cache-Control": "no-store"}
            return refuse("invalid_grant")
    return refuse("unsupported_grant_type")


def exchange(known: State):
    # A code is good for one try.
    code = known.codes.pop(request.form.get("code", ""), None)
    verifier = request.form.get("code_verifier", "")
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    fits = (
        code is not None
        and code.until > time.time()
        and code.redirect_uri == request.form.get("redirect_uri")
        and hmac.compare_digest(code.challenge, challenge)
    )
    if not fits:
        return refuse("invalid_grant")
    grant = Grant(code.user, code.scope)
    known.grants.append(grant)
    answer = known.renew(grant)
    if "openid" in code.scope.split():
        answer["id_token"] = id_token(code, wrong=known.wrong_nonce)
    return answer, {"Cache-Control": "no-store"}


def id_token(code: Code, *, wrong: bool) -> str:
    now = int(time.time())
    claims = {
        "iss": request.host_url.rstrip("/"),
        "aud": CLIENT_ID,
        "sub": code.user,
        "iat": now,
        "exp": now + 300,
        "nonce": "of another request" if wrong else code.nonce,
    }
    key = current_app.extensions["provider_key"]
    return jwt.encode({"alg": "RS256", "kid": "stand-in"}, claims, key)


def jwks():
    return KeySet([current_app.extensions["provider_key"]]).as_dict(private=False)


def revoke():
    if not is_client():
        return refuse("invalid_client", 401)
    sent = request.form.get("token", "")
    for grant in state().grants:
        if sent and sent in (grant.access, grant.refresh):
            grant.revoked = True
    state().log.append("revoke")
    return "", 200


# --- the API -------------------------------------------------------------------------------------


def caller() -> Grant:
    """Return whose token a call carries; else answers 401, 429, or what tests want."""
    known = state()
    access = request.headers.get("Authorization", "").removeprefix("Bearer ")
    with known.lock:
        if known.failures:
            status = known.failures.pop(0)
            headers = {"Retry-After": "5"} if status == 429 else {}
            fail(status, headers)
        grant = known.find_grant(access)
        if grant is None:
            fail(401, {"WWW-Authenticate": 'Bearer error="invalid_token"'})
        wait = known.wait(access)
        if wait:
            fail(429, {"Retry-After": str(int(wait) + 1)})
    return grant


def fail(status: int, headers: dict[str, str]):
    body = {"error": {"status": status, "message": "as told"}}
    response = current_app.make_response((body, status, headers))
    abort(response)


def me():
    grant = caller()
    return {"id": grant.user, "display_name": USERS[grant.user]}


def recently_played():
    """Give the plays of today and yesterday, the newest first: ?limit=, ?after=, ?before=."""
    grant = caller()
    limit = min(50, max(1, request.args.get("limit", 20, int)))
    after, before = request.args.get("after", 0, int), request.args.get("before", 0, int)
    items = [item for item in plays_of(grant.user) if to_ms(item) > after]
    items = [item for item in items if not before or to_ms(item) < before]
    items.sort(key=to_ms, reverse=True)
    page = items[:limit]
    more = len(items) > limit
    return {
        "items": page,
        "limit": limit,
        "next": f"{request.base_url}?before={to_ms(page[-1])}" if more else None,
        "cursors": {"before": str(to_ms(page[-1])), "after": str(to_ms(page[0]))} if page else None,
    }


def to_ms(item: dict) -> int:
    return int(dt.datetime.fromisoformat(item["played_at"]).timestamp() * 1000)


def plays_of(user: str) -> list[dict]:
    """Return about 60 plays up to now, the same whenever they are asked for on one day."""
    today = dt.date.today()
    made = history.listen(len(user), 120, years=1, last=today)
    chance = random.Random(f"{user} {today}")  # noqa: S311 - made plays, no secret
    songs = [play.song for play in made]
    midnight = int(dt.datetime.combine(today, dt.time(), dt.UTC).timestamp())
    moment, items = midnight - 86_400 + 7 * 3600, []
    while moment < time.time() and len(items) < 200:
        song = chance.choice(songs)
        moment += song.ms // 1000 + chance.randrange(20, 1500)
        if moment < time.time():
            items.append(to_item(song, moment))
    return items + state().extra_plays


def to_item(song: history.Song, moment: int) -> dict:
    return {
        "track": {
            "uri": song.uri,
            "name": song.name,
            "duration_ms": song.ms,
            "artists": [{"name": song.artist}],
            "album": {"name": song.album},
        },
        "played_at": dt.datetime.fromtimestamp(moment, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def create_playlist():
    grant = caller()
    number = secrets.token_hex(8)
    name = str(request.get_json().get("name", ""))
    state().playlists[number] = {"id": number, "owner": grant.user, "name": name, "uris": []}
    return {"id": number, "name": name}, 201


def own_playlist(number: str) -> dict:
    grant = caller()
    found = state().playlists.get(number)
    if found is None or found["owner"] != grant.user:
        fail(404, {})
    return found


def change_playlist(number: str):
    found = own_playlist(number)
    if request.method == "PUT":
        found["name"] = str(request.get_json().get("name", found["name"]))
    return found


def write_tracks(number: str):
    found = own_playlist(number)
    uris = request.get_json().get("uris", [])
    if not isinstance(uris, list) or len(uris) > 100:
        fail(400, {})
    found["uris"] = uris if request.method == "PUT" else found["uris"] + uris
    return {"snapshot_id": secrets.token_hex(8)}, 201


# --- what tests and visitors may set -------------------------------------------------------------


def control():
    """Let tests see and set what the stand-in does; only with PROVIDER_CONTROL=1."""
    if not current_app.config["CONTROL"]:
        abort(404)
    known = state()
    if request.method == "POST":
        sent = request.get_json()
        known.failures = list(sent.get("failures", known.failures))
        known.token_seconds = sent.get("token_seconds", known.token_seconds)
        known.limit = sent.get("limit", known.limit)
        known.wrong_nonce = sent.get("wrong_nonce", known.wrong_nonce)
        known.extra_plays = sent.get("extra_plays", known.extra_plays)
        for grant in known.grants:
            if sent.get("revoke"):
                grant.revoked = True
            if sent.get("expire"):
                grant.access_until = 0
        if sent.get("forget"):
            known.calls.clear()
            known.log.clear()
    return {"log": known.log, "playlists": list(known.playlists.values())}
