"""The next best action over HTTP: what the plan would do now, for who may ask, and never stale."""

from __future__ import annotations

import asyncio
import gc
import json
import secrets
from datetime import timedelta

import httpx
import numpy as np
import pytest
from django.db import connection

from recoup import path
from recoup.api import keys
from recoup.api.nextbest.asgi import NextAction
from recoup.api.nextbest.service import Service
from recoup.api.nextbest.store import Store
from recoup.decision import boosting
from recoup.gate import operations as gate
from recoup.gate.models import Stop
from recoup.gate.tests.asking import ready
from recoup.kernel.actors import Actor
from recoup.people import operations as people
from recoup.people import scopes
from recoup.people.models import Agency, Sealed
from recoup.portfolio.models import Case
from recoup.scoring import store as scores
from recoup.scoring.declared import NAMES
from recoup.scoring.models import ScoreModel
from recoup.strategy import counting
from recoup.strategy import operations as strategy
from recoup.strategy.models import BudgetUse, Decision
from recoup.strategy.tests.test_replanning import anew, crowd, night, pay, strategy_with, touch
from tests.cast import place

BY = Actor.system("test")
SCARCE = {"task_minutes:_12000": "task_minutes: 60", "sms:_200000": "sms: 12",
          "email:_200000": "email: 9"}  # fmt: skip
AHEAD = {"exits:\n": "waiting: {irritation: 0.4}\nexits:\n",
         "  minute:_80 ": "  complaint: 0.004\n  complaint_cost: 9000\n  minute: 80 "}  # fmt: skip
# Who is in the holdout hangs on keys, which begin anew for each test.
pytestmark = pytest.mark.django_db(transaction=True, reset_sequences=True)


async def _behind(scope, receive, send):
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": b"behind"})


class House:
    """A key, and an application to ask."""

    def __init__(self, creditor, at, agency=None, may=("decisions",)):
        self.key, self.secret = keys.add_key(
            creditor=creditor, name="m", may=list(may), by=BY, at=at, agency=agency
        )
        self.service = Service()
        self.app = NextAction(_behind, self.service)
        self.at = at

    def headers(self, path, body, **changed):
        time, nonce = str(int(self.at.timestamp())), secrets.token_hex(16)
        made = {
            "X-Recoup-Key": self.key.pk, "X-Recoup-Time": time, "X-Recoup-Nonce": nonce,
            "Host": "127.0.0.1",
        }  # fmt: skip
        made["X-Recoup-Signature"] = keys.signature(
            secret=self.secret, method="POST", path=path, time=time, nonce=nonce, body=body
        )
        return made | changed

    def ask(self, case, said=None, headers=None, path=None):
        path = path or f"/api/v1/cases/{case}/next-action"
        body = json.dumps(said or {}).encode() if not isinstance(said, bytes) else said
        headers = headers or self.headers(path, body)

        async def go():
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as one:
                return await one.post(path, content=body, headers=headers)

        return asyncio.run(go())


@pytest.fixture
def now(at, time_machine):
    time_machine.move_to(at, tick=False)
    return at


@pytest.fixture
def house(book, system, at, now, settings):
    settings.API_PER_MINUTE = 0
    ready(book, system, at)
    path.lay()
    made = House(book.creditor, at)
    yield made
    made.service.store.clear()


@pytest.mark.parametrize("more", [{}, AHEAD])
def test_the_answer_is_what_would_be_chosen_anew(book, team, house, at, today, more):
    strategy_with(book, at, **SCARCE, **more)
    cases = crowd(book, team, 25)
    plan = night(book, at, today)
    said = {case.pk: house.ask(case.pk).json() for case in cases}

    for case in cases:
        touch(case, at + timedelta(seconds=1))
        anew(book, at + timedelta(seconds=1), today)
        chosen = Decision.objects.filter(case=case, state="waiting").first()
        answer = house.ask(case.pk).json()

        assert answer["action"] == (chosen.treatment if chosen else None)
        if chosen:
            assert answer["channel"] == chosen.channel
            assert answer["contact_point"] == chosen.contact_point_id
            assert answer["window"] == {"from": chosen.not_before.isoformat(),
                                        "until": chosen.not_after.isoformat()}  # fmt: skip
            assert answer["offer"] == chosen.offer
            assert answer["decision"] == chosen.pk
            (mine,) = [one for one in answer["options"] if one["action"] == chosen.treatment]
            assert mine["value"] == pytest.approx(chosen.value, abs=0.51)
            assert mine["after_prices"] == pytest.approx(
                chosen.reason["priced"]["best"]["worth"], abs=0.01
            ) or chosen.reason["priced"]["best"]["treatment"] != chosen.treatment  # fmt: skip
    assert all(one["prices_on"] == plan.on.isoformat() for one in said.values())
    assert {one["action"] for one in said.values()} > {None}


