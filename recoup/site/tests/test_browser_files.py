"""The files for browsers: pinned, checked, and refused if they are not what was reviewed."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from recoup.kernel.errors import Failed
from recoup.site import browser_files
from recoup.site.settings import BROWSER_FILES, ROOT


@pytest.fixture(scope="module")
def here() -> None:
    """The files are there, or are fetched."""
    browser_files.fetch()


def test_every_file_has_its_digest() -> None:
    assert set(browser_files.listed()) == {*browser_files.FILES, browser_files.SPRITE}


def test_versions_are_exact_and_the_lock_names_no_address() -> None:
    wanted = json.loads((ROOT / "package.json").read_text())["dependencies"]
    lock = json.loads((ROOT / "package-lock.json").read_text())

    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())
    assert lock["packages"][""]["dependencies"] == wanted
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
    assert all("integrity" in package for name, package in lock["packages"].items() if name)


def test_a_changed_file_is_seen_and_fetched_again_only_if_it_can_be(
    here: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(BROWSER_FILES, tmp_path / "browser")
    (tmp_path / "browser" / "htmx.min.js").write_text("alert(1)")

    def no_npm() -> list[str]:
        raise Failed("npm was not found.", permanent=True, hint="Install Node.js.")

    monkeypatch.setattr(browser_files, "npm", no_npm)

    assert browser_files.wrong(tmp_path / "browser") == ["htmx.min.js"]
    with pytest.raises(Failed, match="Install Node"):
        browser_files.fetch(tmp_path / "browser")
    assert browser_files.fetch(BROWSER_FILES) == 0


def test_the_sprite_has_every_icon_and_nothing_that_runs(here: None) -> None:
    sprite = (BROWSER_FILES / browser_files.SPRITE).read_text()

    assert all(f'id="{name}"' in sprite for name in browser_files.ICONS)
    assert "<script" not in sprite and "http://www.w3.org/2000/svg" in sprite
