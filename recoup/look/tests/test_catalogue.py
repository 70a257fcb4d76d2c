from __future__ import annotations

import re
from pathlib import Path

from recoup.site import catalogues

HOLES = re.compile(r"%\(\w+\)s|%%s|\{[a-z_]+[^}]*\}")


def _strings(message: object) -> list[str]:
    said = message.string  # type: ignore[attr-defined]
    return [said] if isinstance(said, str) else list(said)


def test_every_msgid_has_its_chinese_and_none_is_fuzzy() -> None:
    messages = [message for message in catalogues.read() if message.id]

    missing = [message.id for message in messages if not all(_strings(message)) or message.fuzzy]

    assert len(messages) > 500
    assert missing == []


def test_a_translation_fills_the_same_holes_as_its_msgid() -> None:
    wrong = []
    for message in catalogues.read():
        if not message.id:
            continue
        source = message.id if isinstance(message.id, str) else message.id[-1]
        wanted = set(HOLES.findall(source))
        for said in _strings(message):
            if set(HOLES.findall(said)) - wanted:
                wrong.append((source, said))

    assert wrong == []


def test_the_sentence_of_every_event_is_in_the_catalogue() -> None:
    known = {message.id for message in catalogues.read()}

    missing = [place for sentence, place, _line in catalogues.sentences() if sentence not in known]

    assert missing == []


def test_every_message_that_pages_and_code_ask_for_is_in_the_catalogue() -> None:
    known = {
        (message.context or None, one)
        for message in catalogues.read() if message.id
        for one in ([message.id] if isinstance(message.id, str) else message.id[:1])
    }  # fmt: skip
    asked = list(catalogues.used())

    missing = sorted({(place, msgid) for context, msgid, place in asked
                      if (context, msgid) not in known})  # fmt: skip

    assert sum("/templates/" in place for _context, _msgid, place in asked) > 1000
    assert missing == []


def test_a_template_is_read_as_django_reads_it(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        '{% load i18n %}{% translate "95 % sure" %}{% translate "Answer" context "log" %}'
        "{% blocktranslate count n=1 %}One{% plural %}{{ n }} many{% endblocktranslate %}"
    )

    assert list(catalogues._in_template(page)) == [
        (None, "95 %% sure"), ("log", "Answer"), (None, "One"),
    ]  # fmt: skip


def test_the_catalogue_compiles_without_gnu_gettext(tmp_path: Path) -> None:
    compiled = catalogues.compile_all()

    assert compiled.read_bytes()[:4] in (b"\xde\x12\x04\x95", b"\x95\x04\x12\xde")
