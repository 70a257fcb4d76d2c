"""A small book with one account for each role, made by hand, for browsers to look at."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import Any

from recoup.kernel.actors import Actor

PASSWORD = "correct horse battery"
SYSTEM = Actor.system("seed")
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡林郭何高罗"
GIVEN = ("明", "娜", "小红", "建国", "秀英", "伟", "芳", "志强", "丽丽", "海涛")
REGIONS = ("浙江", "江苏", "广东", "四川", "湖北", "山东", "河南", "上海")
ROLES = {
    "lina": ("李娜", "collector"), "chen": ("陈组长", "team_leader"), "zhao": ("赵质检", "reviewer"),
    "sun": ("孙分析", "analyst"), "qian": ("钱总", "executive"), "zhou": ("周合规", "compliance"),
    "admin": ("管理员", "administrator"), "hengyuan": ("恒远坐席", "agency"),
}  # fmt: skip


def seed(*, at: datetime, cases: int = 60) -> Any:
    """A demo book with cases of every stage, and an account for each role."""
    from recoup.people import operations, scopes
    from recoup.people.models import Agency, Team

    creditor = operations.add_creditor(
        code="guicheng", name="归诚消费金融", by=SYSTEM, at=at, complaint_phone="4008001234"
    )
    book = operations.open_book(
        creditor=creditor, code="demo", name="演示账本", mode="demo", opened_on=at.date(),
        by=SYSTEM, at=at,
    )  # fmt: skip
    agency = Agency.objects.create(code="hengyuan", name="恒远")
    agency.creditors.add(creditor)
    first = Team.objects.create(code="m1", name="一组", creditor=creditor)
    second = Team.objects.create(code="m2", name="二组", creditor=creditor)
    outside = Team.objects.create(code="hy", name="恒远组", creditor=creditor, agency=agency)
    users = _people(creditor, first, agency, outside, at)
    with scopes.acting_for(book):
        for number in range(cases):
            _place(book, number, (first, first, second, outside)[number % 4], agency, users, at)
        _law(book, users, at)
    return book


def _law(book: Any, users: Any, at: datetime) -> None:
    """Contacts that rules stopped, something on file, one approval that waits and one given."""
    from recoup.gate import operations as gate
    from recoup.people.scopes import viewer_of
    from recoup.portfolio.models import Case

    gate.install_templates(book=book, by=SYSTEM, at=at)
    gate.register_sender(
        creditor=book.creditor,
        channel="sms",
        address="10690000",
        signature="归诚",
        by=SYSTEM,
        at=at,
    )
    for word in ("retention_policy", "impact_assessment", "agency_evaluation",
                 "agency_inspection", "placement_contract"):  # fmt: skip
        gate.declare(word=word, of=book.creditor, source="制度汇编", by=SYSTEM, at=at)
    cases = list(Case.objects.order_by("pk")[:12])
    gate.stop(case=cases[1], reason="dispute", source="来电", by=SYSTEM, at=at)
    gate.opt_out(borrower=cases[2].borrower, scope="sms", source="短信回复", by=SYSTEM, at=at)
    gate.declare(word="landline", of=cases[0], source="客户来电", by=SYSTEM, at=at)
    for number, case in enumerate(cases):
        channel, medium = (("sms", "phone"), ("email", "email"), ("letter", "address"))[number % 3]
        point = case.borrower.contact_points.get(medium=medium)
        for _ in range(3):
            gate.request_contact(
                case=case, channel=channel, contact_point=point.pk, by=SYSTEM, at=at
            )
    for case, rules in ((cases[0], ["CN-TIME-001"]), (cases[4], ["CN-TIME-001", "CN-TIME-002"])):
        wish = gate.ask_approval(
            viewer=viewer_of(users["lina"]), case=case, channel="sms", rules=rules,
            reason="客户要求今晚回复", until=at + timedelta(hours=4), at=at,
        )  # fmt: skip
    gate.decide_approval(
        viewer=viewer_of(users["zhou"]), approval=wish, give=True, answer="客户本人要求", at=at
    )


def _people(creditor: Any, team: Any, agency: Any, outside: Any, at: datetime) -> Any:
    from recoup.people import operations

    made = {}
    for username, (name, role) in ROLES.items():
        extra: dict[str, Any] = {}
        if role in ("collector", "team_leader"):
            extra = {"team": team}
        if role == "agency":
            extra = {"team": outside, "agency": agency}
        made[username] = operations.add_user(
            username=username, name=name, role=role, creditors=[creditor], password=PASSWORD,
            by=SYSTEM, at=at, **extra,
        )  # fmt: skip
    return made


def _place(
    book: Any, number: int, team: Any, agency: Any, users: Any, at: datetime
) -> Any:  # fmt: skip
    from tests.cast import place

    rng = random.Random(number)
    on: date = at.date()
    name = SURNAMES[number % len(SURNAMES)] + GIVEN[number % len(GIVEN)]
    days = rng.choice((3, 12, 25, 38, 47, 66, 95, 130, 170))
    case = place(
        book=book, team=team, reference=f"C{number:05}", name=name, days_past_due=days,
        phone=f"138{rng.randrange(10**8):08}", as_of=on,
    )  # fmt: skip
    case.overdue = case.loans.get().overdue
    case.borrower.region = rng.choice(REGIONS)
    case.borrower.save(update_fields=["region"])
    if team.code == "hy":
        case.agency = agency
    if team.code == "m1" and number % 2 == 0:
        case.collector = users["lina"]
    case.save(update_fields=["agency", "collector"])
    return case


def main() -> None:
    """Fill the database of the environment: for the browser tests' own server."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from recoup.kernel.clock import now

    seed(at=now())


if __name__ == "__main__":
    main()
