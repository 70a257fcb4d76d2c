"""Who sees which rows."""

from __future__ import annotations

import pytest
from django_scopes.exceptions import ScopeError

from recoup.kernel.actors import OUTSIDER
from recoup.kernel.errors import Invalid, Refused
from recoup.people import operations, scopes
from recoup.people.models import Agency, User
from recoup.portfolio.models import Case


def seen_by(user):
    viewer = scopes.viewer_of(user)
    with scopes.acting_for(viewer):
        return list(scopes.visible(Case.objects.all(), viewer))


def test_forgetting_the_tenant_raises(creditor):
    with pytest.raises(ScopeError):
        Case.objects.count()


def test_a_collector_sees_the_cases_of_their_team(wang_ming, li_na):
    assert seen_by(li_na) == [wang_ming]


def test_an_outsider_sees_nothing(wang_ming, outsider):
    assert seen_by(outsider) == []
    assert list(scopes.visible(Case.objects.all(), OUTSIDER)) == []


def test_a_collector_without_a_team_sees_nothing(wang_ming, li_na):
    User.objects.filter(pk=li_na.pk).update(team=None)

    assert seen_by(User.objects.get(pk=li_na.pk)) == []


def test_a_reviewer_sees_every_team_of_the_creditor(wang_ming, reviewer):
    assert seen_by(reviewer) == [wang_ming]


def test_an_agency_sees_only_what_was_handed_to_it(wang_ming, creditor, system, at):
    hengyuan = Agency.objects.create(code="hengyuan", name="恒远")
    user = operations.add_user(
        username="hy", name="恒远坐席", role="agency", creditors=[creditor], agency=hengyuan,
        by=system, at=at,
    )  # fmt: skip
    assert seen_by(user) == []

    Case.objects.filter(pk=wang_ming.pk).update(agency=hengyuan)
    assert seen_by(user) == [wang_ming]


def test_an_inactive_account_may_do_nothing(leader):
    leader.is_active = False

    with pytest.raises(Refused):
        scopes.demand(scopes.viewer_of(leader), scopes.SEE_CASES)


def test_every_role_has_a_line_in_the_table():
    assert set(scopes.PERMISSIONS) == set(User.Role.values)


@pytest.mark.parametrize("role", ["agency", "team_leader", "collector"])
def test_who_belongs_to_no_team_or_agency_sees_no_case(role, wang_ming, creditor, system, at):
    user = operations.add_user(
        username="nobody", name="无组", role=role, creditors=[creditor], by=system, at=at
    )

    assert seen_by(user) == []


def test_two_accounts_do_not_differ_in_large_and_small_letters_alone(creditor, system, at):
    """
    wu asks ── WU gives        two persons on record, one person at the desk
    """
    make = {"name": "吴", "role": "compliance", "creditors": [creditor], "by": system, "at": at}
    operations.add_user(username="wu-once", **make)

    with pytest.raises(Invalid):
        operations.add_user(username="WU-once", **make)
