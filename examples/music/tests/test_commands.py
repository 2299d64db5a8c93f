"""The commands: seed, import, create-admin, export-history; and settings from the environment."""

import json
import secrets

import pytest
import sqlalchemy as sa


def test_seed_twice(demo, deployment):
    """The demo's history is made once, and tells of ten years."""
    again = deployment.command("seed", "--plays", "8000")
    assert "demo@example.org has 8,000 plays." in again.stdout
    found = demo.api("/summary").json()
    assert found["plays"] == 8000
    years = int(found["period"]["to"][:4]) - int(found["period"]["from"][:4])
    assert years == 10


def test_import_command(visitor, deployment, tmp_path, make_export):
    """Files are imported by command; a broken one gives an exit status of 1 and its reason."""
    visitor.register()
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(make_export(30))
    bad.write_text("[1]")
    done = deployment.command("import", visitor.email, good, bad, check=False)
    assert done.returncode == 1
    assert "good.json: 30 of 30 plays are new." in done.stdout
    assert "bad.json: refused: line 1: An entry of the list is no object." in done.stderr
    assert good.exists()
    assert visitor.api("/summary").json()["plays"] == 30
    nobody = deployment.command("import", "nobody@example.org", good, check=False)
    assert "There is no user" in nobody.stderr


def test_history_of_a_seed(deployment, tmp_path, visitor):
    """The same number makes the same history, which an import takes as it is."""
    for name in ("a", "b"):
        deployment.command("export-history", tmp_path / name, "--plays", "500", "--size", "300")
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert files == ["Streaming_History_Audio_0.json", "Streaming_History_Audio_1.json"]
    for name in files:
        assert (tmp_path / "a" / name).read_text() == (tmp_path / "b" / name).read_text()
    plays = json.loads((tmp_path / "a" / files[0]).read_text())
    assert len(plays) == 300
    visitor.register()
    added = [visitor.take_in(n, (tmp_path / "a" / n).read_bytes())["added"] for n in files]
    assert sum(added) == 500


def test_create_admin(visitor, deployment):
    """An administrator is made by command, and may see the admin page."""
    address = f"admin-{visitor.csrf()[-12:]}@example.org".lower().replace("_", "x")
    done = deployment.command("create-admin", address, "--password", "a long password")
    assert "is an administrator" in done.stdout
    visitor.login(address)
    assert visitor.get("/admin/").status_code == 200
    short = deployment.command("create-admin", address, "--password", "short", check=False)
    assert short.returncode == 1


@pytest.mark.parametrize(
    ("variable", "value"), [("MUSIC_UPLOAD_LIMIT", "many"), ("MUSIC_LIVE_PROGRESS", "perhaps")]
)
def test_bad_setting(deployment, variable, value):
    """A setting that cannot be read ends the start, and names the variable."""
    done = deployment.command("seed", check=False, environment={variable: value})
    assert done.returncode != 0
    assert variable in done.stdout + done.stderr


def test_migrations_are_complete(deployment):
    """The migrations make the tables that the models describe, on each database."""
    done = deployment.command("db", "check")
    assert "No new upgrade operations detected" in done.stdout + done.stderr


# A play and its sums, as the first version stored them.
FIRST_ROWS = (
    """INSERT INTO "user" (id, email, name, password_hash, role, active, timezone, theme,
       session_version, data_version, created_at)
       VALUES (1, 'a@example.org', 'A', '', 'member', true, 'UTC', 'system', 1, 1, 0)""",
    "INSERT INTO artist (id, name) VALUES (1, 'Anna')",
    "INSERT INTO album (id, artist_id, name) VALUES (1, 1, 'Best')",
    "INSERT INTO track (id, key, uri, name, artist_id, album_id) VALUES (1, 'k', '', 'One', 1, 1)",
    """INSERT INTO play (id, user_id, track_id, artist_id, album_id, played_at, ms_played, day,
       month, hour, device, reason_start, reason_end, shuffle, skipped, offline)
       VALUES (1, 1, 1, 1, 1, 86400, 60000, 1, 23640, 0, 'phone', '', '', false, false, false)""",
    """INSERT INTO day_total (user_id, day, month, plays, ms, skips)
       VALUES (1, 1, 23640, 1, 60000, 0)""",
    """INSERT INTO month_track (user_id, month, track_id, artist_id, album_id, plays, ms, skips)
       VALUES (1, 23640, 1, 1, 1, 1, 60000, 0)""",
)


@pytest.mark.parametrize("deployment", ["sqlite", "postgresql"], indirect=True)
def test_migrations_keep_what_is_stored(deployment, request, tmp_path):
    """A migration, and the way back, loses nothing that an earlier version stored."""
    url = f"sqlite:///{tmp_path / 'music.sqlite'}"
    if "MUSIC_DATABASE_URL" in deployment.environment:
        name = f"migrated_{secrets.token_hex(4)}"
        engine = sa.create_engine(
            deployment.environment["MUSIC_DATABASE_URL"], isolation_level="AUTOCOMMIT"
        )
        with engine.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
        engine.dispose()
        url = deployment.environment["MUSIC_DATABASE_URL"].rpartition("/")[0] + f"/{name}"
    environment = {"MUSIC_DATABASE_URL": url}
    deployment.command("db", "upgrade", "0001", environment=environment)
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for row in FIRST_ROWS:
            connection.execute(sa.text(row))

    def stored(table):
        with engine.connect() as connection:
            return connection.execute(sa.text(f'SELECT * FROM "{table}"')).mappings().all()

    for direction, editions in (("upgrade", [1]), ("downgrade", [None]), ("upgrade", [1])):
        deployment.command("db", direction, environment=environment)
        for table in ("user", "play", "day_total", "month_track"):
            assert [row.get("edition") for row in stored(table)] == editions, (direction, table)
        assert stored("play")[0]["ms_played"] == 60_000
    engine.dispose()
