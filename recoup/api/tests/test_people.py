"""What collectors can, read and set by a machine of the lender."""

from __future__ import annotations

import json
from typing import Any

import pytest

from recoup.journal.models import Event
from recoup.people.models import Skill

SAID = {
    "skills": {"late": "senior", "card": "junior"}, "languages": ["zh", "YUE"],
    "licences": [{"place": "us-ma", "number": "77", "valid_until": "2027-01-31"}],
}  # fmt: skip


def put(machine: Any, path: str, said: Any) -> Any:
    body = json.dumps(said).encode()
    return machine.client.put(
        path, body, content_type="application/json", headers=machine.headers("PUT", path, body)
    )


def test_what_a_collector_can_is_set_and_read(machine: Any, li_na: Any) -> None:
    path = f"/api/v1/people/{li_na.username}"

    done = put(machine, path, SAID)
    again = put(machine, path, SAID)

    assert done.status_code == 200, done.content
    assert done.json() == again.json() == machine.get(path).json() == {
        "username": li_na.username, "team": li_na.team.code,
        "skills": {"card": "junior", "late": "senior"}, "languages": ["yue", "zh"],
        "licences": [{"place": "US-MA", "number": "77", "valid_until": "2027-01-31"}],
    }  # fmt: skip
    assert machine.get("/api/v1/people").json()["collectors"] == [done.json()]
    event = Event.objects.filter(kind="people.qualified").first()
    assert event is not None and "core" in str(event.by)


def test_what_is_left_out_stays_and_an_empty_list_takes_away(machine: Any, li_na: Any) -> None:
    path = f"/api/v1/people/{li_na.username}"
    put(machine, path, SAID)

    found = put(machine, path, {"languages": []}).json()

    assert found["languages"] == []
    assert found["skills"] == SAID["skills"]


@pytest.mark.parametrize(
    ("said", "where"),
    [
        ({"skills": {"Late!": "senior"}}, "skills"), ({"skills": {"late": "expert"}}, "skills"),
        ({"languages": ["?"]}, "languages"),
        ({"licences": [{"place": "nowhere", "number": "1"}]}, "licences"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_told_where_and_nothing_is(
    machine: Any, li_na: Any, said: Any, where: str
) -> None:
    answer = put(machine, f"/api/v1/people/{li_na.username}", said)

    assert answer.status_code == 422
    assert where in answer.content.decode()
    assert not Skill.objects.exists()


def test_another_creditors_collectors_are_not_there(
    machine_of: Any, outsider: Any, li_na: Any
) -> None:
    """A machine of 别家 asks for, and sets, what 李娜 can."""
    theirs = machine_of(outsider.creditors.get())
    path = f"/api/v1/people/{li_na.username}"

    assert theirs.get("/api/v1/people").json() == {"collectors": []}
    assert theirs.get(path).status_code == put(theirs, path, SAID).status_code == 403
    assert li_na.name not in theirs.get(path).content.decode()
    assert not Skill.objects.exists()


def test_the_scope_is_needed(machine_of: Any, creditor: Any, li_na: Any) -> None:
    other = machine_of(creditor, "cases", "decisions")

    assert other.get("/api/v1/people").status_code == 403


def test_the_description_has_it(client: Any) -> None:
    paths = client.get("/api/v1/openapi.json").json()["paths"]

    assert set(paths["/api/v1/people/{username}"]) == {"get", "put"}
    assert set(paths["/api/v1/people"]) == {"get"}
