"""The app that the tutorial of the dashboard builds, served and used in a real browser."""

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytest.importorskip("chartkick", reason="chartkick is not installed")

DOCS = Path(__file__).parent.parent / "docs"
PAGES = sorted((DOCS / "dashboard").glob("[0-9]*.md"))
READY_SECONDS = 60


def load_samples():
    spec = importlib.util.spec_from_file_location("samples_of_dashboard", DOCS / "run_samples.py")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the files of all pages, as a reader has them at the end."""
    folder = tmp_path_factory.mktemp("dashboard")
    samples = load_samples()
    for page in PAGES:
        for sample in samples.find_samples(page):
            if samples.is_file(sample):
                path = folder / sample.rest
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(sample.text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def url(folder):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"MUSIC_SECRET_KEY": "the key of this test, which is long enough"}
    command = [sys.executable, "-m", "bolthead", "--app", "wsgi", "serve", "--port", str(port)]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + READY_SECONDS
        while True:
            try:
                urllib.request.urlopen(f"{url}/login", timeout=5).close()
                break
            except OSError:
                if server.poll() is not None or time.monotonic() > until:
                    pytest.fail((folder / "log").read_text())
                time.sleep(0.1)
        yield url
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture(scope="module")
def chromium():
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("chromium is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


def entries(count):
    return [
        {
            "ts": f"2024-0{1 + n % 3}-01T{n // 60 % 24:02}:{n % 60:02}:00Z",
            "ms_played": 60_000,
            "master_metadata_track_name": f"Song {n}",
            "master_metadata_album_artist_name": "Anna" if n % 3 else "Bert",
        }
        for n in range(count)
    ]


def test_what_the_tutorial_builds(chromium, url):
    """Register, import a file, be told why another is refused, and see the chart, on a phone."""
    context = chromium.new_context(base_url=url, viewport={"width": 375, "height": 800})
    context.set_default_timeout(30_000)
    sync_api.expect.set_options(timeout=30_000)
    page, complaints = context.new_page(), []
    page.on("console", lambda m: m.type in ("error", "warning") and complaints.append(m.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto("/register")
    page.get_by_label("Email").fill("ada@example.org")
    page.get_by_label("Password").fill("a long password")
    page.get_by_role("button", name="Register").click()
    page.wait_for_url("**/")

    text = json.dumps(entries(300), indent=2)
    for name, content in (("good.json", text), ("bad.json", text.replace("60000", "none", 1))):
        file = {"name": name, "mimeType": "application/json", "buffer": content.encode()}
        page.set_input_files("#files", file)
    jobs = page.locator("#jobs li")
    sync_api.expect(jobs.filter(has_text="good.json")).to_contain_text("300 of 300 plays are new.")
    sync_api.expect(jobs.filter(has_text="bad.json")).to_contain_text("line 4: This is not JSON")

    page.reload()
    assert page.locator("dd").first.inner_text() == "300"
    assert page.evaluate("Chart.getChart('chart').data.datasets[0].data") == [100, 100, 100]
    assert page.evaluate(
        """() => {
            const canvas = document.getElementById("chart");
            const all = [0, 0, canvas.width, canvas.height];
            const { data } = canvas.getContext("2d").getImageData(...all);
            return data.some((value, place) => place % 4 === 3 && value > 0);
        }"""
    )
    artists = page.locator("section", has_text="Top artists").locator("th[scope=row]")
    assert artists.all_inner_texts() == ["Anna", "Bert"]
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    context.close()
    assert complaints == []


def test_it_is_safe(folder):
    """`bolthead check` finds no error in it."""
    environment = os.environ | {"MUSIC_SECRET_KEY": "the key of this test, which is long enough"}
    command = [sys.executable, "-m", "bolthead", "--app", "wsgi", "check"]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
