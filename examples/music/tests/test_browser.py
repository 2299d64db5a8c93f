"""The pages in a real browser: Debian's Chromium, at a phone's and at a desk's width.

With MUSIC_SCREENSHOTS=1 the pictures of the documentation are made anew.
"""

import io
import os
import re
import shutil
from pathlib import Path

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe_module = pytest.importorskip("axe_playwright_python", reason="axe is not installed")

# The same pages on the app's own framework, and on Flask without live progress.
pytestmark = pytest.mark.parametrize("deployment", ["sqlite", "flask"], indirect=True)

ASSETS = Path(__file__).resolve().parents[3] / "docs" / "assets"
AXE = (Path(axe_module.__file__).parent / "axe.min.js").read_text()
PHONE, DESK = {"width": 375, "height": 812}, {"width": 1280, "height": 900}
PASSWORD = "a long password"


@pytest.fixture(scope="module")
def chromium():
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("chromium is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--force-color-profile=srgb"]
        )
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium, served):
    """Return what opens a page of a new browser window; nothing may be amiss in its console."""
    contexts, complaints = [], []

    def open_one(size=DESK, **options):
        context = chromium.new_context(
            viewport=size, base_url=served.url, reduced_motion="reduce", **options
        )
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: m.type in ("error", "warning") and complaints.append(m.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []


def log_in(page, email, password=PASSWORD):
    page.goto("/account/login")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/dashboard/")


def register(page, visitor):
    page.goto("/account/register")
    email = f"{os.urandom(6).hex()}@example.org"
    page.get_by_label("Name").fill("Vera")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create the account").click()
    page.wait_for_url("**/imports/")
    return email


def file_of(name, text):
    return {"name": name, "mimeType": "application/json", "buffer": text.encode()}


def import_file(page, name, text):
    page.goto("/imports/")
    page.set_input_files("#files", file_of(name, text))
    item = page.locator(".jobs li").filter(has_text=name).first
    sync_api.expect(item.locator(".badge")).to_have_text(re.compile("done|refused"), timeout=60_000)
    return item


def painted(page, selector="canvas"):
    """Tell whether something is drawn on a canvas."""
    return page.evaluate(
        """selector => {
            const canvas = document.querySelector(selector);
            const all = [0, 0, canvas.width, canvas.height];
            const { data } = canvas.getContext("2d").getImageData(...all);
            return data.some((value, place) => place % 4 === 3 && value > 0);
        }""",
        selector,
    )


def overflow(page):
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


def violations(page):
    """Return what axe-core finds that is serious or critical, with where it is."""
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        (each["id"], [node["target"] for node in each["nodes"]][:3])
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_first_steps(open_page, visitor, make_export, size):
    """Register, import with progress, and see the charts drawn, on any width."""
    page = open_page(size)
    register(page, visitor)
    item = import_file(page, "history.json", make_export(4000))
    assert "4,000 new plays." in item.inner_text()
    assert item.locator("progress").count() == 0
    again = import_file(page, "history.json", make_export(4000))
    assert "0 new plays, 4,000 were there already." in again.inner_text()
    page.get_by_role("link", name="Dashboard").click()
    sync_api.expect(page.locator(".stat dd").first).to_contain_text("4,000")
    page.wait_for_function("Chart.getChart('over-time') !== undefined")
    assert painted(page)
    assert overflow(page) <= 0


def test_progress_moves(open_page, visitor, make_export):
    """The bar of an import moves while it runs."""
    page = open_page()
    register(page, visitor)
    page.evaluate(
        """() => {
            window.seen = new Set();
            new MutationObserver(() => {
                const bar = document.querySelector(".jobs progress");
                if (bar) window.seen.add(bar.value.toFixed(3));
            }).observe(document.getElementById("jobs"), {subtree: true, childList: true,
                attributes: true, characterData: true});
        }"""
    )
    page.set_input_files("#files", file_of("history.json", make_export(40_000)))
    badge = page.locator(".jobs li .badge").first
    sync_api.expect(badge).to_have_text("done", timeout=90_000)
    assert len(page.evaluate("[...window.seen]")) >= 3


def test_drop(open_page, visitor, make_export):
    """Files that are dropped on the page are sent, all of them."""
    page = open_page()
    register(page, visitor)
    page.evaluate(
        """texts => {
            const transfer = new DataTransfer();
            texts.forEach((text, n) => transfer.items.add(new File([text], `dropped-${n}.json`)));
            const drop = document.getElementById("drop");
            for (const name of ["dragenter", "dragover", "drop"]) {
                drop.dispatchEvent(new DragEvent(name, {bubbles: true, cancelable: true,
                    dataTransfer: transfer}));
            }
        }""",
        [make_export(20, first=20 * n) for n in range(4)],
    )
    done = page.locator(".jobs .badge.done")
    sync_api.expect(done).to_have_count(4, timeout=60_000)


def test_broken_file(open_page, visitor, make_export):
    """A broken file is shown as refused, with the line and the reason."""
    page = open_page()
    register(page, visitor)
    item = import_file(page, "broken.json", make_export(10).replace("200000", "nonsense", 1))
    assert "refused" in item.inner_text()
    assert "line " in item.inner_text()


def test_charts(open_page, demo):
    """The chart follows the measure and the period; its table says the same."""
    page = open_page()
    log_in(page, "demo@example.org")
    page.wait_for_function("Chart.getChart('over-time') !== undefined")

    def data():
        return page.evaluate("Chart.getChart('over-time').data.datasets[0].data")

    minutes = data()
    page.get_by_role("button", name="Plays").click()
    plays = data()
    assert sum(plays) == 8000
    assert plays != minutes
    assert painted(page)
    page.get_by_text("Show as a table").click()
    cells = page.locator("#over-time-table tbody tr td:nth-child(2)").all_inner_texts()
    assert [int(cell.replace(",", "")) for cell in cells] == plays
    page.get_by_label("Period", exact=True).select_option(label="2024")
    page.wait_for_url("**range=year-2024**")
    page.wait_for_function("Chart.getChart('over-time') !== undefined")
    assert len(data()) == 12


def test_filter(open_page, demo):
    """Explore filters by artist and device, and sorts by a click."""
    page = open_page()
    log_in(page, "demo@example.org")
    page.get_by_role("link", name="Explore").click()
    artist = page.locator("tbody th").first.inner_text()
    form = page.get_by_role("form", name="Filters")
    form.get_by_role("textbox", name="Artist").fill(artist)
    form.get_by_label("Device").select_option("phone")
    form.get_by_label("Show").select_option("track")
    form.get_by_role("button", name="Filter").click()
    page.wait_for_url("**device=phone**")
    names = set(page.locator("tbody td:nth-child(2)").all_inner_texts())
    assert names == {artist}
    page.get_by_role("link", name="Track").click()
    page.wait_for_url("**sort=name**")
    shown = page.locator("tbody th").all_inner_texts()
    assert shown == sorted(shown)
    assert page.locator("th[aria-sort=ascending]").count() == 1


def names(page):
    return page.locator("#tracks .what b").all_inner_texts()


def saved(page):
    """Wait until the page's changes are sent, then return the order that the server has."""
    page.wait_for_load_state("networkidle")
    page.reload()
    return names(page)


@pytest.fixture
def playlist(open_page, visitor, make_export):
    page = open_page()
    register(page, visitor)
    import_file(page, "history.json", make_export(60))
    page.goto("/analytics/?kind=track")
    page.get_by_role("button", name="Playlist from this view").click()
    page.wait_for_url(re.compile(r"/playlists/\d+$"))
    return page


def test_playlist_by_dragging(playlist):
    """A track is dragged to its place, which it keeps."""
    page, before = playlist, names(playlist)
    first, third = page.locator("#tracks li").nth(0), page.locator("#tracks li").nth(2)
    box = third.bounding_box()
    first.drag_to(third, target_position={"x": box["width"] / 2, "y": box["height"] - 4})
    expected = [before[1], before[2], before[0], *before[3:]]
    assert names(page) == expected
    assert page.locator("#tracks .place").all_inner_texts()[:3] == ["1", "2", "3"]
    assert saved(page) == expected


def test_playlist_by_keyboard(playlist):
    """A track is moved by its buttons and by Alt with arrows, and the move is announced."""
    page, before = playlist, names(playlist)
    button = page.get_by_role("button", name=f"Move down: {before[0]}").first
    button.focus()
    page.keyboard.press("Enter")
    assert names(page)[:2] == [before[1], before[0]]
    assert button.evaluate("node => node === document.activeElement")
    sync_api.expect(page.locator("#announce")).to_contain_text("is now number 2 of")
    page.keyboard.press("Alt+ArrowDown")
    expected = [before[1], before[2], before[0], *before[3:]]
    assert names(page) == expected
    assert saved(page) == expected
    page.get_by_role("button", name=f"Move up: {expected[0]}").first.focus()
    page.keyboard.press("Enter")
    sync_api.expect(page.locator("#announce")).to_contain_text("is first already")
    assert saved(page) == expected


def test_playlist_removal_and_undo(playlist):
    """A removed track comes back by “Undo”; so does a deleted playlist."""
    page, before = playlist, names(playlist)
    page.get_by_role("button", name="Remove:").nth(1).click()
    sync_api.expect(page.locator("#undo")).to_contain_text("is removed.")
    assert len(names(page)) == len(before) - 1
    page.get_by_role("button", name="Undo").click()
    sync_api.expect(page.locator("#tracks li")).to_have_count(len(before))
    assert names(page) == before
    page.get_by_label("Name").fill("Evenings")
    page.get_by_role("button", name="Rename").click()
    sync_api.expect(page.get_by_role("heading", level=1)).to_have_text("Evenings")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Undo").click()
    sync_api.expect(page.get_by_role("heading", level=1)).to_have_text("Evenings")
    with page.expect_download() as download:
        page.get_by_role("link", name="M3U").click()
    assert download.value.suggested_filename == "Evenings.m3u"


def test_playlist_in_two_tabs(playlist, chromium):
    """A change in one tab is not overwritten by another: that one is asked to reload."""
    page = playlist
    other = page.context.new_page()
    other.goto(page.url)
    before = names(page)
    page.get_by_role("button", name=f"Move down: {before[0]}").first.click()
    sync_api.expect(page.locator("#announce")).to_contain_text("is now number 2 of")
    expected = saved(page)
    other.get_by_role("button", name=f"Move down: {before[1]}").first.click()
    sync_api.expect(other.locator("#undo")).to_contain_text("another tab")
    other.get_by_role("button", name="Reload").click()
    other.wait_for_load_state("networkidle")
    assert names(other) == expected


def test_connect(open_page, visitor, control, provider):
    """An account is connected at the provider's page, renewed, revoked and connected again."""
    page = open_page()
    register(page, visitor)
    page.goto("/settings/")
    page.get_by_role("button", name="Connect Stand-in Music").click()
    page.wait_for_url(f"{provider.url}/authorize**")
    page.get_by_label("Grace Notes").check()
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url("**/settings/**")
    sync_api.expect(page.locator(".flash")).to_contain_text("connected as Grace Notes")
    control(expire=True)
    page.get_by_role("button", name="Fetch recent plays").click()
    sync_api.expect(page.locator(".flash")).to_contain_text("new plays")
    control(expire=True, revoke=True)
    page.get_by_role("button", name="Fetch recent plays").click()
    sync_api.expect(page.locator(".flash").first).to_contain_text("Please connect it again")
    page.get_by_role("button", name="Connect again").click()
    page.get_by_role("button", name="Deny").click()
    sync_api.expect(page.locator(".flash").first).to_contain_text("you declined")


def background(page):
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_theme(open_page, visitor):
    """The theme is the device's until one is chosen."""
    page = open_page(color_scheme="dark")
    register(page, visitor)
    page.goto("/settings/")
    dark = background(page)
    page.emulate_media(color_scheme="light")
    light = background(page)
    assert dark != light
    page.get_by_label("Theme").select_option("dark")
    page.get_by_role("button", name="Save").click()
    sync_api.expect(page.locator(".flash")).to_contain_text("Saved.")
    assert background(page) == dark


def test_zone_of_the_browser(open_page, visitor):
    """A new account has the time zone of its browser."""
    page = open_page(timezone_id="Asia/Tokyo")
    register(page, visitor)
    page.goto("/settings/")
    assert page.get_by_label("Time zone").input_value() == "Asia/Tokyo"


def test_another_time_zone(open_page, visitor, make_export):
    """A change of the time zone shows its progress, and says when it is done."""
    page = open_page(timezone_id="UTC")
    register(page, visitor)
    import_file(page, "history.json", make_export(4000))
    page.goto("/settings/")
    page.get_by_label("Time zone").select_option("Asia/Tokyo")
    page.get_by_role("button", name="Save").click()
    sync_api.expect(page.locator(".flash.success")).to_have_text("Saved.")
    # A fast machine is done before the page is there.
    if page.locator("#zone").count():
        told = page.get_by_role("status").filter(has_text="all times and figures are those of Asia")
        sync_api.expect(told).to_be_visible(timeout=60_000)
    sync_api.expect(page.get_by_role("progressbar")).to_have_count(0)
    assert page.get_by_label("Time zone").input_value() == "Asia/Tokyo"
    page.goto("/analytics/?kind=play&sort=when")
    sync_api.expect(page.locator("tbody tr").first).to_contain_text("15 Nov 2023, 07:13")


def test_export_and_delete(open_page, visitor, make_export):
    """All data is downloaded, then the account is deleted."""
    page = open_page()
    email = register(page, visitor)
    import_file(page, "history.json", make_export(20))
    page.goto("/settings/")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export all my data").click()
    assert download.value.suggested_filename == "music-time-machine.zip"
    page.get_by_label("Your password, to confirm").fill(PASSWORD)
    page.get_by_role("button", name="Delete my account").click()
    sync_api.expect(page.locator(".flash")).to_contain_text("all its data are deleted")
    assert visitor.login(email).status_code == 422


PATHS = (
    "/dashboard/",
    "/analytics/",
    "/analytics/?kind=play",
    "/analytics/compare",
    "/analytics/streaks",
    "/analytics/discoveries?range=all",
    "/analytics/forgotten",
    "/playlists/",
    "/imports/",
    "/settings/",
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_accessible(open_page, demo, deployment, size, scheme):
    """No page has a serious fault for people with disabilities, or is wider than its window."""
    if deployment.framework == "flask":
        pytest.skip("the templates and styles are the same: once is enough")
    page = open_page(size, color_scheme=scheme)
    faults = {}
    for path in ("/account/login", "/account/register", "/account/forgot"):
        page.goto(path)
        faults[path] = violations(page)
    log_in(page, "demo@example.org")
    for path in PATHS:
        page.goto(path)
        faults[path] = violations(page)
        assert overflow(page) <= 0, path
    assert {path: found for path, found in faults.items() if found} == {}


def test_playlist_is_accessible(playlist):
    """The page of a playlist has no serious fault either, on a phone, too."""
    assert violations(playlist) == []
    playlist.set_viewport_size(PHONE)
    assert violations(playlist) == []
    assert overflow(playlist) <= 0


def test_keyboard_reaches_the_content(open_page, demo):
    """The first stop of the Tab key leads to the content."""
    page = open_page()
    log_in(page, "demo@example.org")
    page.keyboard.press("Tab")
    sync_api.expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


SHOTS = {
    "music-dashboard": ("/dashboard/?range=all", DESK, "light"),
    "music-dashboard-dark": ("/dashboard/?range=year-2024", DESK, "dark"),
    "music-explore": ("/analytics/?kind=track", DESK, "light"),
    "music-phone": ("/dashboard/?range=12m", PHONE, "light"),
}


@pytest.mark.skipif(
    os.environ.get("MUSIC_SCREENSHOTS") != "1", reason="MUSIC_SCREENSHOTS=1 makes pictures anew"
)
@pytest.mark.parametrize("name", SHOTS)
def test_pictures(open_page, deployment, name):
    """The pictures of the documentation show the app as it is, with all of the demo's plays."""
    if deployment.framework == "flask":
        pytest.skip("once is enough")
    image = pytest.importorskip("PIL.Image")
    path, size, scheme = SHOTS[name]
    email = "pictures@example.org"
    deployment.command("seed", "--email", email, "--password", PASSWORD)
    page = open_page(size, color_scheme=scheme, device_scale_factor=1.5)
    log_in(page, email)
    page.goto(path)
    if "dashboard" in path:
        page.wait_for_function("Chart.getChart('over-time') !== undefined")
    picture = image.open(io.BytesIO(page.screenshot()))
    # 256 colours are a fifth of the bytes, and nobody sees it.
    picture.convert("RGB").quantize(256).save(ASSETS / f"{name}.png", optimize=True)
