"""
Photographs the desks of a running demo, in both languages and both widths.

    python docs/screenshots.py http://127.0.0.1:8000 PASSWORD

The password is the one that `recoup demo` prints; fly once before (`recoup strategy fly --budget sms=-30%`).
Pictures land in docs/screenshots, with a
palette, so that they stay small.
"""

from __future__ import annotations

import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).resolve().parent / "screenshots"
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)
SIZES = {"wide": (1440, 900), "narrow": (390, 844)}
YESTERDAY = datetime.now(tz=UTC).date() - timedelta(days=1)
PICTURES = (
    ("sign-in", "", "/sign-in/login/", ("wide",)),
    ("queue", "collector", "/workbench/queue/", ("wide", "narrow")),
    ("cases", "leader", "/workbench/cases/", ("wide", "narrow")),
    ("case", "leader", "first case", ("wide", "narrow")),
    ("floor", "leader", "/floor/", ("wide",)),
    ("away", "leader", "/floor/away/collector/", ("wide",)),
    ("board", "executive", "/board/", ("wide", "narrow")),
    ("plan", "analyst", "/studio/plan/", ("wide",)),
    ("strategy", "analyst", "/studio/strategies/1/", ("wide",)),
    ("experiment", "analyst", "/studio/experiment/", ("wide",)),
    ("flight", "analyst", "/studio/flights/1/", ("wide", "narrow")),
    ("models", "analyst", "/studio/models/", ("wide",)),
    ("refusals", "compliance", "/review/refusals/", ("wide",)),
    # A demo was played up to yesterday.
    ("today", "compliance", f"/review/today/?on={YESTERDAY}", ("wide", "narrow")),
    ("rules", "compliance", "/review/rules/", ("wide", "narrow")),
    ("rule", "compliance", "/review/rules/CN/CN-FREQ-005/", ("wide",)),
    (
        "may-i",
        "compliance",
        "/review/may-i/?about=facts&country=CN&channel=call&when=2030-03-12T22:30",
        ("wide", "narrow"),
    ),
    ("approvals", "compliance", "/review/approvals/", ("wide",)),
    ("journal", "compliance", "/review/journal/", ("wide",)),
    ("status", "admin", "/system/", ("wide",)),
)
LANGUAGES = {"zh": "zh-hans", "en": "en"}


def main(address: str, password: str) -> None:
    """Take every picture."""
    FOLDER.mkdir(exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=FLAGS.split())
        for username in sorted({picture[1] for picture in PICTURES}):
            mine = [picture for picture in PICTURES if picture[1] == username]
            _photograph(browser, address, username, password, mine)
        browser.close()


def _photograph(
    browser: Any, address: str, username: str, password: str, pictures: list[Any]
) -> None:
    context = browser.new_context(base_url=address)
    page = context.new_page()
    if username:
        page.goto("/sign-in/login/")
        page.fill("[name=login]", username)
        page.fill("[name=password]", password)
        page.click("form[action*=login] button[type=submit]")
        page.wait_for_url(lambda url: "/sign-in/" not in url)
    for short, language in LANGUAGES.items():
        context.add_cookies([{"name": "django_language", "value": language, "url": address}])
        for name, _who, where, sizes in pictures:
            for size in sizes:
                _take(page, name, short, where, size)
    context.close()


def _take(page: Page, name: str, language: str, where: str, size: str) -> None:
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.goto(where if where.startswith("/") else "/workbench/cases/?order=-owed")
    if not where.startswith("/"):
        page.goto(str(page.locator("a.main-link").first.get_attribute("href")))
    page.wait_for_timeout(500)
    path = FOLDER / f"{name}-{language}{'' if size == 'wide' else '-narrow'}.png"
    page.screenshot(path=path)
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(colors=128).save(path, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
