"""Playlists: made from views, changed, undone, exported, and safe against two tabs."""

import json
import re
import threading

import pytest


@pytest.fixture
def playlist(listener):
    """The path of a playlist with the tracks of a view."""
    answer = listener.post("/playlists/", {"range": "all", "name": "Mine"})
    return answer.url.path


def items(visitor, path):
    """Return (number, name) of a playlist's items, in their order."""
    page = visitor.get(path).text
    return [
        (int(number), name)
        for number, name in re.findall(r'data-item="(\d+)" data-name="([^"]+)"', page)
    ]


def version(visitor, path):
    return int(re.search(r'data-version="(\d+)"', visitor.get(path).text)[1])


def change(visitor, path, where, **more):
    return visitor.send(f"{path}{where}", {"version": version(visitor, path), **more})


def test_from_a_view(listener, text_of):
    """A playlist holds the tracks that the view's filters choose, the most played first."""
    everything = listener.post("/playlists/", {"range": "all"})
    assert "Best of All time" in everything.text
    assert len(items(listener, everything.url.path)) == 21
    one = listener.post("/playlists/", {"range": "all", "artist": "Artist 1"})
    assert "Best of Artist 1, All time" in one.text
    names = listener.get(f"{one.url.path}.json").json()["tracks"]
    assert {track["artist"] for track in names} == {"Artist 1"}
    assert len(names) == 7
    index = text_of(listener.get("/playlists/"))
    assert "Best of All time 21 tracks, 3 artists" in index


def test_empty_one(listener):
    """A playlist can begin empty, and has a name in any case."""
    answer = listener.post("/playlists/", {"name": "  "})
    assert "New playlist" in answer.text
    assert items(listener, answer.url.path) == []


def test_rename(listener, playlist):
    """A playlist is renamed by its form; an empty name is refused."""
    form = {"version": version(listener, playlist), "name": "  Late   evening "}
    assert '<h1 id="title">Late evening</h1>' in listener.post(f"{playlist}/name", form).text
    refused = change(listener, playlist, "/name", name=" ")
    assert refused.status_code == 422
    assert "Late evening" in listener.get(playlist).text


def test_reorder(listener, playlist):
    """The order is what the page sent last."""
    order = [number for number, _ in items(listener, playlist)]
    wanted = order[::-1]
    answer = change(listener, playlist, "/order", items=wanted)
    assert answer.status_code == 200
    assert answer.json()["items"] == wanted
    assert [number for number, _ in items(listener, playlist)] == wanted


@pytest.mark.parametrize(
    ("make", "status"),
    [
        (lambda order: order[1:], 422),
        (lambda order: [*order, order[0]], 422),
        (lambda order: [*order[1:], 999_999_999], 422),
        (lambda order: "nonsense", 400),
        (lambda order: [str(order[0])], 400),
        (lambda order: [True], 400),
    ],
    ids=["one less", "one twice", "foreign", "no list", "text", "no number"],
)
def test_wrong_order(listener, playlist, make, status):
    """An order that does not name each item once changes nothing."""
    order = [number for number, _ in items(listener, playlist)]
    answer = change(listener, playlist, "/order", items=make(order))
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert [number for number, _ in items(listener, playlist)] == order


def test_move_without_scripts(listener, playlist):
    """The arrow buttons are forms, which work without scripts; the ends stay the ends."""
    first, second, *_ = (number for number, _ in items(listener, playlist))
    for direction, expected in (
        ("down", [second, first]),
        ("up", [first, second]),
        ("up", [first, second]),
    ):
        form = {"version": version(listener, playlist), "direction": direction}
        answer = listener.post(f"{playlist}/items/{first}/move", form)
        assert answer.url.path == playlist
        assert [number for number, _ in items(listener, playlist)][:2] == expected


