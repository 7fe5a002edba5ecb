"""A browser, and a result of each kind to open in it."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

import results

# Nothing of the browser's own may reach for the network.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

PLACE = Path("target/browser").absolute()


@pytest.fixture(scope="session")
def pages():
    """The page of each kind of result, by kind."""
    place = PLACE / "results"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    return {kind: folder / "report.html" for kind, folder in results.make(place).items()}


@pytest.fixture(scope="session")
def pictures():
    """A folder for what a person should look at."""
    place = PLACE / "pictures"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    return place


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield browser
        browser.close()


class Opened:
    """A page in a window of its own, and what it did that it should not."""

    def __init__(self, browser, url, origin=None, width=1200, **options):
        self.context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        self.page = self.context.new_page()
        self.complaints = []
        self.page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("dialog", lambda dialog: (self.complaints.append(dialog.message), dialog.dismiss()))
        self.page.on("request", self.requested)
        self.url, self.origin = url, origin
        self.page.goto(self.url)

    def requested(self, request):
        is_own = self.origin is not None and request.url.startswith(f"{self.origin}/")
        if request.url != self.url and not is_own:
            self.complaints.append(f"request: {request.url}")


@pytest.fixture
def open_page(browser):
    """Opens a page; whatever the test does with it, it may log no error and make no request but to its own server."""
    opened = []

    def open_one(path=None, origin=None, **options):
        opened.append(Opened(browser, f"{origin}/" if origin else Path(path).as_uri(), origin, **options))
        return opened[-1].page

    yield open_one
    for one in opened:
        one.context.close()
        assert one.complaints == []
