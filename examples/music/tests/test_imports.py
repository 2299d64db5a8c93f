"""Imports: what is taken, what is refused, and that nothing is doubled."""

import io
import json
import threading
import zipfile
from time import monotonic, sleep

import pytest
from httpx import TransportError, get


def total(visitor):
    return visitor.api("/summary").json()["plays"]


def zipped(files):
    """Return a zip of contents by name."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def test_import(visitor, make_export):
    """A file is imported in the background; every page then tells of its plays."""
    visitor.register()
    state = visitor.take_in("Streaming_History_Audio_0.json", make_export(250))
    assert (state["status"], state["found"], state["added"]) == ("done", 250, 250)
    assert state["text"] == "250 new plays."
    assert total(visitor) == 250
    page = visitor.get("/imports/").text
    assert "Streaming_History_Audio_0.json" in page
    assert "250" in visitor.get("/dashboard/").text


def test_same_file_twice(visitor, make_export):
    """The same plays are not added again, by the same file or by one that overlaps."""
    visitor.register()
    visitor.take_in("a.json", make_export(100))
    again = visitor.take_in("a.json", make_export(100))
    assert (again["added"], again["text"]) == (0, "0 new plays, 100 were there already.")
    overlap = visitor.take_in("b.json", make_export(100, first=60))
    assert (overlap["found"], overlap["added"]) == (100, 60)
    assert total(visitor) == 160


def test_twice_in_one_file(visitor, make_play):
    """A play that a file tells twice is one play."""
    visitor.register()
    state = visitor.take_in("a.json", json.dumps([make_play(), make_play(), make_play(1)]))
    assert (state["found"], state["added"]) == (3, 2)


def test_zip(visitor, make_export):
    """A zip is imported with all of its audio files, and without what is beside them."""
    visitor.register()
    content = zipped(
        {
            "my/Streaming_History_Audio_0.json": make_export(50),
            "my/Streaming_History_Audio_1.json": make_export(50, first=50),
            "my/Streaming_History_Video_2.json": make_export(50, first=100),
            "__MACOSX/my/._Streaming_History_Audio_0.json": b"\0\1",
            "my/ReadMeFirst.pdf": b"%PDF",
        }
    )
    state = visitor.take_in("my_spotify_data.zip", content)
    assert (state["status"], state["added"]) == ("done", 100), state
    assert total(visitor) == 100


def test_podcasts_are_left_out(visitor, make_play):
    """What is no music is counted, not kept."""
    visitor.register()
    podcast = make_play(
        5, master_metadata_track_name=None, spotify_track_uri=None, episode_name="Episode"
    )
    state = visitor.take_in("a.json", json.dumps([make_play(), podcast]))
    assert (state["found"], state["added"], state["ignored"]) == (1, 1, 1)
    assert "1 podcasts and videos left out" in state["text"]


def broken(text, line, replacement):
    lines = text.split("\n")
    lines[line - 1] = replacement
    return "\n".join(lines)


# What is done to an export of 300 plays, and what is said of it.
FAULTS = {
    "no JSON": (lambda text: broken(text, 33, "  nonsense"), "line 33: This is not JSON"),
    "no list": (lambda text: '{"a": 1}', "line 1: A history is a list"),
    "empty": (lambda text: "", "line 1: A history is a list that begins with “[”; this is empty"),
    "cut short": (lambda text: text[: len(text) // 2], "is it complete?"),
    "no number": (
        lambda text: text.replace('"ms_played": 200000', '"ms_played": "many"', 1),
        "line 2: “ms_played” should be milliseconds, not \"many\".",
    ),
    "no time": (
        lambda text: text.replace("2023-11-14T22:13:20Z", "yesterday"),
        "“ts” should be a time such as 2024-01-31T12:00:00Z, not \"yesterday\"",
    ),
    "far time": (lambda text: text.replace("2023-11-14T22:13:20Z", "1831-01-01T00:00:00Z"),
                 "out of range"),
    "no text": (
        lambda text: text.replace('"Song 0"', "17", 1),
        "“master_metadata_track_name” should be text, not 17",
    ),
    "no flag": (lambda text: text.replace('"shuffle": false', '"shuffle": "no"', 1),
                "“shuffle” should be true or false"),
    "numbers": (lambda text: "[1, 2]", "An entry of the list is no object"),
    "no comma": (lambda text: text.replace("},\n", "}\n", 1), "A “,” or “]” should follow"),
    "more behind": (lambda text: text + "\n[]", "Something follows the end of the list"),
    "no UTF-8": (lambda text: text.encode().replace(b"Artist 0", b"Artist \xff", 1), "not UTF-8"),
    "deep": (lambda text: '[{"a": ' + "[" * 100_000, "nested too deeply"),
    "endless": (lambda text: '[{"a": "' + "x" * 2_000_000, "longer than any play"),
    "short history": (
        lambda text: '[{"endTime": "2023-01-01 10:00", "artistName": "A", "msPlayed": 1}]',
        "the extended streaming history is needed",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("spoil", "reason"), FAULTS.values(), ids=FAULTS)
def test_broken_file(visitor, make_export, spoil, reason):
    """A broken file is refused with its line and the reason, and nothing of it is kept."""
    visitor.register()
    state = visitor.take_in("a.json", spoil(make_export(300)))
    assert state["status"] == "refused"
    assert reason in state["reason"]
    assert state["reason"].startswith("line ")
    assert total(visitor) == 0
    assert reason.split("“")[0] in visitor.get("/imports/").text.replace("&#34;", '"')


def test_late_fault(visitor, make_export, make_play):
    """The line is right far behind the start, and plays before it are not kept."""
    visitor.register()
    text = make_export(20_000)
    lines = text.split("\n")
    number = len(lines) - 9
    lines[number - 1] = "      nonsense,"
    state = visitor.take_in("a.json", "\n".join(lines))
    assert f"line {number}: This is not JSON" in state["reason"]
    assert total(visitor) == 0


def test_broken_file_in_zip(visitor, make_export):
    """A zip with one broken file is refused as a whole; the file is named."""
    visitor.register()
    content = zipped(
        {
            "Streaming_History_Audio_0.json": make_export(50),
            "Streaming_History_Audio_1.json": "[{]",
        }
    )
    state = visitor.take_in("a.zip", content)
    assert state["status"] == "refused"
    assert state["reason"].startswith("Streaming_History_Audio_1.json, line 1: This is not JSON")
    assert total(visitor) == 0


def flipped(content):
    middle = len(content) // 3
    return content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]


def bomb():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("Audio.json", b"[" + b" " * 60_000_000 + b"]")
    return file.getvalue()


ZIPS = {
    "nothing in it": (lambda export: zipped({}), "no streaming history"),
    "damaged": (lambda export: flipped(zipped({"Audio.json": export})), "damaged"),
    "bomb": (lambda export: bomb(), "would unpack to 60,000,002 bytes"),
}


@pytest.mark.parametrize(("make", "reason"), ZIPS.values(), ids=ZIPS)
def test_bad_zip(visitor, make_export, make, reason):
    """A zip that is empty, damaged or a bomb is refused."""
    visitor.register()
    state = visitor.take_in("a.zip", make(make_export(500)))
    assert state["status"] == "refused"
    assert reason in state["reason"]


def test_many_files_by_form(visitor, make_export):
    """A form without scripts sends many files at once."""
    visitor.register()
    files = [("files", (f"{n}.json", make_export(10, first=10 * n))) for n in range(5)]
    page = visitor.post("/imports/", files=files)
    assert "5 file(s) taken" in page.text
    for number in range(5):
        assert f"{number}.json" in page.text
    until = monotonic() + 30
    while total(visitor) < 50 and monotonic() < until:
        sleep(0.1)
    assert total(visitor) == 50


def test_two_imports_at_once(visitor, make_export):
    """Two imports of one user at the same time add each play once."""
    visitor.register()
    visitor.csrf()
    jobs = []

    def send():
        jobs.append(visitor.upload("a.json", make_export(3000)))

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    states = [visitor.wait_for(job) for job in jobs]
    assert [state["status"] for state in states] == ["done", "done"]
    assert sum(state["added"] for state in states) == 3000
    assert total(visitor) == 3000


def test_no_events(visitor, deployment, make_export):
    """Where the framework has no server-sent events, progress is asked for."""
    if deployment.framework != "flask":
        pytest.skip("Bolthead has events")
    visitor.register()
    job = visitor.upload("a.json", make_export(500))
    assert visitor.get("/imports/events").status_code == 404
    assert 'data-events=""' in visitor.get("/imports/").text
    assert visitor.wait_for(job)["added"] == 500


@pytest.fixture
def slow_visitor(own_deployment, visit):
    """Somebody who sees all that goes on in the background, however fast the machine."""
    if own_deployment.framework == "flask":
        pytest.skip("Flask has no events")
    server = own_deployment.server("slow", environment={"MUSIC_PAUSE_SECONDS": "0.7"}).start()
    yield visit(server).register()
    server.stop()


def test_progress(slow_visitor, make_export):
    """Progress comes as server-sent events, until the import is over."""
    visitor = slow_visitor
    job = visitor.upload("a.json", make_export(9000))
    states = []
    with visitor.http.stream("GET", "/imports/events") as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        for line in stream.iter_lines():
            if line.startswith("data: {"):
                states.append(json.loads(line[6:]))
            if line == "event: idle":
                break
    states = [state for state in states if state.get("id") == job["id"]]
    progress = [state["progress"] for state in states]
    assert progress == sorted(progress)
    assert len(set(progress)) > 2
    assert states[-1]["status"] == "done"
    assert states[-1]["added"] == 9000


def test_not_somebody_elses(listener, visitor, served):
    """An import is seen by whom it belongs to."""
    job = listener.upload("a.json", "[]")
    assert get(f"{served.url}/imports/{job['id']}/status").status_code == 302
    state = listener.wait_for(job)
    assert state["found"] == 0
    listener.post("/account/logout")
    listener.register()
    assert listener.get(f"/imports/{job['id']}/status").status_code == 404


def test_too_large(deployment, visit, make_export):
    """A file beyond the limit is a 413, and the others go on."""
    server = deployment.server("small", environment={"MUSIC_UPLOAD_LIMIT": "20000"}).start()
    try:
        visitor = visit(server).register()
        # A connection of its own: the server closes it, the rest of the body unread.
        headers = {
            "X-CSRFToken": visitor.csrf(),
            "Accept": "application/json",
            "Connection": "close",
        }
        try:
            answer = visitor.http.post(
                "/imports/files?name=a.json", content=make_export(500), headers=headers
            )
        except TransportError:
            # Gunicorn closes the connection while the body comes; the answer may be lost.
            assert deployment.framework == "flask"
        else:
            assert answer.status_code == 413
            assert answer.headers["Content-Type"] == "application/problem+json"
        assert visitor.take_in("b.json", make_export(10))["status"] == "done"
        assert not list((deployment.folder / "uploads").glob("*.draft"))
    finally:
        server.stop()


def test_names_are_ones_own(visitor, visit, served, make_play):
    """Who imports a track under another name names it for nobody else."""
    visitor.register()
    visitor.take_in("a.json", json.dumps([make_play()]))
    other = visit(served).register()
    renamed = make_play(master_metadata_album_artist_name="Somebody else")
    other.take_in("a.json", json.dumps([renamed]))
    assert visitor.api("/top/artists").json()["artists"][0]["name"] == "Artist 0"
    assert other.api("/top/artists").json()["artists"][0]["name"] == "Somebody else"


def test_time_zone_of_plays(visitor, make_play):
    """A play belongs to the local day and hour, in summer and in winter."""
    visitor.register(timezone="America/New_York")
    plays = [
        make_play(1, ts="2024-01-15T03:30:00Z"),  # 22:30 the day before
        make_play(2, ts="2024-07-15T03:30:00Z"),  # 23:30 the day before
        make_play(3, ts="2024-03-10T06:59:59Z"),  # one second before the clocks change
        make_play(4, ts="2024-03-10T07:00:01Z"),  # 03:00 in summer time
    ]
    visitor.take_in("a.json", json.dumps(plays))
    page = visitor.get("/analytics/?kind=play&format=csv").text
    moments = [line.split(",")[0] for line in page.strip().splitlines()[1:]]
    assert moments == [
        "2024-07-14T23:30:00-04:00",
        "2024-03-10T03:00:01-04:00",
        "2024-03-10T01:59:59-05:00",
        "2024-01-14T22:30:00-05:00",
    ]
    day = visitor.api("/summary?range=custom&from=2024-01-14&to=2024-01-14").json()
    assert day["plays"] == 1
