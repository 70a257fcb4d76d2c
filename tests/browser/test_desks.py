from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from recoup.kernel.clock import CHINA, local_day, now

pytestmark = pytest.mark.browser

PAGES = {
    "lina": ("/workbench/queue/", "/workbench/cases/", "/workbench/cases/1/", "/workbench/replies/", "/help/",
             "/account/", "/sign-in/2fa/", "/sign-in/2fa/totp/activate/"),
    "chen": ("/workbench/unmatched/", "/workbench/cases/1/", "/board/", "/board/by/channel/",
             "/floor/", "/floor/unassigned/", "/floor/people/lina/", "/floor/away/lina/", "/workbench/conflicts/",
             "/review/may-i/?case=1&channel=sms", "/review/approvals/",
             "/review/approvals/ask/?case=1&channel=sms&rule=CN-TIME-001"),
    "sun": ("/studio/plan/", "/studio/strategies/", "/studio/strategies/new/",
            "/studio/flights/", "/studio/experiment/", "/studio/judgements/", "/studio/learning/", "/studio/routing/", "/studio/models/", "/studio/effects/",
            "/studio/placements/", "/studio/texts/"),
    "zhao": ("/review/refusals/", "/review/journal/", "/review/today/", "/review/rules/",
             "/review/rules/CN/CN-TIME-001/", "/review/rules/CN/CN-FREQ-005/",
             "/review/rules/IN/IN-DRAFT-001/", "/review/may-i/",
             "/review/may-i/?case=2&channel=call&when=2030-03-12T22:30",
             "/review/may-i/?about=facts&country=US&channel=call&when=2030-03-12T22:30"),
    "zhou": ("/studio/experiment/", "/review/approvals/", "/review/today/", "/review/rules/?effect=limit"),
    "admin": ("/system/",),
    "hengyuan": ("/workbench/cases/",),
}  # fmt: skip


@pytest.mark.parametrize("username", sorted(PAGES))
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_no_page_breaks_the_policy_or_is_wider_than_the_screen(
    username: str, width: int, language: str, server: str, open_as: Callable[..., Any],
    complaints: list[str],
) -> None:  # fmt: skip
    page = open_as(username, width=width)
    page.context.add_cookies([{"name": "django_language", "value": language, "url": server}])

    for address in PAGES[username]:
        answer = page.goto(address)

        assert answer.status in (200, 302), address
        box = page.locator("body").bounding_box()
        assert box["width"] <= width, address
        asked = page.locator("html").evaluate("root => root.scrollWidth > root.clientWidth")
        assert not asked, f"{address} scrolls sideways at {width}"
    assert complaints == []


def test_signing_in_greets_in_chinese_though_the_browser_is_english(
    open_as: Callable[..., Any],
) -> None:
    page = open_as("lina")

    page.wait_for_selector("h1")

    assert page.locator("h1").inner_text() == "今日任务"
    assert page.locator("html").get_attribute("lang") == "zh-Hans"


def test_the_list_filters_without_leaving_and_the_address_tells(
    open_as: Callable[..., Any], complaints: list[str]
) -> None:
    page = open_as("lina")
    page.goto("/workbench/cases/")

    page.select_option("#f-stage", "M2")
    page.wait_for_url(re.compile("stage=M2"))

    stages = page.locator("#list tbody .stage").all_inner_texts()
    assert set(stages) <= {"M2"}
    assert stages
    assert complaints == []


def test_what_is_searched_for_is_in_no_address_that_the_browser_asks_for_or_keeps(
    open_as: Callable[..., Any], complaints: list[str]
) -> None:
    page, asked = open_as("lina"), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/workbench/cases/")

    page.fill("#f-search", "13800000000")
    page.press("#f-search", "Enter")
    page.wait_for_url(re.compile("found="))
    page.select_option("#f-stage", "M2")
    page.wait_for_url(re.compile("found=.*stage=M2|stage=M2.*found="))
    page.fill("#find", "13800000000")
    page.press("#find", "Enter")
    page.wait_for_url(re.compile(r"/workbench/cases/\?found="))
    page.go_back()
    page.wait_for_url(re.compile("stage=M2"))

    assert len(asked) > 3
    assert not [url for url in asked if "13800000000" in url]
    assert "13800000000" not in page.content()
    kept = page.evaluate("JSON.stringify({...localStorage, ...sessionStorage})")
    assert "13800000000" not in kept
    assert complaints == []


