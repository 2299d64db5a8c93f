"""sqlite-web: its pages, forms, uploads and downloads, each answer compared with that on Flask."""

from __future__ import annotations

import sqlite3

import httpx
from serving import serving

REQUIREMENTS = ("sqlite-web==0.8.2",)
PAGES = (
    "/",
    "/book/",
    "/book/content/?page=2&ordering=-n",
    "/book/query/",
    "/book/import/",
    "/book/export/",
    "/book/insert/",
    "/book/add-column/",
    "/book/nothing/",
    "/nothing/",
    "/book",
    "/static/css/nothing.css",
    "/%0d%0a",
)
ROWS = b"title,n\nEmma,1815\nUlysses,1922\n"


def steps(client):
    """Use the program as a person does; yield each answer."""
    yield client.get("/")
    yield client.post("/login/", data={"password": "wrong"})
    yield client.post("/login/", data={"password": "open"})
    for page in PAGES:
        yield client.get(page)
        yield client.request("OPTIONS", page)
        yield client.delete(page)
    query = {"sql": "select title, n from book order by id limit 3"}
    yield client.post("/book/query/", data=query)
    yield client.post("/book/query/", data=query | {"export_json": "1"})
    yield client.post("/book/query/", data=query | {"export_csv": "1"})
    yield client.post("/book/query/", data={"sql": "select nothing"})
    file = {"file": ("more.csv", ROWS, "text/csv")}
    yield client.post("/book/import/", files=file, data={"file_type": "csv"})
    yield client.post("/book/insert/", data={"title": "Größe", "n": "3"})
    yield client.get("/book/content/?page=3")
    yield client.post("/create-table/", data={"table_name": "shelf"})
    yield client.post("/shelf/drop/")
    yield client.get("/")
    style = client.get("/").text.partition("/static/css/")[2].partition('"')[0]
    for headers in ({}, {"Range": "bytes=0-9"}, {"If-None-Match": "*"}):
        yield client.get(f"/static/css/{style}", headers=headers)
    yield client.get("/logout/")
    yield client.get("/book/")


def seen(answer):
    headers = {
        name: value.replace(f":{answer.url.port}/", ":PORT/")
        for name, value in answer.headers.items()
        if name not in {"date", "server", "set-cookie", "etag", "last-modified"}
    }
    # The order of a set, which is another one in each process.
    headers["allow"] = sorted(headers.get("allow", "").split(", "))
    cookies = [line.partition("=")[0] for line in answer.headers.get_list("set-cookie")]
    body = answer.content.replace(f":{answer.url.port}/".encode(), b":PORT/")
    return str(answer.url.raw_path), answer.status_code, headers, cookies, body


def test_each_answer_is_flasks(program, tmp_path, monkeypatch):
    """Status, headers, names of cookies and body are the same; only Allow has any order."""
    tool = program("sqlite-web", *REQUIREMENTS)
    monkeypatch.setenv("SQLITE_WEB_PASSWORD", "open")
    answers = {}
    for on_flask in (True, False):
        # The pages show the path: of one length, so that Content-Length is the same.
        file = tmp_path / ("on-flask" if on_flask else "bolthead") / "books.db"
        file.parent.mkdir()
        with sqlite3.connect(file) as database:
            database.execute("create table book (id integer primary key, title text, n integer)")
            rows = [(f"Volume {n} <b>é</b>", n) for n in range(120)]
            database.executemany("insert into book (title, n) values (?, ?)", rows)
        database.close()
        line = f"sqlite_web -P -x -p {{port}} {file}"
        log = tmp_path / f"{on_flask}.txt"
        with (
            serving(tool, line, log, on_flask=on_flask) as address,
            httpx.Client(base_url=address, timeout=20) as client,
        ):
            answers[on_flask] = [
                (path, status, headers, cookies, body.replace(str(file).encode(), b"FILE"))
                for path, status, headers, cookies, body in map(seen, steps(client))
            ]
    for ours, flasks in zip(answers[False], answers[True], strict=True):
        assert ours == flasks
    statuses = {status for _, status, *_ in answers[False]}
    assert statuses >= {200, 206, 302, 304, 308, 404, 405}
