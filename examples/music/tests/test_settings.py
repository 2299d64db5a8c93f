"""Settings: profile, time zone, theme, password, export, deletion."""

import io
import json
import re
import time
import zipfile

import httpx
import pytest


def profile(**more):
    return {"name": "Vera", "timezone": "UTC", "theme": "system", **more}


def test_profile(listener):
    """Name and theme are saved and shown."""
    page = listener.post("/settings/profile", profile(name="Vera Two", theme="dark"))
    assert "Saved." in page.text
    assert 'data-theme="dark"' in page.text
    assert "Vera Two" in listener.get("/dashboard/").text


@pytest.mark.parametrize("change", [{"name": ""}, {"timezone": "Mars/Olympus"}, {"theme": "pink"}])
def test_profile_refused(listener, change):
    """What is no name, no zone or no theme is refused."""
    assert listener.post("/settings/profile", profile(**change)).status_code == 422


def test_time_zone(listener, make_play):
    """Another time zone moves every play to its local day and hour, and back again."""
    plays = [
        make_play(1, ts="2024-01-15T03:30:00Z", ms_played=1),
        make_play(2, ts="2024-03-31T00:59:59Z", ms_played=2),
        make_play(3, ts="2024-03-31T01:00:00Z", ms_played=3),
        make_play(4, ts="2024-10-27T00:30:00Z", ms_played=4),
        make_play(5, ts="2024-12-31T23:30:00Z", ms_played=5),
    ]
    listener.take_in("a.json", json.dumps(plays))

    def heat():
        page = listener.get("/dashboard/?range=custom&from=2024-01-01&to=2025-12-31").text
        table = page.partition('<table class="heat">')[2].partition("</table>")[0]
        rows = re.findall(r"<tr>.*?</tr>", table, flags=re.DOTALL)[1:]
        cells = [re.findall(r'hidden">(\d+)</span></td>', row) for row in rows]
        return {
            (day, hour): int(count)
            for day, row in enumerate(cells)
            for hour, count in enumerate(row)
            if count != "0"
        }

    utc = heat()
    assert utc == {(0, 3): 1, (6, 0): 2, (6, 1): 1, (1, 23): 1}
    listener.choose_zone("Europe/Berlin")
    # 04:30, 01:59, 03:00 (summer time), 02:30 (summer time), and 00:30 of the next year.
    assert heat() == {(0, 4): 1, (6, 1): 1, (6, 3): 1, (6, 2): 1, (2, 0): 1}
    year = listener.api("/summary?range=year-2025").json()
    assert year["plays"] == 1
    listener.choose_zone("UTC")
    assert heat() == utc
    assert listener.api("/summary?range=year-2025").json()["plays"] == 0


def test_zone_of_nobody_yet(visitor):
    """Who has no plays has another time zone at once."""
    visitor.register()
    page = visitor.post("/settings/profile", profile(timezone="Asia/Tokyo"))
    assert "are being moved" not in page.text
    assert visitor.get("/settings/zone").json()["timezone"] == "Asia/Tokyo"


@pytest.fixture
def slow_visitor(own_deployment, visit):
    """Somebody who sees all that goes on in the background, however fast the machine."""
    server = own_deployment.server("slow", environment={"MUSIC_PAUSE_SECONDS": "0.7"}).start()
    yield visit(server).register()
    server.stop()


def test_zone_while_it_changes(slow_visitor, make_play, text_of):
    """Until every play is moved, all pages are by the old zone; the progress is shown."""
    visitor = slow_visitor
    # A step for each month.
    plays = [make_play(n, ts=f"2023-0{n}-14T22:13:20Z") for n in range(1, 6)]
    visitor.take_in("a.json", json.dumps(plays))
    before = visitor.api("/summary?range=all").json()["period"]
    page = text_of(visitor.post("/settings/profile", profile(timezone="Asia/Tokyo")))
    assert "Your plays are being moved to Asia/Tokyo." in page
    assert "all times and figures are those of UTC" in page
    told, until = [], time.monotonic() + 60
    while (state := visitor.get("/settings/zone").json())["wanted"]:
        assert time.monotonic() < until
        assert state["timezone"] == "UTC"
        assert not state["failed"]
        told.append(state["progress"])
    assert told == sorted(told)
    assert len(set(told)) > 2
    after = visitor.api("/summary?range=all").json()
    assert after["plays"] == 5
    # 22:13 UTC is on the next day in Tokyo.
    assert (before["from"], after["period"]["from"]) == ("2023-01-14", "2023-01-15")


