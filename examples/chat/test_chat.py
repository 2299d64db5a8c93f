"""The chat works between people in real browsers: messages, presence, history, feed."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from browser import browsing, complaints, until

EXAMPLES = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
PASSWORD = "correct horse"


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextlib.contextmanager
def serving(folder, port):
    """Serve a chat with a database of its own; give its address."""
    line = f"--app chat/app.py serve --port {port}"
    settings = {
        "CHAT_DATABASE": str(folder / "chat.sqlite"),
        "CHAT_SECRET_KEY": "fixed-9b1e4c7a2d60",
    }
    with (folder / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            [BIN / "bolthead", *line.split()],
            cwd=EXAMPLES,
            env=os.environ | settings,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                break
            assert process.poll() is None, (folder / "log.txt").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


@pytest.fixture
def address(tmp_path):
    """The address of a served chat; at the end its log must be free of errors."""
    with serving(tmp_path, free_port()) as found:
        yield found
    assert "Traceback" not in (tmp_path / "log.txt").read_text()


class Visitor:
    """Somebody with a browser."""

    def __init__(self, driver, address):
        self.driver = driver
        self.address = address

    def all(self, selector):
        return [item.text for item in self.driver.find_elements("css selector", selector)]

    def one(self, selector):
        return self.driver.find_element("css selector", selector)

    def sees(self, selector, text):
        until(
            lambda: any(text in found for found in self.all(selector)),
            lambda: f"{text!r} is not in {selector}: {self.all(selector)} of {self.all('main')}",
        )

    def join(self, name):
        self.driver.get(self.address + "/join?next=/rooms/lobby")
        self.one("#name").send_keys(name)
        self.one("#password").send_keys(PASSWORD)
        self.one("form button").click()
        self.sees("#line", "connected")

    def go(self, path):
        self.driver.get(self.address + path)

    def say(self, text):
        self.one("#text").send_keys(text + "\n")


@pytest.fixture
def visit(request):
    """Return a function that opens a browser of its own for somebody, who joins."""
    with contextlib.ExitStack() as stack:

        def open_for(name, address=None):
            driver = stack.enter_context(browsing())
            visitor = Visitor(driver, address or request.getfixturevalue("address"))
            visitor.join(name)
            return visitor

        yield open_for


def test_two_people_in_a_room(visit):
    """Each sees what the other says and that the other is there, until the window is closed."""
    ada, bob = visit("Ada"), visit("bob")
    ada.sees("#people .name", "bob")
    bob.sees("#people .name", "Ada")
    bob.sees("#people .name", "bob (you)")

    ada.say("Hello <b>Bob</b> & all")
    bob.sees(".message .text", "Hello <b>Bob</b> & all")
    bob.say("Hello Ada")
    ada.sees(".message .text", "Hello Ada")
    assert ada.all(".message.mine .text") == ["Hello <b>Bob</b> & all"]
    assert [name for name in ada.all(".message .author") if name] == ["Ada", "bob"]

    bob.go("/")
    until(lambda: ada.all("#people .name") == ["Ada (you)"], lambda: "bob is still there")
    assert complaints(ada.driver) == complaints(bob.driver) == []


def test_history_stays(visit):
    """A reload shows what was said, in order and once; an older page shows what was before that."""
    ada = visit("Ada")
    for number in range(1, 56):
        ada.say(f"number {number}")
    ada.sees(".message .text", "number 55")
    ada.driver.refresh()
    ada.sees("#line", "connected")
    assert ada.all(".message .text") == [f"number {number}" for number in range(6, 56)]
    ada.one(".older a").click()
    ada.sees(".message .text", "number 5")
    assert ada.all(".message .text") == [f"number {number}" for number in range(1, 6)]


def test_feed_updates_the_list_of_rooms(visit):
    """The list of rooms shows what is said, who is there and which rooms are new, as it happens."""
    ada, bob = visit("Ada"), visit("bob")
    ada.go("/")
    ada.sees('[data-room="lobby"] .names', "bob")
    bob.say("Anybody here?")
    ada.sees('[data-room="lobby"] .last', "bob Anybody here?")
    bob.go("/")
    ada.sees('[data-room="lobby"] .names', "nobody here")
    bob.one("#title").send_keys("Rose Garden\n")
    bob.sees("h1", "Rose Garden")
    ada.sees('[data-room="rose-garden"] .title', "Rose Garden")
    ada.one('[data-room="rose-garden"] a').click()
    ada.sees("#people .name", "bob")
    assert complaints(ada.driver) == []


def test_the_line_breaks(visit, tmp_path):
    """When the server comes back the page does, sends what it kept, and gets what it missed."""
    port = free_port()
    with serving(tmp_path, port) as address:
        ada = visit("Ada", address)
        ada.say("first")
        ada.sees(".message .text", "first")
    ada.sees("#line", "connection lost")
    ada.say("kept")
    with serving(tmp_path, port) as address:
        bob = visit("bob", address)
        bob.say("missed")
        ada.sees(".message .text", "missed")
        bob.sees(".message .text", "kept")
        ada.sees(".message .text", "kept")
        assert ada.all(".message .text").count("first") == 1
        assert ada.all("#line") == ["connected"]


NAMED = {"button", "link", "textbox", "log", "navigation", "complementary", "heading"}


def test_what_a_screen_reader_finds(visit):
    """Each control and part has a name, and a page has one main part and one first heading."""
    ada = visit("Ada")
    ada.say("Hello")
    ada.sees(".message .text", "Hello")
    ada.driver.execute_cdp_cmd("Accessibility.enable", {})

    def parts():
        tree = ada.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
        return [
            (node["role"]["value"], node.get("name", {}).get("value", ""))
            for node in tree
            if not node["ignored"]
        ]

    for path in ("/rooms/lobby", "/", "/login"):
        ada.go(path)
        # It is made a little after the page.
        until(lambda: any(role == "main" for role, _ in parts()), lambda: str(parts()))
        found = parts()
        assert [role for role, name in found if role in NAMED and not name.strip()] == []
        assert [role for role, _ in found].count("main") == 1
        assert len(ada.all("h1")) == 1
        assert ada.driver.execute_script("return document.documentElement.lang") == "en"
    ada.go("/rooms/lobby")
    ada.sees("#line", "connected")
    assert ada.one("#scroll").get_attribute("role") == "log"
    assert ada.all("nav [aria-current=page]") == ["Lobby"]


@pytest.fixture
def client(address):
    with httpx.Client(base_url=address, timeout=20) as client:
        yield client


def join(client, name="Ada", password=PASSWORD, path="/join"):
    return client.post(path, data={"name": name, "password": password})


def handshake(client, path="/rooms/lobby/live", **headers):
    """Ask for a WebSocket; return the status of the answer."""
    address = client.base_url
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    lines = {
        "Host": f"{address.host}:{address.port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
        "Cookie": cookies,
        **headers,
    }
    with socket.create_connection((address.host, address.port), 10) as line:
        text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        line.sendall(f"GET {path} HTTP/1.1\r\n{text}\r\n".encode())
        return int(line.recv(1000).split()[1])


def test_who_may_come_in(client):
    """Pages and feed lead to the login, and a WebSocket is refused, until somebody is logged in."""
    for path in ("/", "/rooms/lobby", "/feed"):
        answer = client.get(path)
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/login?next=")
    assert handshake(client) == 401
    assert join(client).status_code == 303
    assert handshake(client) == 101
    assert handshake(client, "/rooms/nowhere/live") == 404
    assert client.get("/rooms/nowhere").status_code == 404
    assert client.post("/logout").status_code == 303
    assert handshake(client) == 401


def test_pages_of_others_are_refused(client):
    """A page of another site cannot talk in the name of who visits it."""
    join(client)
    assert handshake(client, Origin="https://elsewhere.example") == 403
    assert handshake(client, Origin=str(client.base_url).rstrip("/")) == 101
    assert "SameSite=Lax" in join(client, "bob").headers["Set-Cookie"]


@pytest.mark.parametrize(
    ("name", "password", "path", "message"),
    [
        ("a b", PASSWORD, "/join", "2 to 20 letters"),
        ("bob", "short", "/join", "10 to 200 characters"),
        ("ada", PASSWORD, "/join", "The name ada is taken."),
        ("Ada", "wrong horse", "/login", "Name or password is wrong."),
        ("eve", PASSWORD, "/login", "Name or password is wrong."),
    ],
)
def test_refused_accounts(client, name, password, path, message):
    """A form that cannot be taken is shown again and says why."""
    join(client)
    answer = join(client, name, password, path)
    assert answer.status_code == 422
    assert message in answer.text


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("/rooms/lobby", "/rooms/lobby"),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example/", "/"),
        ("/\\elsewhere.example/", "/"),
        ("///elsewhere.example/", "/elsewhere.example/"),
    ],
)
def test_login_leads_to_this_site(client, target, location):
    """After the login one gets to the page one wanted, and never to another site."""
    answer = client.post(
        "/join", params={"next": target}, data={"name": "Ada", "password": PASSWORD}
    )
    assert answer.headers["Location"] == location


def test_pages_need_no_inline_code(client):
    """The pages hold no inline style or script, which their policy would block."""
    join(client)
    for path in ("/", "/rooms/lobby", "/login"):
        answer = client.get(path)
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'")
        assert "<style" not in answer.text
        assert " style=" not in answer.text
        assert answer.text.count("<script") == answer.text.count('<script type="module" src=')
