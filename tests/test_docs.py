"""The documentation is true: samples run, links lead somewhere, the reference is complete."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

import bolthead
from bolthead.safe_defaults import SAFE_DEFAULTS

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
TOP = ["README.md", "CONTRIBUTING.md", "CHANGES.md", "ARCHITECTURE.md", "SECURITY.md"]
PAGES = [*(ROOT / name for name in TOP), *sorted(DOCS.rglob("*.md"))]


def load(name):
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


run_samples = load("run_samples")
build_reference = load("build_reference")


def name_of(page):
    return str(page.relative_to(ROOT))


def with_language(*languages):
    return [
        page
        for page in PAGES
        if any(sample.language in languages for sample in run_samples.find_samples(page))
    ]


def commands_of(page):
    for sample in run_samples.find_samples(page):
        if sample.language == "console":
            yield from (command for command, _ in run_samples.find_commands(sample))


def slugs(page):
    """Return the anchors of a page's headings, as GitHub makes them."""
    text = run_samples.FENCE.sub("", page.read_text(encoding="utf-8"))
    for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", heading.lower())
        yield plain.strip().replace(" ", "-")


@pytest.mark.parametrize("page", with_language("python", "console"), ids=name_of)
def test_samples_run(page):
    """Each sample of a page runs as it stands, in order, with warnings as errors."""
    done = subprocess.run(
        [sys.executable, DOCS / "run_samples.py", page], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_what_is_not_run_says_why(page):
    """A sample that is not run begins with the reason."""
    for sample in run_samples.find_samples(page):
        if sample.rest == "no-run":
            assert sample.text.startswith(run_samples.NOT_RUN), f"{page}:{sample.line}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_fences_name_their_language(page):
    """Every fenced block says what it is, so that no sample stays unseen."""
    for sample in run_samples.find_samples(page):
        assert sample.language, f"{page}:{sample.line}"
        assert sample.language not in {"py", "python3", "pycon"}, f"{page}:{sample.line}"


@pytest.mark.parametrize("page", with_language("console"), ids=name_of)
def test_make_targets_exist(page):
    """A ``make`` command of a page is a target of the Makefile."""
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for command in commands_of(page):
        if command[0] == "make":
            assert command[1] in targets


@pytest.mark.parametrize(
    ("words", "subcommand"),
    [
        (["--app", "shop", "run", "--debug"], "run"),
        (["routes", "--sort", "match"], "routes"),
        (["--version"], None),
        (["--app", "shop", "seed"], "seed"),
    ],
    ids=["run", "routes", "option only", "the app's own"],
)
def test_commands_are_parsed(words, subcommand):
    """A page's command is split into the group's options and a subcommand with its own."""
    assert run_samples.parse_command(words) == subcommand


@pytest.mark.parametrize(
    "words",
    [["run", "--workers", "2"], ["--ap", "shop", "run"], ["routes", "all"]],
    ids=["of a command", "of the group", "argument"],
)
def test_wrong_commands_are_noticed(words):
    """An option or argument that does not exist is an error."""
    with pytest.raises(click.UsageError):
        run_samples.parse_command(words)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page):
    """A link within the repository names a file that exists, and a heading that is in it."""
    text = run_samples.FENCE.sub("", page.read_text(encoding="utf-8"))
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page}: {link}"
        if anchor:
            assert anchor in set(slugs(target)), f"{page}: {link}"


def test_every_page_is_linked():
    """Each page of the documentation is reached from its index."""
    reached, ahead = set(), [DOCS / "index.md"]
    while ahead:
        page = ahead.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        for link in re.findall(r"\]\(([^)\s#]+)", page.read_text(encoding="utf-8")):
            if "://" not in link:
                ahead.append((page.parent / link).resolve())
    assert set(DOCS.rglob("*.md")) <= reached


def test_reference_is_up_to_date():
    """The reference pages are what the source says: else run ``docs/build_reference.py``."""
    built = build_reference.build_pages()
    for name, text in built.items():
        path = DOCS / "reference" / name
        assert path.is_file(), f"{name} is missing; run: python docs/build_reference.py"
        assert path.read_text(encoding="utf-8") == text, (
            f"{name} is not what the source says; run: python docs/build_reference.py"
        )
    written_otherwise = {"settings.md", "extensions.md"}
    found = {path.name for path in (DOCS / "reference").glob("*.md")}
    assert found == set(built) | written_otherwise


def test_table_of_safe_defaults_is_that_of_the_source():
    """The page of safe defaults has the table that the app classes and the checks are made of."""
    page = build_reference.SAFE_DEFAULTS_PAGE.read_text(encoding="utf-8")
    assert page == build_reference.build_safe_defaults(), "run: python docs/build_reference.py"
    assert page.count("\n| `") >= len(SAFE_DEFAULTS)


def test_every_public_name_is_described():
    """No public name of a public module goes without a sentence."""
    assert build_reference.undescribed() == []


def test_every_setting_is_described():
    """The page of settings has a row for each first setting, and for none that nothing reads."""
    text = (DOCS / "reference" / "settings.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([A-Z_]+)` \|", text, re.MULTILINE)
    assert len(set(rows)) == len(rows)
    assert set(rows) >= set(bolthead.Bolthead.default_config)
    source = "".join(path.read_text("utf-8") for path in (ROOT / "src").rglob("*.py"))
    assert [name for name in rows if f'"{name}"' not in source] == []
