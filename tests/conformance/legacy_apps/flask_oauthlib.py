"""A provider of OAuth 2 tokens by Flask-OAuthlib, and a client of another one."""

import os
from base64 import b64encode
from datetime import datetime, timedelta

from flask import Flask, jsonify, request
from flask_oauthlib.client import OAuth
from flask_oauthlib.provider import OAuth2Provider

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"


class Record:
    def __init__(self, **values):
        self.__dict__.update(values)


app = Flask(__name__)
app.secret_key = "a key"
oauth = OAuth2Provider(app)
tokens = {}
client = Record(
    client_id="shop",
    client_secret="secret",
    client_type="confidential",
    redirect_uris=["http://localhost/"],
    default_redirect_uri="http://localhost/",
    default_scopes=["email"],
    allowed_grant_types=["password"],
    user=None,
)
ada = Record(name="ada")


@oauth.clientgetter
def get_client(client_id):
    return client if client_id == "shop" else None


@oauth.usergetter
def get_user(username, password, *args, **kwargs):
    return ada if (username, password) == ("ada", "lovelace") else None


@oauth.grantgetter
def get_grant(client_id, code):
    return None


@oauth.grantsetter
def set_grant(client_id, code, request, *args, **kwargs):
    return None


@oauth.tokengetter
def get_token(access_token=None, refresh_token=None):
    return tokens.get(access_token)


@oauth.tokensetter
def set_token(token, request, *args, **kwargs):
    tokens[token["access_token"]] = Record(
        access_token=token["access_token"],
        client=client,
        client_id="shop",
        user=request.user,
        expires=datetime.utcnow() + timedelta(hours=1),
        scopes=["email"],
        token_type="Bearer",
    )


@app.route("/token", methods=["POST"])
@oauth.token_handler
def give_token():
    return None


@app.route("/me")
@oauth.require_oauth("email")
def show_me():
    return jsonify(name=request.oauth.user.name)


remote = OAuth(app).remote_app(
    "remote",
    consumer_key="key",
    consumer_secret="secret",
    request_token_params={"scope": "email"},
    base_url="https://example.org/api/",
    access_token_url="https://example.org/token",
    authorize_url="https://example.org/authorize",
)


@app.route("/login")
def login():
    return remote.authorize(callback="http://localhost/done", state="x")


def check(ask):
    assert ask("/me").status == 401
    form = {"grant_type": "password", "client_id": "shop", "client_secret": "secret"}
    form |= {"scope": "email", "username": "ada"}
    assert ask("/token", form={**form, "password": "x"}).status in {400, 401}
    token = ask("/token", form={**form, "password": "lovelace"}).json["access_token"]
    assert ask("/me", headers={"Authorization": f"Bearer {token}"}).json == {"name": "ada"}
    basic = {"Authorization": f"Basic {b64encode(b'shop:secret').decode()}"}
    form = {"grant_type": "password", "username": "ada", "password": "lovelace"}
    assert "access_token" in ask("/token", form=form, headers=basic).json
    sent = ask("/login")
    assert sent.status == 302
    assert sent.headers["Location"].startswith("https://example.org/authorize?")
    assert "client_id=key" in sent.headers["Location"]
