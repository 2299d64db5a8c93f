"""The dashboard and the analytics pages: their figures, filters, orders, pages and downloads."""

import csv
import io
import json
import re
import time

import pytest


def rows_of(visitor, path):
    """Return the rows of a table as CSV gives them, by column."""
    joint = "&" if "?" in path else "?"
    answer = visitor.get(f"{path}{joint}format=csv")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert "attachment" in answer.headers["Content-Disposition"]
    return list(csv.DictReader(io.StringIO(answer.text)))


# Three days in 2021 to 2023, by two artists, on two devices.
PLAYS = [
    ("2021-03-01T10:00:00Z", "Anna", "One", 60_000, "iPhone", False),
    ("2021-03-01T10:05:00Z", "Anna", "Two", 120_000, "iPhone", False),
    ("2021-03-02T22:00:00Z", "Bert", "Three", 30_000, "windows", True),
    ("2022-03-01T10:00:00Z", "Anna", "One", 60_000, "windows", False),
    ("2022-12-31T23:59:00Z", "Bert", "Three", 90_000, "iPhone", False),
    ("2023-01-01T00:01:00Z", "Bert", "Three", 90_000, "windows", True),
    ("2023-01-02T12:00:00Z", "Cleo", "Four", 90_000, "windows", False),
]


@pytest.fixture(scope="module")
def known(visit, served, make_play):
    """Somebody whose plays are the ones above; tests look at them only."""
    visitor = visit(served).register()
    plays = [
        make_play(
            ts=ts,
            master_metadata_album_artist_name=artist,
            master_metadata_track_name=track,
            master_metadata_album_album_name=f"Best of {artist}",
            spotify_track_uri=None,
            ms_played=ms,
            platform=platform,
            skipped=skipped,
        )
        for ts, artist, track, ms, platform, skipped in PLAYS
    ]
    assert visitor.take_in("a.json", json.dumps(plays))["added"] == len(PLAYS)
    return visitor


@pytest.mark.parametrize(
    ("query", "plays", "artists", "ms"),
    [
        ("range=all", 7, 3, 540_000),
        ("range=year-2021", 3, 2, 210_000),
        ("range=year-2022", 2, 2, 150_000),
        ("range=year-2020", 0, 0, 0),
        ("range=custom&from=2021-03-02&to=2022-12-31", 3, 2, 180_000),
        ("range=custom&from=2022-12-31&to=2021-03-02", 3, 2, 180_000),
        ("range=custom&from=2021-03-01&to=2023-01-01", 6, 2, 450_000),
        ("range=custom&from=2020-05-05&to=2023-12-31", 7, 3, 540_000),
        ("range=custom&from=2023-01-01&to=2023-01-01", 1, 1, 90_000),
        ("range=custom&from=nonsense", 7, 3, 540_000),
        ("range=nonsense", 7, 3, 540_000),
    ],
)
def test_periods(known, query, plays, artists, ms):
    """A period's figures are those of its days, however it is cut into years and months."""
    found = known.api(f"/summary?{query}").json()
    assert (found["plays"], found["artists"], found["ms_played"]) == (plays, artists, ms)
    page = known.get(f"/dashboard/?{query}")
    assert page.status_code == 200
    assert re.search(rf"<dt>Plays</dt><dd>{plays}<", page.text)
    heat = page.text.partition('<table class="heat">')[2].partition("</table>")[0]
    cells = re.findall(r'<span class="hidden">(\d+)</span></td>', heat)
    assert sum(map(int, cells)) == plays
    tops = rows_of(known, f"/analytics/?{query}")
    assert sum(int(row["Plays"]) for row in tops) == plays
    assert len(tops) == artists


def test_chart_and_table_agree(known):
    """The chart is drawn from the table beside it, which has every month of the period."""
    page = known.get("/dashboard/?range=all").text
    table = page.partition('id="over-time-table"')[2].partition("</table>")[0]
    labels = re.findall(r'<th scope="row">([^<]+)</th>', table)
    assert (labels[0], labels[-1], len(labels)) == ("Mar 2021", "Jan 2023", 23)
    assert sum(map(int, re.findall(r'data-value="(\d+)">\d+</td><td', table))) == 7


def test_time_machine(known, text_of):
    """“This day in” tells of the same day in earlier years."""
    text = text_of(known.get("/dashboard/?day=2024-03-01")).partition("This day in")[2]
    assert re.search(r"2022 .?One.? by Anna 1 play", text)
    assert re.search(r"2021 .?(One|Two).? by Anna 2 plays", text)
    assert "Bert" not in text
    nothing = text_of(known.get("/dashboard/?day=2024-02-29"))
    assert "Nothing was played on 29 February" in nothing


