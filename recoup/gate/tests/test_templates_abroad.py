"""The starter texts of other countries: what they say, and what they may not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from recoup.gate import operations
from recoup.gate.operations.templates import SHIPPED, STARTER_ROLE, check_text
from recoup.kernel.errors import Invalid
from recoup.rulebook import content
from recoup.rulebook.vocabulary import CLASSES

COUNTRIES = ("US", "GB")
FILES = [
    pytest.param(country, path, id=path.stem + "-" + country)
    for country in (*COUNTRIES, "CN")
    for path in sorted((SHIPPED / country.lower()).glob("*.yaml"))
]


@pytest.mark.django_db
@pytest.mark.parametrize("country", COUNTRIES)
def test_the_starter_texts_are_installed_and_nobody_has_reviewed_them(
    country: str, system: Any, at: Any
) -> None:
    made = operations.install_templates(by=system, at=at, jurisdiction=country)

    assert {row.channel for row in made} == {"sms", "email", "letter"}
    assert {row.approved_by for row in made} == {STARTER_ROLE}
    assert not any(row.discloses_debt for row in made if row.channel != "letter")
    assert all(row.discloses_debt for row in made if row.channel == "letter")


@pytest.mark.parametrize(("country", "path"), FILES)
def test_no_starter_text_holds_a_forbidden_class_of_words(country: str, path: Path) -> None:
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    body = f"{raw.get('subject', '')}\n{raw['text']}"

    found = content.read(body, template=body, jurisdiction=country).found

    assert set(found) <= set(CLASSES) and not found


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("country", "text", "rule"),
    [
        ("US", "{agency} for {institution}: sign in at {portal}. Reply STOP.", "US-SAY-001"),
        ("US", "{institution}: an attempt to collect a debt by a debt collector; any information "
               "will be used for that purpose.", "US-ELEC-001"),
        ("US", "{institution}: pay up or we send someone to break your legs. From a debt "
               "collector. Reply STOP to opt out.", "HOUSE-US-WORDS"),
        ("GB", "{institution}: a parcel is waiting, ring {complaint_phone}. Reply STOP.",
         "UK-CONT-001"),
        ("GB", "{institution}: sell your car. Reply STOP to opt out.", "UK-FORB-001"),
    ],
)  # fmt: skip
def test_a_text_that_lacks_or_holds_too_much_is_not_approved(
    system: Any, at: Any, country: str, text: str, rule: str
) -> None:
    row = operations.add_template(code="t", channel="sms", jurisdiction=country, language="en",
                                  text=text, by=system, at=at)  # fmt: skip

    with pytest.raises(Invalid, match=rule):
        check_text(row, at=at)
