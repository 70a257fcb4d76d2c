"""One person with several cases is contacted as one person."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from django.conf import settings

from recoup.people.models import Sealed
from recoup.people.queries import same_people
from recoup.scoring import operations as scoring
from recoup.strategy import operations
from recoup.strategy.models import Decision
from recoup.strategy.persons import too_many
from recoup.strategy.reading import shipped
from recoup.strategy.schema import in_holdout
from recoup.strategy.tests.conftest import facts_of
from tests.cast import approved, place


def twins(book, team, count=3):
    """王明 with several cases: rows of their own, one identity number."""
    cases = [
        place(book=book, team=team, reference=f"T{n:04}", phone=f"139{n:08}") for n in range(count)
    ]
    people = [case.borrower.person_id for case in cases]
    Sealed.objects.filter(person__in=people, kind="identity").update(index="same")
    return cases


def decide(book, system, at, on):
    scoring.score_book(book=book, on=on, by=system, at=at)
    return operations.decide(book=book, on=on, facts=facts_of(book), by=system, at=at)


def test_rows_of_one_person_are_known_by_their_identity_number_or_their_phone(book, team):
    one, two, three = twins(book, team)
    others = [place(book=book, team=team, reference=f"X{n}", phone="13800000009") for n in (1, 2)]
    Sealed.objects.filter(
        person__in=[case.borrower.person_id for case in others], kind="identity"
    ).update(index="")
    first = one.borrower.person_id

    found = same_people(creditor=book.creditor_id)

    assert found == {
        two.borrower.person_id: first, three.borrower.person_id: first,
        others[1].borrower.person_id: others[0].borrower.person_id,
    }  # fmt: skip


def test_a_shared_phone_does_not_make_two_identity_numbers_one_person(book, team):
    for n in (1, 2):
        place(book=book, team=team, reference=f"X{n}", phone="13800000009")

    assert same_people(creditor=book.creditor_id) == {}


@pytest.mark.parametrize(("limit", "most"), [(1, 1), (2, 2)])
def test_a_person_with_several_cases_is_not_contacted_beyond_the_limit(
    book, team, system, at, today, limit, most
):
    text = shipped().replace("contacts: 2, days: 7", f"contacts: {limit}, days: 7")
    version = operations.add(book=book, source=text, by=system, at=at)
    operations.activate(version=approved(version), by=system, at=at)
    cases = twins(book, team)
    person = min(case.borrower.person_id for case in cases)
    assert not in_holdout(book=book.code, person=person, share=0.02)

    plan = decide(book, system, at, today)

    rows = pl.read_parquet(settings.DATA_DIR / plan.file)
    assert Decision.objects.count() <= most
    assert (rows["why"] == "other_case").sum() == 3 - most


def test_contacts_of_one_case_count_for_the_others_of_the_person(
    book, team, strategy, system, at, today
):
    cases = twins(book, team)
    decide(book, system, at, today)
    assert Decision.objects.count() == 2
    operations.mark(decisions=[row.pk for row in Decision.objects.all()], state="sent")

    plan = decide(book, system, at + timedelta(days=1), today + timedelta(days=1))

    rows = pl.read_parquet(settings.DATA_DIR / plan.file)
    left = rows.filter(~pl.col("case").is_in(list(Decision.objects.values_list("case", flat=True))))
    assert left["why"].to_list() == ["contact_limit"]
    assert len(cases) == rows.height


def test_a_person_has_one_arm_and_is_held_out_with_all_cases(
    book, team, strategy, system, at, today
):
    twins(book, team, count=4)

    plan = decide(book, system, at, today)

    assert pl.read_parquet(settings.DATA_DIR / plan.file)["arm"].n_unique() == 1


def test_the_cases_worth_most_stay_and_closed_ones_do_not_count():
    worth = np.array([[5.0, -np.inf], [9.0, 1.0], [-np.inf, -np.inf], [7.0, 2.0], [3.0, 3.0]])
    persons = np.array([1, 1, 1, 2, 1])

    over = too_many(persons=persons, worth=worth, room=np.full(5, 2))

    assert over.tolist() == [4]
    assert too_many(persons=persons, worth=worth, room=np.zeros(5, int)).tolist() == [1, 0, 4, 3]
    assert too_many(persons=persons[:0], worth=worth[:0], room=persons[:0]).tolist() == []
