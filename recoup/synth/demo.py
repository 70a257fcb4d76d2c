"""
A demo house: teams, one account for each role, approved templates, senders.

Only for demo books. The password is drawn once and kept beside the data, so that a second
`recoup demo` prints the same one.
"""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.auth.hashers import make_password

from recoup.gate import operations as gate
from recoup.kernel.actors import Actor
from recoup.kernel.errors import Invalid
from recoup.people import operations as people
from recoup.people.models import Agency, Book, Creditor, Team, User
from recoup.portfolio import operations as portfolio
from recoup.portfolio.models import Case
from recoup.simulator import parameters
from recoup.strategy import operations as strategy
from recoup.synth import demo_people

ROLES = [
    ("admin", "管理员 Admin", User.Role.ADMINISTRATOR),
    ("executive", "周总 Executive", User.Role.EXECUTIVE),
    ("analyst", "孙分析 Analyst", User.Role.ANALYST),
    ("leader", "陈组长 Team leader", User.Role.TEAM_LEADER),
    ("collector", "李娜 Collector", User.Role.COLLECTOR),
    ("reviewer", "赵质检 Reviewer", User.Role.REVIEWER),
    ("compliance", "吴合规 Compliance", User.Role.COMPLIANCE),
    ("agency", "恒远坐席 Agency", User.Role.AGENCY),
]
AGENCY = "hengyuan"
NAMED = {username for username, _, _ in ROLES}
TEAMS = [("early", "前期组", 6), ("middle", "中期组", 4), ("late", "后期组", 3)]


@dataclass
class DemoState:
    """What a demo remembers between runs, in `demo.json` under the data folder."""

    accounts: int
    days: int
    seed: int
    first: str
    password: str
    done: list[str] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)

    @property
    def first_day(self) -> date:
        """The first day that is played."""
        return date.fromisoformat(self.first)

    def save(self) -> None:
        """Write it down, whole or not at all."""
        path = _state_file()
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
        partial.chmod(0o600)
        partial.rename(path)


def _state_file() -> Path:
    return Path(settings.DATA_DIR) / "demo.json"


def remembered() -> DemoState | None:
    """The demo that was begun here, if one was."""
    path = _state_file()
    if not path.exists():
        return None
    return DemoState(**json.loads(path.read_text(encoding="utf-8")))


def begin(*, accounts: int, days: int, seed: int, first: date) -> DemoState:
    """A new demo."""
    password = f"guicheng-{secrets.randbelow(10**6):06d}"
    state = DemoState(accounts, days, seed, first.isoformat(), password)
    state.save()
    return state


# What the demo's lender can do in a day, for each thousand loans: tight enough that budgets bind.
DAILY = {"sms": 70, "email": 40, "letter": 2, "task_minutes": 160, "spend": 30_000}