def test_who_may_be_in_distress_is_left_alone_by_the_day_as_by_the_night(
    book, team, house, at, today
):
    strategy_with(book, at)
    one, two = crowd(book, team, 2)
    Stop.objects.create(case=one, reason="bereavement", source="x", since=at, lifted_at=at)
    plan = night(book, at, today)

    touch(one, at + timedelta(seconds=1))
    anew(book, at + timedelta(seconds=1), today)
    answer = house.ask(one.pk).json()

    assert not Decision.objects.filter(plan=plan, case=one).exists()
    assert (answer["action"], answer["why"]) == (None, "distress")
    assert house.ask(two.pk).json()["why"] != "distress"


def test_it_answers_from_memory_until_something_happens(book, team, house, at, today):
    strategy_with(book, at)
    one, two = crowd(book, team, 2)
    night(book, at, today)
    house.ask(one.pk), house.ask(two.pk)
    read = []
    real = Store.warm
    house.service.store.warm = lambda cases, *, at: (read.extend(cases),
                                                     real(house.service.store, cases, at=at))  # fmt: skip

    assert house.ask(one.pk).json()["action"]
    assert read == []
    pay(one, at, amount=1_200_000)

    answer = house.ask(one.pk).json()
    assert answer["action"] is None and answer["why"].startswith(("exit", "state"))
    assert house.ask(two.pk).json()["action"]
    assert one.pk in read and two.pk not in read


@pytest.mark.parametrize("what", ["stop", "opt_out", "sent", "note"])
def test_no_answer_is_older_than_the_last_event(book, team, house, at, today, what):
    strategy_with(book, at)
    case = place(book=book, team=team)
    night(book, at, today)
    before = house.ask(case.pk).json()
    decision = Decision.objects.get()

    if what == "stop":
        gate.stop(case=case, reason="dispute", source="t", by=BY, at=at)
    elif what == "opt_out":
        gate.opt_out(borrower=case.borrower, scope="all", source="t", at=at, by=BY)
    elif what == "sent":
        strategy.mark(decisions=[decision.pk], state="sent", by=BY, at=at, book=book)
    after = house.ask(case.pk).json()

    assert before["action"] == decision.treatment
    if what == "note":
        assert after == before
    elif what == "opt_out":
        assert after["action"] in (None, "collector-review")
    else:
        assert after["action"] is None
        assert after["why"] in ("stop", "waiting", "contact_limit", "state_suspended")


def test_an_event_of_another_case_of_the_same_person_is_seen(book, team, house, at, today):
    strategy_with(book, at, **{"task_minutes:_12000": "task_minutes: 0"})
    one, two = crowd(book, team, 2)
    Sealed.objects.filter(
        person__in=[one.borrower.person_id, two.borrower.person_id], kind="identity"
    ).update(index="same")
    night(book, at, today)
    assert house.ask(two.pk).json()["action"]

    gate.opt_out(borrower=one.borrower, scope="all", source="t", at=at, by=BY)

    assert house.ask(two.pk).json()["action"] is None


def test_what_is_left_of_budgets_is_as_of_the_last_choice(book, team, house, at, today):
    strategy_with(book, at, **{"task_minutes:_12000": "task_minutes: 0",
                               "email:_200000": "email: 0"})  # fmt: skip
    one, two = crowd(book, team, 2)
    night(book, at, today)
    assert house.ask(one.pk).json()["action"] == "sms-plan"
    for use in BudgetUse.objects.filter(name="sms"):
        BudgetUse.objects.filter(pk=use.pk).update(most=use.used - counting.PARTS)

    touch(one, at)
    anew(book, at, today)  # nothing has room; and the journal says so

    answer = house.ask(one.pk).json()
    assert answer["action"] is None and answer["why"] == "budget"
    assert not any(each["room"] for each in answer["options"])
    assert house.ask(two.pk).json()["action"] == "sms-plan"  # it holds what waits for it


def test_what_is_known_now_counts(book, team, house, at, today):
    strategy_with(book, at)
    case = place(book=book, team=team)
    night(book, at, today)
    plain = house.ask(case.pk).json()

    paid = house.ask(case.pk, {"facts": {"overdue": 0}}).json()
    small = house.ask(case.pk, {"facts": {"overdue": 5_000}}).json()
    better = house.ask(case.pk, {"facts": {"payments_30": 9, "payments_180": 20}}).json()

    assert paid["why"] == "exit_paid"
    assert max(o["value"] for o in small["options"]) < max(o["value"] for o in plain["options"])
    assert better["scores"]["repay_30"] > plain["scores"]["repay_30"]
    assert house.ask(case.pk).json() == plain