FILTERS = {
    "artist": ("artist=ber", {"Bert": 3}),
    "artist, exact case": ("artist=Anna&range=year-2021", {"Anna": 2}),
    "wildcard": ("artist=%25", {}),
    "device": ("device=computer", {"Bert": 2, "Anna": 1, "Cleo": 1}),
    "skipped": ("skipped=yes", {"Bert": 2}),
    "not skipped": ("skipped=no&range=year-2021", {"Anna": 2}),
    "all of them": ("artist=b&device=computer&skipped=yes&range=year-2023", {"Bert": 1}),
    "unknown device": ("device=toaster", {"Anna": 3, "Bert": 3, "Cleo": 1}),
}


@pytest.mark.parametrize(("query", "expected"), FILTERS.values(), ids=FILTERS)
def test_filters(known, query, expected):
    """Artist, device, skipped and period filter together."""
    rows = rows_of(known, f"/analytics/?{query}")
    assert {row["Artist"]: int(row["Plays"]) for row in rows} == expected
    tracks = rows_of(known, f"/analytics/?kind=track&{query}")
    assert sum(int(row["Plays"]) for row in tracks) == sum(expected.values())
    albums = rows_of(known, f"/analytics/?kind=album&{query}")
    assert {row["Artist"]: int(row["Plays"]) for row in albums} == expected
    plays = rows_of(known, f"/analytics/?kind=play&{query}")
    assert len(plays) == sum(expected.values())


def test_single_plays(known):
    """Each play can be seen, the newest first."""
    rows = rows_of(known, "/analytics/?kind=play")
    assert [row["Track"] for row in rows] == [
        "Four",
        "Three",
        "Three",
        "One",
        "Three",
        "Two",
        "One",
    ]
    assert rows[0]["When"] == "2023-01-02T12:00:00+00:00"
    by_artist = rows_of(known, "/analytics/?kind=play&sort=artist")
    assert [row["Artist"] for row in by_artist] == ["Anna"] * 3 + ["Bert"] * 3 + ["Cleo"]


def test_compare(known, text_of):
    """Two periods stand side by side, with what changed."""
    path = (
        "/analytics/compare?one_from=2021-01-01&one_to=2021-12-31"
        "&two_from=2022-01-01&two_to=2023-01-01&kind=track"
    )
    rows = rows_of(known, f"{path}&sort=name")
    two = next(name for name in rows[0] if name.startswith("1 Jan 2022"))
    found = [(row["Track"], row["2021"], row[two], row["Change"]) for row in rows]
    assert found == [("One", "1", "1", "0"), ("Three", "1", "2", "1"), ("Two", "1", "0", "-1")]
    text = text_of(known.get(path))
    assert "Plays 3 3 in 2021" in text


def test_streaks(known, text_of):
    """A streak is a run of days with music, also over the end of a year."""
    rows = rows_of(known, "/analytics/streaks?sort=-days")
    assert [(row["From"], row["To"], row["Days"]) for row in rows] == [
        ("2022-12-31", "2023-01-02", "3"),
        ("2021-03-01", "2021-03-02", "2"),
        ("2022-03-01", "2022-03-01", "1"),
    ]
    text = text_of(known.get("/analytics/streaks"))
    assert "Longest streak 3 days in a row" in text
    assert "Current streak 0 days" in text
    assert "Days with music 6 in all" in text


def test_discoveries(known):
    """An artist is discovered on the first day they were heard."""
    rows = rows_of(known, "/analytics/discoveries?range=all&sort=first")
    assert [(row["Artist"], row["First heard"]) for row in rows] == [
        ("Anna", "2021-03-01"),
        ("Bert", "2021-03-02"),
        ("Cleo", "2023-01-02"),
    ]
    late = rows_of(known, "/analytics/discoveries?range=custom&from=2021-03-02&to=2022-12-31")
    assert [row["Artist"] for row in late] == ["Bert"]