def test_keys_walk_the_list_and_open_a_case(open_as: Callable[..., Any]) -> None:
    page = open_as("lina")
    page.goto("/workbench/cases/")

    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/workbench/cases/\d+/"))

    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()


def test_another_persons_promise_is_announced_on_an_open_case(
    open_as: Callable[..., Any], complaints: list[str]
) -> None:
    watching, acting = open_as("chen"), open_as("lina")
    watching.goto("/workbench/cases/1/")
    acting.goto("/workbench/cases/1/")

    acting.click("text=承诺还款 >> nth=0")
    acting.fill("#id_promise-amount", "800")
    due = local_day(now(), CHINA) + timedelta(days=3)
    acting.fill("#id_promise-due_on", due.isoformat())
    acting.locator("#id_promise-amount").press("Enter")
    acting.wait_for_selector(".notice-success")

    watching.locator("#live").wait_for(state="visible", timeout=15_000)
    assert re.search("承诺|新动态", watching.locator("#live").inner_text())
    assert complaints == []


def test_a_note_with_a_script_in_it_does_nothing(
    open_as: Callable[..., Any], complaints: list[str]
) -> None:
    page = open_as("lina")
    page.goto("/workbench/cases/1/")

    page.click("#do summary >> nth=0")
    page.fill("#id_note-text", "<script>document.title='broken'</script><b>粗</b>")
    page.click("#do details[open] button[type=submit]")
    page.wait_for_selector(".notice-success")

    assert "broken" not in page.title()
    assert "<script>" in page.locator("#notes").inner_text()
    assert complaints == []


def test_may_i_is_asked_and_an_approval_given_without_a_mouse(
    open_as: Callable[..., Any], complaints: list[str]
) -> None:
    asking, deciding = open_as("lina"), open_as("zhou", width=390)
    asking.goto("/review/may-i/")
    asking.fill("#id_case", "9")
    asking.fill("#id_when", "2030-03-12T22:30")
    asking.locator("#id_when").press("Enter")
    asking.wait_for_selector("#verdict")

    assert "22:00" in asking.locator("#verdict").inner_text()
    asking.locator("#verdict a[href*='approvals/ask']").press("Enter")
    asking.fill("#id_reason", "客户要求晚间回复")
    asking.locator("#content button[type=submit]").press("Enter")
    asking.wait_for_selector(".notice-success")

    deciding.goto("/review/approvals/")
    wish = deciding.locator("#waiting li", has_text="客户要求晚间回复").first
    wish.locator("[name=answer]").fill("同意")
    wish.locator("[name=give][value=yes]").press("Enter")
    deciding.wait_for_selector(".notice-success")

    assert "客户要求晚间回复" in deciding.locator("#decided").inner_text()
    assert complaints == []


def test_a_bar_of_today_leads_to_its_refusals(
    open_as: Callable[..., Any], complaints: list[str]
) -> None:
    page = open_as("zhao")
    page.goto("/review/today/")

    page.wait_for_selector("[data-chart=c-rules] svg")
    page.locator("table.list a.main-link").first.press("Enter")
    page.wait_for_url(re.compile(r"/review/refusals/\?.*rule="))

    assert page.locator("tbody tr").count() > 1
    assert complaints == []


def test_rules_filter_without_leaving_and_without_a_mouse(
    open_as: Callable[..., Any], complaints: list[str]
) -> None:
    page = open_as("zhao")
    page.goto("/review/rules/")

    page.fill("#f-search", "CN-TIME")
    page.locator("#f-search").press("Enter")
    page.wait_for_url(re.compile("words=CN-TIME"))

    assert set(page.locator("#list tbody a.main-link").all_inner_texts()) >= {"CN-TIME-001"}
    assert page.locator("#list tbody tr").count() < 10
    assert complaints == []
