"""Each source of settings overrides the one before it, and no app changes another."""

import pytest


@pytest.fixture
def create_app(load_example, tmp_path, monkeypatch):
    monkeypatch.setenv("CATALOG_SECRET_KEY", "a key for the tests")
    example = load_example("config_factory/app.py")
    return lambda config=None: example.create_app(config, instance_path=str(tmp_path))


def settings(app):
    return app.test_client().get("/").json


def test_defaults(create_app):
    """With nothing set, the defaults hold and the secret key is not shown."""
    assert settings(create_app()) == {
        "TITLE": "Catalog",
        "PAGE_SIZE": 20,
        "MAIL": {"HOST": "localhost", "PORT": 25},
    }


def test_order(create_app, tmp_path, monkeypatch):
    """The file overrides the defaults, the environment the file, the argument them all."""
    (tmp_path / "settings.cfg").write_text('TITLE = "From the file"\nPAGE_SIZE = 30\n')
    assert settings(create_app())["TITLE"] == "From the file"

    monkeypatch.setenv("CATALOG_TITLE", "From the environment")
    assert settings(create_app())["TITLE"] == "From the environment"
    assert settings(create_app())["PAGE_SIZE"] == 30

    assert settings(create_app({"TITLE": "From the call"}))["TITLE"] == "From the call"


def test_types_from_the_environment(create_app, monkeypatch):
    """Values from the environment are read as JSON, and reach into nested settings."""
    monkeypatch.setenv("CATALOG_PAGE_SIZE", "50")
    monkeypatch.setenv("CATALOG_MAIL__PORT", "2525")
    assert settings(create_app())["PAGE_SIZE"] == 50
    assert settings(create_app())["MAIL"] == {"HOST": "localhost", "PORT": 2525}


def test_apps_do_not_share(create_app, monkeypatch):
    """A nested setting changed for one app leaves the next one alone."""
    monkeypatch.setenv("CATALOG_MAIL__HOST", "mail.example.org")
    assert settings(create_app())["MAIL"]["HOST"] == "mail.example.org"
    monkeypatch.delenv("CATALOG_MAIL__HOST")
    assert settings(create_app())["MAIL"]["HOST"] == "localhost"


@pytest.mark.parametrize("size", ["0", "101", "many", "1.5"])
def test_bad_setting_stops_the_start(create_app, monkeypatch, size):
    """A page size that makes no sense is refused before any request."""
    monkeypatch.setenv("CATALOG_PAGE_SIZE", size)
    with pytest.raises(ValueError, match="PAGE_SIZE must be a whole number"):
        create_app()


def test_secret_key_is_made(create_app, monkeypatch, caplog):
    """Without a secret key each app makes its own and says so in the log."""
    monkeypatch.delenv("CATALOG_SECRET_KEY")
    one, other = create_app(), create_app()
    assert one.secret_key != other.secret_key
    assert "CATALOG_SECRET_KEY is not set" in caplog.text
