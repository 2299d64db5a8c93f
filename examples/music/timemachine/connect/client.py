"""Calls to the provider's API: refreshes what expired, respects limits, says what went wrong."""

import asyncio
import time
import typing as t

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from flask import current_app
from sqlalchemy import select

from ..extensions import db
from ..models import Account, User
from . import vault

TRIES = 3
PAUSE = 0.2
"""Seconds before a call that failed is tried again; doubled each time."""
KEPT = ("access_token", "refresh_token", "expires_at", "token_type", "scope")


class ProviderError(Exception):
    """The provider did not do what was asked; the text is for the user."""


def account_of(user: User) -> Account | None:
    return db.session.scalar(select(Account).where(Account.user_id == user.id))


def pack(token: dict[str, t.Any]) -> bytes:
    return vault.lock({name: token[name] for name in KEPT if name in token})


def ask_again(account: Account) -> ProviderError:
    """Note that the user must consent anew."""
    account.needs_consent = True
    db.session.commit()
    name = current_app.config["MUSIC"].oauth_name
    return ProviderError(f"{name} does not accept our access any more. Please connect it again.")


async def call(account: Account, method: str, path: str, **options: t.Any) -> dict[str, t.Any]:
    """Call the API for an account; ProviderError if that cannot be done now."""
    config = current_app.config["MUSIC"]
    if account.needs_consent:
        raise ProviderError(f"Please connect {config.oauth_name} again.")
    wait = account.retry_at - time.time()
    if wait > 0:
        raise ProviderError(f"{config.oauth_name} asks us to wait {wait:.0f} seconds more.")
    token = vault.unlock(account.token)
    if token is None:
        raise await asyncio.to_thread(ask_again, account)

    async def keep(new: dict[str, t.Any], **old: t.Any) -> None:
        # Some providers send no new refresh token: then the old one stays.
        locked = pack({**token, **new})
        await asyncio.to_thread(save_token, account, locked)

    async with AsyncOAuth2Client(
        config.oauth_client_id,
        config.oauth_client_secret,
        token=token,
        token_endpoint=config.oauth_token_url,
        update_token=keep,
        timeout=10,
    ) as client:
        try:
            return await send(client, account, method, config.oauth_api_url + path, options)
        except OAuthError as error:
            if await asyncio.to_thread(was_renewed, account, token):
                raise ProviderError("The access was just renewed. Please try again.") from error
            raise await asyncio.to_thread(ask_again, account) from error


def save_token(account: Account, locked: bytes) -> None:
    account.token = locked
    db.session.commit()


def was_renewed(account: Account, token: dict[str, t.Any]) -> bool:
    """Tell whether another request has renewed the token meanwhile."""
    db.session.refresh(account)
    stored = vault.unlock(account.token)
    return stored is not None and stored["access_token"] != token["access_token"]


async def send(client, account, method, url, options, *, renew=True) -> dict[str, t.Any]:
    name = current_app.config["MUSIC"].oauth_name
    pause = PAUSE
    for attempt in range(TRIES):
        try:
            answer = await client.request(method, url, **options)
        except httpx2.HTTPError:
            answer = None
        if answer is not None and answer.status_code < 500:
            break
        if attempt < TRIES - 1:
            await asyncio.sleep(pause)
            pause *= 2
    else:
        raise ProviderError(f"{name} does not answer as it should. Please try again later.")
    if answer.status_code == 401:
        if not renew:
            raise OAuthError("invalid_token")
        # Our clock says that the token is good; the provider knows better.
        await client.refresh_token(client.metadata["token_endpoint"])
        return await send(client, account, method, url, options, renew=False)
    if answer.status_code == 429:
        seconds = read_retry_after(answer.headers.get("Retry-After"))
        await asyncio.to_thread(note_retry, account, seconds)
        raise ProviderError(f"{name} wants fewer requests. Try again in {seconds} seconds.")
    if answer.status_code >= 400:
        raise ProviderError(f"{name} refused that ({answer.status_code}).")
    return answer.json() if answer.content else {}


def read_retry_after(text: str | None) -> int:
    return min(86_400, int(text)) if text and text.isascii() and text.isdigit() else 30


def note_retry(account: Account, seconds: int) -> None:
    account.retry_at = int(time.time()) + seconds
    db.session.commit()


async def push_playlist(account: Account, name: str, remote_id: str, uris: list[str]) -> str:
    """Write a playlist to the account, over its earlier self if it was pushed before."""
    if remote_id:
        await call(account, "PUT", f"playlists/{remote_id}", json={"name": name})
    else:
        made = await call(account, "POST", "me/playlists", json={"name": name, "public": False})
        remote_id = str(made["id"])
    # 100 at a time: the first replace what is there, the others are added.
    for start in range(0, max(1, len(uris)), 100):
        method = "POST" if start else "PUT"
        part = {"uris": uris[start : start + 100]}
        await call(account, method, f"playlists/{remote_id}/tracks", json=part)
    return remote_id


async def recently_played(account: Account) -> list[dict[str, t.Any]]:
    """Return the plays since the last time, the newest first."""
    query = {"limit": 50}
    if account.synced_at:
        # Again a bit of what we know: plays arrive late, and the same play is not added twice.
        query["after"] = (account.synced_at - 3600) * 1000
    items = []
    for _ in range(20):
        answer = await call(account, "GET", "me/player/recently-played", params=query)
        items += answer.get("items", [])
        following = (answer.get("cursors") or {}).get("before")
        if not answer.get("next") or not following:
            break
        query = {"limit": 50, "before": following}
    return items


async def revoke(account: Account) -> None:
    """Tell the provider that the access ends; what it says to that changes nothing."""
    config = current_app.config["MUSIC"]
    token = vault.unlock(account.token)
    if not config.oauth_revoke_url or token is None:
        return
    try:
        async with httpx2.AsyncClient(timeout=5) as client:
            await client.post(
                config.oauth_revoke_url,
                data={"token": token.get("refresh_token") or token["access_token"]},
                auth=(config.oauth_client_id, config.oauth_client_secret),
            )
    except httpx2.HTTPError:
        current_app.logger.warning("The provider could not be told of a disconnection")
