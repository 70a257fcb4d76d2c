"""A server of its own, and a real browser that writes down every complaint."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.browser.seed import PASSWORD

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a browser these tests cannot run, and say so."""
    if CHROMIUM is None:
        no_browser = pytest.mark.skip(reason="chromium is not installed (apt-get install chromium)")
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(no_browser)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with the seeded book."""
    home = tmp_path_factory.mktemp("home")
    environment = {
        **os.environ, "RECOUP_HOME": str(home), "PYTHONPATH": str(ROOT),
        "DATABASE_URL": f"sqlite:///{home / 'browser.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "recoup.site.settings", "RECOUP_LOGIN_FAILURES": "50",
        "RECOUP_BROWSER_FILES": os.environ.get("RECOUP_BROWSER_FILES", str(ROOT / "var/browser")),
    }  # fmt: skip
    for module in ("recoup.site.catalogues", "tests.browser.seed"):
        subprocess.run([sys.executable, "-m", module], env=environment, cwd=ROOT, check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "recoup.site.asgi:application", "--port", str(port),
         "--log-level", "error", "--timeout-graceful-shutdown", "1"],
        env=environment, cwd=ROOT,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address)
        yield address
    finally:
        running.terminate()
        running.wait(timeout=10)


def _wait(address: str) -> None:
    for _ in range(120):
        try:
            httpx.get(f"{address}/sign-in/login/", timeout=5)
        except httpx.HTTPError:
            time.sleep(0.25)
        else:
            return
    raise RuntimeError("The server did not start.")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Debian's Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained about: errors, and violations of the policy."""
    return []


@pytest.fixture
def open_as(
    chromium: Any, server: str, complaints: list[str]
) -> Iterator[Callable[..., Any]]:  # fmt: skip
    """Sign somebody in with a browser of their own; gives the page."""
    contexts = []

    def make(username: str, *, width: int = 1440) -> Any:
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, locale="en-US", base_url=server
        )
        contexts.append(context)
        page = context.new_page()
        page.on(
            "console",
            lambda said: complaints.append(said.text) if said.type == "error" else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/sign-in/login/")
        page.fill("[name=login]", username)
        page.fill("[name=password]", PASSWORD)
        page.click("form[action*=login] button[type=submit]")
        page.wait_for_url(lambda url: "/sign-in/" not in url)
        return page

    yield make
    for context in contexts:
        context.close()
