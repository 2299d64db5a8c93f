"""A real Chromium without a screen, driven by Selenium; skips where either is missing."""

from __future__ import annotations

import contextlib
import shutil
import time
import typing as t

import pytest

WAIT = 20  # seconds until what is waited for must be on the page


def _programs() -> tuple[str, str]:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("chromium and chromedriver are not installed (apt: chromium chromium-driver)")
    return chromium, driver


@contextlib.contextmanager
def browsing(width: int = 1200, height: int = 800) -> t.Iterator[t.Any]:
    """Start a browser with a profile of its own; give its driver."""
    pytest.importorskip("selenium", reason="selenium is not installed")
    from selenium import webdriver

    chromium, driver_path = _programs()
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (
        "--headless=new",
        "--no-sandbox",  # as root, and in containers, there is none
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--no-proxy-server",
        f"--window-size={width},{height}",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver_path))
    try:
        driver.set_page_load_timeout(WAIT)
        yield driver
    finally:
        driver.quit()


def until(holds: t.Callable[[], t.Any], why: t.Callable[[], str]) -> None:
    """Wait until the function says so; a page that is loaded meanwhile does no harm."""
    from selenium.common.exceptions import StaleElementReferenceException

    end = time.monotonic() + WAIT
    while True:
        with contextlib.suppress(StaleElementReferenceException):
            if holds():
                return
        if time.monotonic() > end:
            pytest.fail(why())
        time.sleep(0.05)


def complaints(driver: t.Any) -> list[str]:
    """What the browser's console has had to say of the page: errors and refused resources."""
    return [entry["message"] for entry in driver.get_log("browser") if entry["level"] in {"SEVERE"}]