@pytest.mark.parametrize(
    ("said", "where"),
    [
        ({"facts": {"shoe": 3}}, "facts.shoe"), ({"facts": {"overdue": "much"}}, "facts.overdue"),
        ({"facts": {"overdue": True}}, "facts.overdue"), ({"fact": {}}, "fact"),
        ({"facts": [1]}, "facts"), ({"facts": {"identity_confirmed": 1}},
                                    "facts.identity_confirmed"),
        ({"facts": {"owed": 1e300}}, "facts.owed"), ({"facts": {"owed": float("nan")}},
                                                    "facts.owed"),
    ],
)  # fmt: skip
def test_a_body_that_makes_no_sense_is_told_where(book, team, house, at, today, said, where):
    strategy_with(book, at)
    case = place(book=book, team=team)
    night(book, at, today)

    answer = house.ask(case.pk, said)

    assert answer.status_code == 422
    assert answer.json()["problems"][0]["where"] == where
    assert house.ask(case.pk, b"{").status_code == 422
    assert house.ask(case.pk, b"[]").status_code == 422
    assert house.ask(case.pk, b"x" * 70_000).status_code == 413


def test_a_case_of_another_creditor_is_not_there(book, team, house, at, today, creditor):
    other = people.add_creditor(code="other", name="别家", by=BY, at=at)
    stranger = House(other, at)
    strategy_with(book, at)
    case = place(book=book, team=team)
    night(book, at, today)

    assert stranger.ask(case.pk).status_code == 404
    assert house.ask(case.pk).status_code == 200
    assert stranger.ask(case.pk).status_code == 404  # also once it is in memory
    assert house.ask(999_999).status_code == 404
    assert house.ask(10**18 * 9).status_code == 404
    stranger.service.store.clear()


def test_an_agency_is_told_of_the_cases_it_has_and_of_no_other(book, team, house, at, today):
    agency = Agency.objects.create(code="heng", name="恒远")
    agency.creditors.add(book.creditor)
    theirs = House(book.creditor, at, agency=agency)
    strategy_with(book, at)
    case = place(book=book, team=team)
    night(book, at, today)

    assert theirs.ask(case.pk).status_code == 404
    Case.objects.filter(pk=case.pk).update(agency=agency)
    theirs.service.store.clear()
    assert theirs.ask(case.pk).status_code == 200
    theirs.service.store.clear()


def test_a_request_made_twice_is_refused(book, team, house, at, today):
    strategy_with(book, at)
    case = place(book=book, team=team)
    night(book, at, today)
    path = f"/api/v1/cases/{case.pk}/next-action"
    headers = house.headers(path, b"{}")

    first = house.ask(case.pk, b"{}", headers=headers)
    again = house.ask(case.pk, b"{}", headers=headers)
    another = Service()  # a process that started since keeps the same nonces
    house.app.service = another
    third = house.ask(case.pk, b"{}", headers=headers)
    another.store.clear()

    assert [one.status_code for one in (first, again, third)] == [200, 401, 401]
    assert again.json()["rules"] == ["api.replay"]


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"X-Recoup-Signature": "0" * 64}, "api.signature"), ({"X-Recoup-Key": "no"},
                                                              "api.signature"),
        ({"X-Recoup-Time": "1000000000"}, "api.signature"),
    ],
)  # fmt: skip
def test_who_did_not_sign_is_refused(book, team, house, at, today, changed, rule):
    case = place(book=book, team=team)
    path = f"/api/v1/cases/{case.pk}/next-action"

    answer = house.ask(case.pk, b"{}", headers=house.headers(path, b"{}") | changed)

    assert answer.status_code == 401
    assert answer.json()["rules"] == [rule]


def test_an_old_signature_another_scope_and_a_revoked_key_are_refused(
    book, team, house, at, today, time_machine
):
    strategy_with(book, at)
    case = place(book=book, team=team)
    night(book, at, today)
    path = f"/api/v1/cases/{case.pk}/next-action"
    headers = house.headers(path, b"{}")
    other = House(book.creditor, at, may=("cases",))

    assert other.ask(case.pk).status_code == 403
    time_machine.move_to(at + timedelta(minutes=6), tick=False)
    assert house.ask(case.pk, b"{}", headers=headers).json()["rules"] == ["api.time"]
    house.at = at + timedelta(minutes=6)
    assert house.ask(case.pk).status_code == 200
    keys.revoke_key(key=house.key, by=BY, at=house.at)
    assert house.ask(case.pk).status_code == 401
    other.service.store.clear()


