"""What breaks during an import: the database, the worker, the disk. Nothing is lost or doubled."""

import os
import shutil
import signal
import subprocess
import time

import httpx
import pytest

# Four batches.
PLAYS = 16_000
# So that nothing is over before it was broken off, however fast the machine.
SLOWLY = {"MUSIC_PAUSE_SECONDS": "1.2"}

NOTICED = "is interrupted by the database"


def kill(server):
    """Kill a server; when it starts again it goes at its usual pace."""
    server.stop(signal.SIGKILL)
    server.environment.pop("MUSIC_PAUSE_SECONDS", None)


def wait_until_it_runs(visitor, job, beyond=0.0, attempt=1):
    until = time.monotonic() + 60
    while time.monotonic() < until:
        state = visitor.get(f"/imports/{job['id']}/status").json()
        assert not state["over"], state
        runs = state["status"] == "running" and state["attempts"] == attempt
        if runs and state["progress"] > beyond:
            return state
        time.sleep(0.02)
    raise AssertionError("The import does not begin")


def wait_for(visitor, job, seconds=120):
    """Return an import when it is over, whatever the server answers meanwhile."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            answer = visitor.get(f"/imports/{job['id']}/status")
        except httpx.HTTPError:
            answer = None
        if answer is not None and answer.status_code == 200 and answer.json()["over"]:
            return answer.json()
        time.sleep(0.2)
    raise AssertionError("The import is not over")


def total(visitor):
    return visitor.api("/summary").json()["plays"]


@pytest.mark.parametrize("beyond", [0.0, 0.4], ids=["while checking", "while reading"])
def test_worker_killed(own_deployment, visit, make_export, beyond):
    """When the process that imports is killed, the next one begins again, and says so."""
    server = own_deployment.server("killed", environment=SLOWLY).start()
    try:
        visitor = visit(server).register()
        visitor.api_token()
        job = visitor.upload("a.json", make_export(PLAYS))
        wait_until_it_runs(visitor, job, beyond)
        kill(server)
        server.start()
        state = wait_for(visitor, job)
        assert (state["status"], state["added"]) == ("done", PLAYS), state
        assert state["attempts"] == 2
        assert total(visitor) == PLAYS
    finally:
        server.stop()


def test_killed_again_and_again(own_deployment, visit, make_export):
    """An import that ends three workers is given up; nothing of it is kept."""
    server = own_deployment.server("killed-thrice", environment=SLOWLY).start()
    try:
        visitor = visit(server).register()
        visitor.api_token()
        job = visitor.upload("a.json", make_export(PLAYS))
        wait_until_it_runs(visitor, job)
        kill(server)
        # A disk that never answers: however fast the machine, no attempt is over by itself.
        upload = own_deployment.folder / "uploads" / f"{job['id']}.upload"
        upload.unlink()
        os.mkfifo(upload)
        for attempt in (2, 3):
            server.start()
            wait_until_it_runs(visitor, job, beyond=-1.0, attempt=attempt)
            server.stop(signal.SIGKILL)
        server.start()
        state = wait_for(visitor, job)
        assert state["status"] == "failed"
        assert "interrupted three times. Nothing was added." in state["reason"]
        assert total(visitor) == 0
    finally:
        server.stop()


def test_killed_between_time_zones(own_deployment, visit, make_export):
    """When the process that moves plays to another time zone is killed, none is lost or doubled."""
    server = own_deployment.server("zone", environment=SLOWLY).start()
    try:
        visitor = visit(server).register()
        visitor.api_token()
        visitor.take_in("a.json", make_export(PLAYS))
        before = visitor.api("/summary").json()
        form = {"name": "Vera", "timezone": "Asia/Tokyo", "theme": "system"}
        visitor.post("/settings/profile", form, follow=False)
        until = time.monotonic() + 60
        while not 0 < visitor.get("/settings/zone").json()["progress"] < 1:
            assert time.monotonic() < until
            time.sleep(0.02)
        kill(server)
        server.start()
        # What is imported meanwhile is moved, too, whichever of the two is first.
        job = visitor.upload("b.json", make_export(500, first=PLAYS))
        assert wait_for(visitor, job)["added"] == 500
        visitor.wait_for_zone("Asia/Tokyo", 120)
        after = visitor.api("/summary").json()
        assert after["plays"] == before["plays"] + 500
        assert after["ms_played"] == before["ms_played"] + 500 * 200_000
        assert (before["period"]["from"], after["period"]["from"]) == ("2023-11-14", "2023-11-15")
        plays = visitor.get("/analytics/?kind=play&format=csv").text.splitlines()[1:]
        assert len(plays) == len(set(plays)) == after["plays"]
        assert {play.split(",")[0][-6:] for play in plays} == {"+09:00"}
    finally:
        server.stop()


def test_two_workers(own_deployment, visit, make_export):
    """With two processes, each of several imports is done once."""
    server = own_deployment.server("two", workers=2).start()
    try:
        visitor = visit(server).register()
        jobs = [visitor.upload(f"{n}.json", make_export(3000, first=1500 * n)) for n in range(4)]
        states = [wait_for(visitor, job) for job in jobs]
        assert {state["status"] for state in states} == {"done"}
        assert {state["attempts"] for state in states} == {1}
        assert sum(state["added"] for state in states) == total(visitor) == 3000 + 3 * 1500
    finally:
        server.stop()


@pytest.mark.parametrize("deployment", ["postgresql"], indirect=True)
@pytest.mark.parametrize("beyond", [0.0, 0.4], ids=["while checking", "while reading"])
def test_database_killed(own_deployment, postgres, visit, make_export, beyond):
    """When the database dies and comes back, the import begins again and is done once."""
    server = own_deployment.server("outage", environment=SLOWLY).start()
    try:
        visitor = visit(server).register()
        visitor.api_token()
        job = visitor.upload("a.json", make_export(PLAYS))
        wait_until_it_runs(visitor, job, beyond)
        noticed = server.text().count(NOTICED)
        postgres.stop("immediate")
        answer = visitor.get("/dashboard/")
        assert answer.status_code == 503
        assert "The database does not answer" in answer.text
        assert answer.headers["Retry-After"] == "5"
        api = visitor.api("/summary")
        assert api.status_code == 503
        assert api.headers["Content-Type"] == "application/problem+json"
        until = time.monotonic() + 60
        while server.text().count(NOTICED) == noticed:
            assert time.monotonic() < until
            time.sleep(0.1)
        postgres.start()
        state = wait_for(visitor, job)
        assert (state["status"], state["added"]) == ("done", PLAYS), state
        assert state["attempts"] == 2
        assert total(visitor) == PLAYS
        # Most of what was known is served again without a restart.
        assert visitor.get("/dashboard/").status_code == 200
    finally:
        if not answers(postgres):
            postgres.start()
        server.stop()


def answers(postgres):
    done = postgres.run("pg_ctl", "-D", postgres.folder, "status", check=False)
    return done.returncode == 0


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of three megabytes."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounting a tmpfs needs root")
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder], check=False
    )
    if mounted.returncode:
        pytest.skip("a tmpfs cannot be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=False)


def test_disk_full(own_deployment, visit, make_export, small_disk):
    """When the disk is full the upload is refused and says why; smaller files go on."""
    uploads = own_deployment.folder / "uploads"
    kept = own_deployment.folder / "uploads-before"
    if uploads.exists():
        uploads.rename(kept)
    uploads.symlink_to(small_disk)
    server = own_deployment.server("full").start()
    try:
        visitor = visit(server).register()
        answer = visitor.http.post(
            "/imports/files?name=large.json",
            content=make_export(20_000),
            headers={"X-CSRFToken": visitor.csrf(), "Accept": "application/json"},
        )
        assert answer.status_code == 507
        assert "disk is full. Nothing was kept." in answer.json()["detail"]
        assert list(small_disk.iterdir()) == []
        state = visitor.wait_for(visitor.upload("small.json", make_export(100)))
        assert (state["status"], state["added"]) == ("done", 100)
        assert "large.json" not in visitor.get("/imports/").text
    finally:
        server.stop()
        uploads.unlink()
        if kept.exists():
            kept.rename(uploads)
