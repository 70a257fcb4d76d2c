"""What the demo's collectors can and carry: different enough that it shows who gets what."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from recoup.kernel.actors import Actor
from recoup.kernel.clock import local_day
from recoup.people import operations as people
from recoup.people import scopes
from recoup.people.models import Absence, Book, Seat, Team, User

# The late team has the late cases, the middle one the cards; people in distress go to three.
TEAM_SKILLS = {"late": {"late": "junior"}, "middle": {"card": "junior"}}
SKILLS = {
    "late1": {"late": "senior", "vulnerable": "senior"}, "middle1": {"card": "senior"},
    "middle2": {"vulnerable": "junior"}, "collector": {"vulnerable": "junior"},
}  # fmt: skip
LANGUAGES = {"collector": ["zh", "yue"], "early1": ["zh", "en"]}
SENIOR = ("collector", "early1", "middle1", "late1")
CAPACITY = {"early4": 60}
# Whose certificate ran out on the first day, and who is away long enough to lose their cases.
EXPIRED, AWAY = "early5", "early2"
CERTIFIED = timedelta(days=365)


def equip(*, book: Book, by: Actor, at: datetime) -> None:
    """Say what the demo's people can, once. Simulated, like everything of a demo."""
    if Seat.objects.filter(user__team__creditor=book.creditor_id).exists():
        return
    on = local_day(at, book.time_zone)
    for code, skills in TEAM_SKILLS.items():
        team = Team.objects.get(code=f"{book.code}-{code}")
        people.qualify(of=team, skills=skills, by=by, at=at)
    users = User.objects.filter(
        role=User.Role.COLLECTOR, team__creditor=book.creditor_id, team__agency=None
    ).order_by("pk")
    found = {user.username: user for user in users.select_related("team")}
    for number, (name, user) in enumerate(found.items()):
        last = on - timedelta(days=1) if name == EXPIRED else on + CERTIFIED
        held = [people.Leave(book.jurisdiction, f"SIM-{number + 1:04d}", last)]
        people.qualify(
            of=user, skills=SKILLS.get(name), languages=LANGUAGES.get(name), licences=held, by=by,
            at=at,
        )  # fmt: skip
        people.seat(
            user=user, tier="senior" if name in SENIOR else "junior", capacity=CAPACITY.get(name),
            hours=(time(9), time(18)), by=by, at=at,
        )  # fmt: skip
    people.mark_away(
        user=found[AWAY], since=on + timedelta(days=1), until=on + timedelta(days=21),
        kind=Absence.Kind.LEAVE, by=by, at=at,
    )  # fmt: skip
    with scopes.acting_for(book):
        people.declare_conflict(
            user=found["collector"], creditor=book.creditor, tie="household", kind="name",
            value="王伟", by=by, at=at,
        )  # fmt: skip