def test_forgotten(visitor, make_play):
    """A favourite is forgotten when it was heard often, and not for a year."""
    visitor.register()
    recent = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 86_400))

    def played(name, times):
        names = {
            "master_metadata_track_name": name,
            "master_metadata_album_artist_name": name[0],
            "master_metadata_album_album_name": name,
        }
        return [make_play(n, spotify_track_uri=None, **names) for n in range(times)]

    old, rare, still = played("Old", 15), played("Rare", 14), played("Still", 15)
    still.append(still[0] | {"ts": recent})
    visitor.take_in("a.json", json.dumps(old + rare + still))
    tracks = rows_of(visitor, "/analytics/forgotten")
    assert [(row["Track"], row["Plays"]) for row in tracks] == [("Old", "15")]
    artists = rows_of(visitor, "/analytics/forgotten?kind=artist")
    assert [row["Artist"] for row in artists] == ["O"]


PAGES = {
    "artists": ("/analytics/", "Artist Plays Time Skipped"),
    "tracks": ("/analytics/?kind=track", "Track Artist Plays Time Skipped"),
    "albums": ("/analytics/?kind=album", "Album Artist Plays Time Skipped"),
    "plays": ("/analytics/?kind=play", "When Track Artist Heard Device Ended_by"),
    "compare": ("/analytics/compare", "Artist 2025 2026 Change"),
    "streaks": ("/analytics/streaks", "From To Days Plays Time"),
    "discoveries": ("/analytics/discoveries?range=all", "Artist First_heard Plays_since Time"),
    "forgotten": ("/analytics/forgotten", "Track Artist Plays First_heard Last_heard"),
}


def sort_links(page):
    table = page.rpartition("<thead>")[2].partition("</thead>")[0]
    return [link.replace("&amp;", "&") for link in re.findall(r'href="([^"]+)"', table)]


@pytest.mark.parametrize("path", [path for path, _ in PAGES.values()], ids=PAGES)
def test_tables(demo, path):
    """Each table can be sorted by each column, both ways, paged, and downloaded whole."""
    page = demo.get(path).text
    total = int(re.search(r"([\d,]+) rows", page)[1].replace(",", ""))
    assert len(rows_of(demo, path)) == total
    links = sort_links(page)
    assert len(links) >= 4
    for link in links:
        there = demo.get(link)
        assert there.status_code == 200
        assert there.text.count("aria-sort=") == 1
        again = sort_links(there.text)[links.index(link)]
        assert again != link
        directions = [
            re.search('aria-sort="(\\w+)"', demo.get(each).text)[1] for each in (link, again)
        ]
        assert sorted(directions) == ["ascending", "descending"]


@pytest.mark.parametrize("kind", ["artist", "track", "play"])
def test_pages_hold_each_row_once(demo, kind):
    """Going through the pages one sees each row once."""
    path = f"/analytics/?kind={kind}&range=year-2024"
    whole = rows_of(demo, path)
    seen, link = 0, path
    first = None
    while link:
        page = demo.get(link).text
        body = page.partition("<tbody>")[2].partition("</tbody>")[0]
        seen += body.count("<tr>")
        first = first or body
        following = re.search(r'rel="next" href="([^"]+)"', page)
        link = following[1].replace("&amp;", "&") if following else None
    assert seen == len(whole)
    beyond = demo.get(f"{path}&page=999999")
    assert beyond.status_code == 200


@pytest.mark.parametrize(
    "query", ["page=x", "page=-1", "sort=nonsense", "kind=x", "page=" + "9" * 99]
)
def test_odd_queries(demo, query):
    """What cannot be read in a query counts as if it were not there."""
    assert demo.get(f"/analytics/?{query}").status_code == 200


def test_formulas_in_downloads(visitor, make_play):
    """A name that a spreadsheet would compute is marked as text."""
    visitor.register()
    play = make_play(master_metadata_album_artist_name='=cmd|"/c calc"!A1')
    visitor.take_in("a.json", json.dumps([play]))
    assert rows_of(visitor, "/analytics/")[0]["Artist"].startswith("'=cmd")


def test_names_are_shown_as_text(visitor, make_play):
    """A name is text, whatever is in it."""
    visitor.register()
    name = "<script>alert(1)</script>"
    play = make_play(master_metadata_album_artist_name=name, master_metadata_track_name=name)
    state = visitor.take_in("<script>alert(1)<script>.json", json.dumps([play]))
    assert state["added"] == 1
    for path in ("/dashboard/", "/analytics/?kind=play", "/imports/"):
        page = visitor.get(path).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page


def test_chart_library(visitor):
    """Chart.js comes from this site."""
    script = visitor.get("/static/vendor/chart.js")
    assert script.status_code == 200
    assert "Chart.js" in script.text[:300]
    assert len(script.text) > 100_000
