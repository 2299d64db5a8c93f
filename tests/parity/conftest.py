"""Keeps open files from being reported in some innocent test; puts only requests to a server."""

import gc
import warnings

import pytest
import servers

from parity.harness import SERVER


def pytest_itemcollected(item: pytest.Item) -> None:
    """A 304 or 416 for a file leaves it open until it is collected, in Flask and Werkzeug."""
    if "parity" in item.path.parts:
        item.add_marker(pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning"))


@pytest.fixture(scope="module", autouse=True)
def _collect_open_files():
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On a server only what is a request is asked; a server that is not there is said to miss."""
    if not SERVER:
        return
    puts = [item for item in items if {"case_id", "group"} & set(parameters(item))]
    config.hook.pytest_deselected(items=[item for item in items if item not in puts])
    items[:] = puts
    if why := servers.missing(SERVER):
        for item in items:
            item.add_marker(pytest.mark.skip(reason=why))


def parameters(item: pytest.Item) -> dict[str, object]:
    return (
        item.callspec.params
        if isinstance(item, pytest.Function) and hasattr(item, "callspec")
        else {}
    )
