"""A Dash app with callbacks, in a real browser and by the API that its pages use."""

from __future__ import annotations

import httpx
import pytest
from browser import browsing, complaints, until
from serving import serving

REQUIREMENTS = ("dash==4.4.1", "gunicorn==23.0.0")

SERVERS = {
    "its own": "python dash_app.py {port}",
    "bolthead serve": "bolthead --app dash_app:server serve --port {port} --no-access-log",
    "gunicorn": "gunicorn --threads 4 --bind 127.0.0.1:{port} dash_app:server",
}


@pytest.fixture
def dash(program):
    return program("dash", *REQUIREMENTS)


@pytest.mark.parametrize("line", SERVERS.values(), ids=SERVERS)
def test_in_a_browser(dash, line, tmp_path):
    """Callbacks run on input and clicks, one after the other, on the server and in the browser."""
    with serving(dash, line, tmp_path / "log.txt") as address, browsing() as driver:

        def text(name):
            return driver.find_element("id", name).text

        def sees(name, expected):
            until(
                lambda: driver.find_elements("id", name) and text(name) == expected,
                lambda: f"{name} is not {expected!r}: {driver.page_source[-3000:]}",
            )

        driver.get(address)
        sees("greeting", "Who are you?")
        assert driver.title == "Shelves"
        driver.find_element("id", "name").send_keys("Ada")
        sees("greeting", "Hello Ada")
        sees("books", "Emma\nUlysses")
        button = driver.find_element("id", "add")
        button.click()
        sees("count", "1 added")
        button.click()
        sees("count", "2 added")
        sees("doubled", "4 in the browser")
        until(
            lambda: "2 adds" in driver.find_element("id", "graph").text,
            lambda: "the graph was not drawn anew",
        )
        assert complaints(driver) == []


def test_by_the_api(dash, tmp_path):
    """What the page asks for is answered as on Flask, byte for byte."""
    seen = {}
    paths = ["/_dash-layout", "/_dash-dependencies", "/_reload-hash"]
    change = {
        "output": "books.children",
        "outputs": {"id": "books", "property": "children"},
        "inputs": [{"id": "kind", "property": "value", "value": "atlases"}],
        "changedPropIds": ["kind.value"],
    }
    for on_flask in (True, False):
        log = tmp_path / f"{on_flask}.txt"
        with (
            serving(dash, SERVERS["its own"], log, on_flask=on_flask) as address,
            httpx.Client(base_url=address, timeout=20) as client,
        ):
            answers = [client.get(path) for path in paths]
            answers.append(client.post("/_dash-update-component", json=change))
            seen[on_flask] = [
                (answer.status_code, answer.headers["Content-Type"], answer.text)
                for answer in answers
            ]
    assert seen[False] == seen[True]
    assert "Mercator" in seen[False][3][2]