def test_two_tabs(listener, playlist):
    """A change from a page that is out of date is refused, and says so."""
    old = version(listener, playlist)
    order = [number for number, _ in items(listener, playlist)]
    assert change(listener, playlist, "/order", items=order[::-1]).status_code == 200
    late = listener.send(f"{playlist}/order", {"version": old, "items": order})
    assert late.status_code == 409
    assert "another tab" in late.json()["detail"]
    assert [number for number, _ in items(listener, playlist)] == order[::-1]
    form = listener.post(f"{playlist}/name", {"version": old, "name": "Old"})
    assert "changed elsewhere" in form.text
    assert "Mine" in form.text


def test_two_tabs_at_once(listener, playlist):
    """Of changes made at the same moment from the same page, one is taken."""
    now = version(listener, playlist)
    order = [number for number, _ in items(listener, playlist)]
    listener.csrf()
    answers = []

    def send(wanted):
        answers.append(listener.send(f"{playlist}/order", {"version": now, "items": wanted}))

    threads = [threading.Thread(target=send, args=(order[n:] + order[:n],)) for n in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    [taken] = [answer.json()["items"] for answer in answers if answer.status_code == 200]
    assert [number for number, _ in items(listener, playlist)] == taken


def test_remove_and_undo(listener, playlist):
    """A removed track can be put back where it was."""
    before = items(listener, playlist)
    removed = change(listener, playlist, f"/items/{before[2][0]}/remove").json()
    assert [name for _, name in items(listener, playlist)] == [
        name for place, (_, name) in enumerate(before) if place != 2
    ]
    back = change(listener, playlist, "/items", track=removed["track"], place=removed["place"])
    assert back.status_code == 200
    assert [name for _, name in items(listener, playlist)] == [name for _, name in before]
    gone = change(listener, playlist, f"/items/{before[2][0]}/remove")
    assert gone.status_code == 404


def test_delete_and_undo(listener, playlist):
    """A deleted playlist is offered back at once, and from the list of deleted ones."""
    page = listener.post(f"{playlist}/delete")
    assert "“Mine” is deleted." in page.text
    assert "Recently deleted" in page.text
    assert listener.get(playlist).status_code == 404
    assert listener.get(f"{playlist}.m3u").status_code == 404
    back = listener.post(f"{playlist}/restore")
    assert "“Mine” is back." in back.text
    assert len(items(listener, playlist)) == 21


def test_m3u(listener, playlist):
    """The M3U file names each track in its order."""
    answer = listener.get(f"{playlist}.m3u")
    assert answer.headers["Content-Type"].startswith("audio/x-mpegurl")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="Mine.m3u"'
    lines = answer.text.splitlines()
    assert lines[:2] == ["#EXTM3U", "#PLAYLIST:Mine"]
    titles = [line.partition(" - ")[2] for line in lines if line.startswith("#EXTINF")]
    assert titles == [name for _, name in items(listener, playlist)]
    assert lines[3].startswith("https://open.spotify.com/track/test")


def test_json(listener, playlist):
    """The JSON file holds names and URIs."""
    answer = listener.get(f"{playlist}.json")
    body = json.loads(answer.text)
    assert body["name"] == "Mine"
    assert [track["name"] for track in body["tracks"]] == [
        name for _, name in items(listener, playlist)
    ]
    assert body["tracks"][0]["uri"].startswith("spotify:track:")


def test_not_somebody_elses(listener, playlist, visit, served):
    """A playlist is seen and changed by whom it belongs to."""
    other = visit(served).register()
    assert other.get(playlist).status_code == 404
    for where in ("/name", "/order", "/delete", "/push", "/items", "/items/1/remove"):
        assert other.send(f"{playlist}{where}", {"version": 1}).status_code == 404
    assert len(items(listener, playlist)) == 21


def test_push_needs_an_account(listener, playlist):
    """Without a connected account a push leads to the settings."""
    answer = listener.post(f"{playlist}/push")
    assert "Connect an account first." in answer.text
    assert answer.url.path == "/settings/"