def strategy_of(accounts: int) -> str:
    """The strategy that comes with Recoup, with the budgets of a lender of this size."""
    source = strategy.default("CN")
    for budget, daily in DAILY.items():
        most = max(daily * accounts // 1000, 2)
        source = re.sub(rf"(?m)^  {budget}: \d+", f"  {budget}: {most}", source, count=1)
    return source


def book(*, by: Actor, at: datetime, opened_on: date) -> Book:
    """The demo book, opened on first use."""
    found = Book.objects.select_related("creditor").filter(code="demo").first()
    if found:
        return found
    creditor = Creditor.objects.filter(code="demo").first() or people.add_creditor(
        code="demo",
        name="归诚消费金融",
        complaint_phone="400-000-0000",
        kind=Creditor.Kind.CONSUMER_FINANCE,
        by=by,
        at=at,
    )
    return people.open_book(
        creditor=creditor, code="demo", name="演示账本", mode=Book.Mode.DEMO,
        opened_on=opened_on, by=by, at=at,
    )  # fmt: skip


# What the rules of China ask of an ordinary lender and of its agencies, and for how many days each
# holds. Simulated, like everything of a demo.
PAPERS = {
    "retention_policy": None, "impact_assessment": None, "human_override": None,
    "collector_certificate": 365, "background_check": None,
}  # fmt: skip
PAPERS_OF_AGENCY = {
    "placement_contract": None, "agency_evaluation": 365, "agency_inspection": 365,
    "collector_certificate": 365, "background_check": None,
}  # fmt: skip


def _put_on_file(book: Book, agency: Agency, *, by: Actor, at: datetime) -> None:
    for of, papers in ((book.creditor, PAPERS), (agency, PAPERS_OF_AGENCY)):
        for word, days in papers.items():
            gate.declare(
                word=word, of=of, creditor=book.creditor, source="模拟 simulated", by=by, at=at,
                until=at + timedelta(days=days) if days else None,
            )  # fmt: skip


def agency_of(book: Book) -> Agency | None:
    """The demo's agency, once it is listed."""
    return Agency.objects.filter(code=AGENCY, creditors=book.creditor).first()


def place_out(*, book: Book, by: Actor, at: datetime) -> int:
    """Place a part of the late cases of a demo book with its agency; gives how many."""
    numbers, agency = parameters.load(), agency_of(book)
    if agency is None or not book.is_demo:
        return 0
    late = Case.objects.filter(
        book=book, state=Case.State.OPEN, days_past_due__gt=numbers["agency.after_days"]
    )
    cases = list(late.order_by("pk").values_list("pk", flat=True))
    step = numbers["agency.share"]
    some = [pk for n, pk in enumerate(cases) if int((n + 1) * step) > int(n * step)]
    return portfolio.place_out(book=book, cases=some, agency=agency, by=by, at=at)


def furnish(*, book: Book, by: Actor, at: datetime, password: str | None = None) -> None:
    """
    Teams, collectors, an agency, one account for each role, templates, senders, papers on file.
    Twice changes nothing.

    :raises Invalid: for a live book
    """
    if not book.is_demo:
        raise Invalid("Only a demo book is furnished.", hint="Add accounts with `recoup user add`.")
    gate.install_templates(book=book, by=by, at=at)
    gate.register_sender(
        creditor=book.creditor, channel="sms", address="10690000", signature="归诚消费金融",
        by=by, at=at,
    )  # fmt: skip
    gate.register_sender(creditor=book.creditor, channel="call", address="95012345", by=by, at=at)
    for channel, address in (("email", "service@guicheng.example.com"), ("letter", "归诚消费金融")):
        gate.register_sender(creditor=book.creditor, channel=channel, address=address, by=by, at=at)
    teams = {
        code: Team.objects.get_or_create(
            code=f"{book.code}-{code}", defaults={"name": name, "creditor": book.creditor}
        )[0]
        for code, name, _ in TEAMS
    }
    agency = agency_of(book) or people.add_agency(
        code=AGENCY, name="恒远", creditor=book.creditor, by=by, at=at
    )
    _put_on_file(book, agency, by=by, at=at)
    people_of = {
        "leader": {"team": teams["early"]},
        "collector": {"team": teams["early"]},
        "agency": {"agency": agency},
    }
    wanted = [(name, shown, role, people_of.get(name, {})) for name, shown, role in ROLES]
    wanted += [
        (f"{code}{n}", f"{name}{n}号坐席", User.Role.COLLECTOR, {"team": teams[code]})
        for code, name, size in TEAMS
        for n in range(1, size)
    ]
    # One hash for all of them: each costs half a second, and the demo has eighteen accounts.
    hashed = make_password(password)
    nobody = make_password(None)
    present = set(User.objects.values_list("username", flat=True))
    for username, shown, role, belongs in wanted:
        if username not in present:
            people.add_user(
                username=username, name=shown, role=role, creditors=[book.creditor],
                password_hash=hashed if username in NAMED else nobody, by=by, at=at, **belongs,
            )  # fmt: skip
    demo_people.equip(book=book, by=by, at=at)