def test_a_key_that_asks_too_often_is_told_when_to_come_back(
    book, team, house, at, today, settings
):
    settings.API_PER_MINUTE = 3
    strategy_with(book, at)
    case = place(book=book, team=team)
    night(book, at, today)

    told = [house.ask(case.pk).status_code for _ in range(4)]

    assert told == [200, 200, 200, 429]


def test_without_a_plan_and_in_doubt_nothing_is_advised(book, team, house, at, today, monkeypatch):
    case = place(book=book, team=team)
    assert house.ask(case.pk).json() == {"case": case.pk, "action": None, "why": "unsure"}
    strategy_with(book, at)
    night(book, at, today)

    def broken(*_args, **_more):
        raise RuntimeError("a bug")

    monkeypatch.setattr("recoup.api.nextbest.loading.load", broken)
    assert house.ask(case.pk).json()["why"] == "unsure"


def test_the_day_after_yesterdays_prices_advise_nothing(book, team, house, at, today, time_machine):
    strategy_with(book, at)
    case = place(book=book, team=team)
    night(book, at, today)
    assert house.ask(case.pk).json()["action"]

    time_machine.move_to(at + timedelta(days=1), tick=False)
    house.at = at + timedelta(days=1)

    assert house.ask(case.pk).json()["why"] == "unsure"


def test_other_addresses_and_hosts(book, house):
    assert house.ask(1, path="/api/v1/cases/1/other").status_code == 299
    assert house.ask(1, path="/api/v1/cases/x/next-action").status_code == 299
    path = "/api/v1/cases/1/next-action"
    strange = house.headers(path, b"{}") | {"Host": "evil.example"}
    assert house.ask(1, b"{}", headers=strange).status_code == 400


def test_through_django_the_answer_is_the_same(book, team, house, at, today, client, monkeypatch):
    strategy_with(book, at)
    case = place(book=book, team=team)
    night(book, at, today)
    said = house.ask(case.pk).json()
    monkeypatch.setattr("recoup.api.nextbest.view.service", house.service)
    path, body = f"/api/v1/cases/{case.pk}/next-action", b"{}"
    headers = house.headers(path, body)

    def post():
        return client.post(path, body, content_type="application/json", headers=headers)

    answer = post()
    assert answer.status_code == 200
    assert answer.json() == said
    assert post().status_code == 401
    connection.close()


def test_trees_answer_for_one_row_as_for_a_book(book, team, house, at, today):
    rng = np.random.default_rng(3)
    matrix = rng.normal(size=(600, len(NAMES))).astype(np.float32)
    matrix[rng.random(matrix.shape) < 0.1] = np.nan
    outcome = (rng.random(600) < 0.5).astype(int)
    trees = boosting.train(matrix=matrix[:400], outcome=outcome[:400], held_matrix=matrix[400:],
                           held_outcome=outcome[400:], columns=NAMES, seed=1)  # fmt: skip
    import hashlib

    for target in ("repay_30", "lost_contact"):
        row = ScoreModel(book=book, target=target, family="boosting", version=1,
                         state="champion", trained_at=at)  # fmt: skip
        file = scores.write(row=row, scorer=trees, levels={})
        row.file = f"models/{book.pk}/{file.name}"
        row.digest = hashlib.sha256(file.read_bytes()).hexdigest()
        row.save()
    strategy_with(book, at)
    cases = crowd(book, team, 6)
    night(book, at, today)
    from recoup.scoring import queries as scoring

    with scopes.acting_for(book):
        frame = scoring.scores_frame(book=book, on=today)
    known = {row["case"]: row for row in frame.iter_rows(named=True)}

    for case in cases:
        told = house.ask(case.pk).json()["scores"]
        assert told["repay_30"] == pytest.approx(known[case.pk]["repay_30"], abs=2e-6)
        assert told["lost_contact"] == pytest.approx(known[case.pk]["lost_contact"], abs=2e-6)


def test_a_server_that_begins_keeps_what_it_loaded_out_of_every_search():
    said = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    frozen: list[int] = []
    told: list[str] = []
    threshold = gc.get_threshold()

    async def receive():
        return said.pop(0)

    async def send(message):
        told.append(message["type"])
        frozen.append(gc.get_freeze_count())

    try:
        asyncio.run(NextAction(_behind)({"type": "lifespan"}, receive, send))
    finally:
        gc.unfreeze()
        gc.set_threshold(*threshold)

    assert told == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert frozen[0] > 10_000
