from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client, override_settings

from recoup.kernel.actors import Viewer
from recoup.look import exports, navigation, paging
from recoup.people import scopes

SignedIn = Callable[[Any], Client]
TOKEN = re.compile(r'"X-CSRFToken": "\w+"')
ENGLISH = {"HTTP_ACCEPT_LANGUAGE": "en-US,en;q=0.9"}


def test_a_page_is_chinese_though_the_browser_asks_for_english(db: None) -> None:
    page = Client().get("/sign-in/login/", **ENGLISH)

    assert page.headers["Content-Language"] == "zh-hans"
    assert "登录" in page.content.decode()


def test_a_person_who_chose_english_gets_english_and_keeps_it(
    li_na: Any, signed_in: SignedIn
) -> None:
    client = signed_in(li_na)

    client.post("/language/", {"language": "en", "next": "/help/"})

    assert "A day at the desk" in client.get("/help/").content.decode()
    li_na.refresh_from_db()
    assert li_na.language == "en"


def test_a_language_that_is_not_ours_and_a_foreign_way_back_are_ignored(db: None) -> None:
    answer = Client().post("/language/", {"language": "xx", "next": "https://evil.example/"})

    assert answer.headers["Location"] == "/"
    assert "django_language" not in answer.cookies


def test_languages_are_named_in_themselves(db: None) -> None:
    assert ">English<" in Client().get("/sign-in/login/").content.decode().replace("</svg>", ">")


def test_nobody_enters_without_signing_in(db: None) -> None:
    for address in ("/", "/workbench/cases/", "/board/", "/studio/plan/", "/system/", "/live/"):
        answer = Client().get(address)

        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/sign-in/login/")


def test_five_wrong_passwords_lock_the_account_and_say_for_how_long(li_na: Any) -> None:
    client = Client()
    for _ in range(5):
        answer = client.post("/sign-in/login/", {"login": "lina", "password": "wrong"})

    assert answer.status_code == 429
    assert "15 分钟" in answer.content.decode()
    right = client.post("/sign-in/login/", {"login": "lina", "password": "correct horse"})
    assert right.status_code == 429


def test_signing_in_with_an_authenticator_app_asks_for_its_code(li_na: Any) -> None:
    from allauth.mfa.totp.internal import auth

    secret = auth.generate_totp_secret()
    auth.TOTP.activate(li_na, secret)
    client = Client()

    asked = client.post("/sign-in/login/", {"login": "lina", "password": "correct horse"})

    assert asked.headers["Location"].startswith("/sign-in/2fa/authenticate/")
    assert client.get("/workbench/cases/").status_code == 302
    code = auth.format_hotp_value(
        auth.hotp_value(secret, next(iter(auth.yield_hotp_counters_from_time())))
    )
    client.post("/sign-in/2fa/authenticate/", {"code": code})
    assert client.get("/workbench/cases/").status_code == 200


def test_a_forgotten_password_leads_to_the_administrator_and_sends_no_mail(
    db: None, mailoutbox: list[Any]
) -> None:
    answer = Client().post("/sign-in/password/reset/", {"email": "x@example.com"}, follow=True)

    assert "请管理员重置" in answer.content.decode()
    assert mailoutbox == []


def test_nobody_signs_up_by_themselves(db: None) -> None:
    answer = Client().post(
        "/sign-in/signup/", {"username": "new", "password1": "long enough 1", "password2": "x"}
    )

    assert "password1" not in answer.content.decode()


def test_the_account_pages_stand_in_our_frame(li_na: Any, signed_in: SignedIn) -> None:
    client = signed_in(li_na)

    for address in ("/account/", "/help/", "/sign-in/2fa/", "/sign-in/password/change/"):
        text = client.get(address).content.decode()

        assert 'class="shell"' in text
        assert "style=" not in text


@pytest.mark.parametrize("role", sorted(scopes.PERMISSIONS))
def test_every_role_begins_at_a_page_that_opens_to_it(role: str) -> None:
    viewer = Viewer(name="x", role=role, may=scopes.PERMISSIONS[role])

    assert navigation.home_of(viewer) in {
        entry.name for group in navigation.menu(viewer) for entry in group.entries
    }


def test_a_page_that_is_not_there_and_one_of_others_look_the_same(
    outsider: Any, wang_ming: Any, signed_in: SignedIn
) -> None:
    client = signed_in(outsider)

    other = client.get(f"/workbench/cases/{wang_ming.pk}/")
    nothing = client.get("/workbench/cases/999999/")

    assert (other.status_code, nothing.status_code) == (404, 404)
    assert TOKEN.sub("", other.content.decode()) == TOKEN.sub("", nothing.content.decode())


@override_settings(DEBUG=False)
def test_the_policy_allows_only_ourselves(db: None) -> None:
    policy = Client().get("/sign-in/login/").headers["Content-Security-Policy"]

    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def test_a_list_is_counted_up_to_ten_thousand(rf: Any) -> None:
    page = paging.page_of(rf.get("/?page=9999"), list(range(120)))

    assert (page.number, page.last, list(page.rows)[-1]) == (3, 3, 119)
    assert paging.page_of(rf.get("/?page=x"), []).first_row == 0


def test_a_cell_that_a_spreadsheet_would_run_is_text() -> None:
    answer = exports.table(form="csv", name="x", heads=["a"], rows=[["=1+1"], [3]], label="演示")

    assert answer.content.decode("utf-8-sig").splitlines() == ["演示", "a", "'=1+1", "3"]
