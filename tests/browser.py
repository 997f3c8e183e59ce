"""A headless Chromium for tests that look at pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["chromium", "measure"]

ARGUMENTS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


@contextmanager
def chromium(width: int) -> Iterator[Any]:
    """Open a browser whose window is as wide as a screen or a phone."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for argument in ARGUMENTS:
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    try:
        # A window narrower than 500 px exists only as an emulated device.
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        yield driver
    finally:
        driver.quit()


def measure(driver: Any, page: Path) -> tuple[int, int]:
    """Open a page; return the width of its content and of its window."""
    driver.get(page.as_uri())
    script = "return [document.documentElement.scrollWidth, window.innerWidth]"
    content, window = driver.execute_script(script)
    return int(content), int(window)