def test_zone_on_second_thought(visitor, make_export):
    """The last zone that was chosen is the one that counts, whatever was begun before."""
    visitor.register()
    visitor.take_in("a.json", make_export(4000))
    for zone in ("Asia/Tokyo", "America/New_York", "UTC"):
        visitor.post("/settings/profile", profile(timezone=zone))
    visitor.wait_for_zone("UTC")
    assert visitor.api("/summary?range=all").json()["period"]["from"] == "2023-11-14"
    visitor.post("/settings/profile", profile(timezone="Asia/Tokyo"))
    visitor.choose_zone("America/New_York")
    found = visitor.api("/summary").json()
    assert (found["plays"], found["period"]["from"]) == (4000, "2023-11-14")
    assert visitor.api("/me").json()["timezone"] == "America/New_York"


def test_times_are_local(listener, text_of):
    """Pages show times in the listener's zone."""
    first = "14 Nov 2023, 22:13"
    assert first in text_of(listener.get("/analytics/?kind=play&sort=when"))
    listener.choose_zone("Asia/Tokyo")
    page = text_of(listener.get("/analytics/?kind=play&sort=when"))
    assert "15 Nov 2023, 07:13" in page
    assert first not in page


def test_password(listener, password):
    """A new password needs the old one, and ends every other session."""
    session = dict(listener.http.cookies)
    new = "a quite different one"
    form = {"current": "wrong", "password": new, "again": new}
    assert "This is not your current password." in listener.post("/settings/password", form).text
    done = listener.post("/settings/password", form | {"current": password})
    assert "Your password is changed" in done.text
    assert listener.get("/dashboard/").status_code == 200
    old = httpx.get(f"{listener.url}/dashboard/", cookies=session)
    assert old.status_code == 302


def test_tokens(listener):
    """A token is shown once, works until it is deleted, and is not kept as it is."""
    token = listener.api_token()
    assert listener.api("/me").status_code == 200
    page = listener.get("/settings/").text
    assert token not in page
    path = re.search(r'action="(/settings/tokens/\d+/delete)"', page)[1]
    listener.post(path)
    assert listener.api("/me").status_code == 401


def test_export(listener):
    """The export holds everything, and another account can import its history."""
    listener.post("/playlists/", {"range": "all", "name": "Mine"})
    answer = listener.get("/settings/export")
    assert answer.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        profile = json.loads(archive.read("profile.json"))
        playlists = json.loads(archive.read("playlists.json"))
        plays = json.loads(archive.read("history/Streaming_History_Audio_0.json"))
    assert profile["email"] == listener.email
    assert "password" not in json.dumps(profile)
    assert playlists[0]["name"] == "Mine"
    assert len(plays) == 100
    listener.post("/account/logout")
    listener.token = None
    listener.register()
    state = listener.take_in("music-time-machine.zip", answer.content)
    assert state["added"] == 100, state
    assert listener.api("/summary").json()["plays"] == 100


def test_export_of_nothing(visitor):
    """Somebody without plays gets an export, too."""
    visitor.register()
    with zipfile.ZipFile(io.BytesIO(visitor.get("/settings/export").content)) as archive:
        assert archive.testzip() is None
        assert "profile.json" in archive.namelist()


def test_delete(listener, password):
    """A deleted account is gone with all that is its own; the address is free again."""
    listener.post("/playlists/", {"range": "all", "name": "Mine"})
    assert listener.api("/me").status_code == 200
    wrong = listener.post("/settings/delete", {"confirm": "wrong password"})
    assert "This is not your password." in wrong.text
    gone = listener.post("/settings/delete", {"confirm": password})
    assert "all its data are deleted" in gone.text
    assert listener.api("/me").status_code == 401
    assert listener.login(listener.email).status_code == 422
    form = {"email": listener.email, "name": "New", "password": password}
    assert listener.post("/account/register", form).status_code == 200
    listener.token = None
    assert listener.api("/summary").json()["plays"] == 0


def test_delete_during_import(visitor, password, make_export):
    """An account that is deleted while its import runs stays deleted."""
    visitor.register()
    token = visitor.api_token()
    job = visitor.upload("a.json", make_export(20_000))
    visitor.post("/settings/delete", {"confirm": password})
    assert visitor.login(visitor.email).status_code == 422
    upload = visitor.deployment.folder / "uploads" / f"{job['id']}.upload"
    until = time.monotonic() + 60
    while upload.exists() and time.monotonic() < until:
        time.sleep(0.1)
    assert not upload.exists()
    answer = httpx.get(f"{visitor.url}/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
