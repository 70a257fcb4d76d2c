"""
The catalogue of words: taken out of the code, and compiled.

    python -m recoup.site.catalogues            compile what is there (set-up does it)
    python -m recoup.site.catalogues --extract  take new msgids out of code and templates (needs GNU gettext)

Compiled files are not committed. Event sentences are msgids too: they stand in `Kind(...)`, where
gettext does not look, so they are written to the catalogue from the register of kinds.
"""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract as babel_extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

PACKAGE = Path(__file__).resolve().parents[1]
LOCALE = Path(__file__).resolve().parent / "locale"
TEXTS, NOT_SHOWN = (".html", ".txt"), {"tests", "migrations"}
ASKED = ("gettext", "ngettext", "pgettext")
PO = LOCALE / "zh_Hans" / "LC_MESSAGES" / "django.po"


def read() -> Catalog:
    """The Chinese catalogue."""
    with PO.open("rb") as file:
        return read_po(file, locale="zh_Hans")


def compile_all() -> Path:
    """Write the compiled catalogue beside its source, unless it is newer."""
    target = PO.with_suffix(".mo")
    if not target.exists() or target.stat().st_mtime < PO.stat().st_mtime:
        # A name of its own: two processes that compile at once must not take each other's file.
        unfinished = target.with_suffix(f".unfinished-{os.getpid()}")
        with unfinished.open("wb") as file:
            write_mo(file, read())
        unfinished.replace(target)
    return target


def sentences() -> Iterator[tuple[str, str, int]]:
    """The sentence of every `Kind` and every `Said`, with file and line."""
    found = [("Kind", 1, path) for path in sorted(PACKAGE.glob("*/events.py"))]
    for stage in ("decision", "strategy"):
        found += [("Said", 0, path) for path in sorted((PACKAGE / stage).glob("*.py"))]
    for name, place, path in found:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name:
                yield (
                    ast.literal_eval(node.args[place]),
                    f"recoup/{path.relative_to(PACKAGE)}",
                    node.lineno,
                )


def used() -> Iterator[tuple[str | None, str, str]]:
    """Context, msgid (the singular) and file of every message that templates and code ask for."""
    for path in sorted(PACKAGE.rglob("templates/**/*")):
        if path.suffix in TEXTS:
            yield from ((*found, _place(path)) for found in _in_template(path))
    for path in sorted(PACKAGE.rglob("*.py")):
        if not NOT_SHOWN & set(path.parts):
            yield from ((*found, _place(path)) for found in _in_code(path))


def _place(path: Path) -> str:
    return f"recoup/{path.relative_to(PACKAGE)}"


def _in_template(path: Path) -> Iterator[tuple[str | None, str]]:
    from django.utils.translation.template import templatize

    text = templatize(path.read_text(encoding="utf-8"), origin=str(path))
    names = {
        "_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2),
        "npgettext": ((1, "c"), 2, 3),
    }  # fmt: skip
    for _line, message, _notes, context in babel_extract(
        "python", BytesIO(text.encode()), keywords=names
    ):
        yield context, message if isinstance(message, str) else message[0]


def _in_code(path: Path) -> Iterator[tuple[str | None, str]]:
    """Of calls with literals only: what else is asked for stands as a literal elsewhere."""
    text = path.read_text(encoding="utf-8")
    if "translation import" not in text:
        return
    for node in ast.walk(ast.parse(text)):
        name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
        kind = "gettext" if name == "_" else name.removesuffix("_lazy").removesuffix("_noop")
        if not isinstance(node, ast.Call) or kind not in ASKED:
            continue
        said = [one.value for one in node.args if isinstance(one, ast.Constant)]
        needed = 1 + kind.startswith("p")
        if len(said) >= needed and all(isinstance(one, str) for one in said[:needed]):
            yield (said[0] if needed == 2 else None), said[needed - 1]


def extract() -> None:
    """Take every msgid out of code, templates and event kinds, keeping what is translated."""
    from django.core.management import call_command

    known = {(m.context, m.id): m for m in read() if m.id} if PO.exists() else {}
    PO.parent.mkdir(parents=True, exist_ok=True)
    call_command("makemessages", locale=["zh_Hans"], no_wrap=True, add_location="file", verbosity=0,
                 ignore_patterns=["node_modules/*", ".venv/*", "var/*", "tests/*", "build/*"])  # fmt: skip
    found = read()
    for sentence, place, _line in sentences():
        found.add(sentence, locations=[(place, None)])
    for message in found:
        old = known.get((message.context, message.id))
        if message.id and old is not None and old.string:
            message.string = old.string
            message.flags.discard("fuzzy")
    found.obsolete.clear()
    found.fuzzy, found.project, found.version = False, "Recoup", "1"
    found.header_comment = "# The Chinese words of Recoup. The glossary is docs/glossary.md."
    found.last_translator = found.language_team = "Recoup"
    with PO.open("wb") as file:
        write_po(file, found, width=100, omit_header=False, sort_output=True, include_lineno=False)


def main() -> None:
    """Run from the command line."""
    if "--extract" in sys.argv[1:]:
        import django

        django.setup()
        extract()
    compile_all()


if __name__ == "__main__":
    main()
