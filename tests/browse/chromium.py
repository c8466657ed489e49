"""A headless Chromium, what it asked for and complained of, and what it shows."""

import contextlib
import io
import json
import shutil
import time

import numpy as np
import pytest
from PIL import Image

FLAGS = (
    *(
        "headless",
        "no-sandbox",
        "disable-gpu",
        "disable-quic",
        "no-first-run",
        "disable-background-networking",
    ),
    *("disable-component-update", "disable-sync", "hide-scrollbars", "disable-dev-shm-usage"),
)
PATIENCE = 40.0
"""Seconds to wait for what a browser does."""


@contextlib.contextmanager
def chromium(profile):
    """Yield a ``Browser`` with an empty profile; skip the test where there is none."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="no selenium")
    program = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not program or not driver:
        pytest.skip("no chromium, or no chromedriver")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for flag in (*FLAGS, f"user-data-dir={profile}"):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    running = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        yield Browser(running)
    finally:
        running.quit()


class Browser:
    """What tests do with a browser."""

    def __init__(self, driver):
        self.driver = driver
        # Its own start page asks for things too.
        self.open("about:blank")
        self.logs()

    def open(self, url, width=1000, height=1200, theme="light"):
        """Open an address in a window of a size, and in light or dark colours."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        feature = {"name": "prefers-color-scheme", "value": theme}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        self.driver.get(url)

    def logs(self):
        """What was asked for, and what was complained of, since the last time."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        asked = [
            event["params"]["request"]["url"]
            for event in events
            if event["method"] == "Network.requestWillBeSent"
        ]
        return asked, [entry["message"] for entry in self.driver.get_log("browser")]

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def find(self, selector):
        return self.driver.find_element("css selector", selector)

    def wait(self, condition, what):
        """Wait until a condition holds, and give what it gives."""
        deadline = time.monotonic() + PATIENCE
        while not (found := condition()):
            assert time.monotonic() < deadline, f"{what}: {self.find('#status').text}"
            time.sleep(0.1)
        return found

    def text(self, selector):
        return self.find(selector).text

    def place(self):
        """What the field says is shown: contig, start and end, 0-based and half-open."""
        contig, _, span = self.find("#place").get_attribute("value").rpartition(":")
        start, _, end = span.replace(",", "").partition("-")
        return (contig, int(start) - 1, int(end)) if end else ("", 0, 0)

    def heights(self, track, colour):
        """Of each base in view, the share of a track's height that has its colour."""
        box = self.run(
            """
            const labels = [...document.getElementById("igv").shadowRoot.querySelectorAll(".igv-track-label")];
            const track = labels.find((label) => label.textContent === arguments[0]).parentElement;
            const box = track.getBoundingClientRect();
            return [box.left, box.top, box.right, box.bottom].map(Math.round);
            """,
            track,
        )
        seen = Image.open(io.BytesIO(self.driver.get_screenshot_as_png())).convert("RGB").crop(box)
        same = np.abs(np.asarray(seen, int) - colour).max(axis=2) < 12
        _, start, end = self.place()
        columns = ((np.arange(start, end) + 0.5 - start) / (end - start) * same.shape[1]).astype(int)
        return dict(zip(range(start, end), same.mean(axis=0)[columns].tolist(), strict=True))
