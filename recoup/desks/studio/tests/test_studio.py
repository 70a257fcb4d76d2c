from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from recoup.intake import operations as intake
from recoup.intake import queries as intake_queries
from recoup.portfolio.models import Entry
from recoup.strategy.models import Plan, StrategyVersion
from tests.cast import place

SignedIn = Callable[[Any], Client]
DEFAULT = Path(__file__).resolve().parents[3] / "strategy" / "strategies" / "default-cn.yaml"


def test_an_analyst_writes_a_strategy_reads_it_and_puts_it_in_force(
    book: Any, analyst: Any, signed_in: SignedIn
) -> None:
    client, text = signed_in(analyst), DEFAULT.read_text()

    sent = client.post("/studio/strategies/new/", {"book": book.code, "source": text})
    version = StrategyVersion.objects.get()
    page = client.get(sent.headers["Location"]).content.decode()
    client.post(f"/studio/strategies/{version.pk}/activate/", {"once": "s1"})

    version.refresh_from_db()
    assert version.state == "active"
    assert "客群与步骤" in page
    assert "sms-reminder" in page


def test_a_strategy_that_cannot_be_read_comes_back_with_its_problems(
    book: Any, analyst: Any, signed_in: SignedIn
) -> None:
    answer = signed_in(analyst).post(
        "/studio/strategies/new/", {"book": book.code, "source": "name: x\nsegments: 3"}
    )

    assert answer.status_code == 422
    assert 'class="notice notice-bad"' in answer.content.decode()
    assert not StrategyVersion.objects.exists()


def test_an_executive_reads_strategies_and_changes_none(
    book: Any, creditor: Any, system: Any, at: Any, signed_in: SignedIn
) -> None:
    from recoup.people import operations

    chief = operations.add_user(
        username="qian", name="钱总", role="executive", creditors=[creditor], by=system, at=at
    )
    client = signed_in(chief)

    assert client.get("/studio/strategies/").status_code == 200
    assert client.get("/studio/strategies/new/").status_code == 403
    assert client.get("/workbench/cases/").status_code == 403


@pytest.fixture
def placement(book: Any, tmp_path: Path, system: Any, at: Any, today: Any) -> Any:
    """A file of two good rows and one whose principal is no amount."""
    file = tmp_path / "book.csv"
    file.write_text(
        "account_ref,borrower_ref,product,currency,principal,name,phone\n"
        "A1,B1,consumer,CNY,120000,王明,13812341234\n"
        "A2,B2,consumer,CNY,much,李四,13912341234\n"
        "A3,B3,consumer,CNY,90000,张三,13712341234\n"
    )
    return intake.accept(
        book=book, path=file, mapping="recoup", as_of=today, by=system, at=at
    )  # fmt: skip


def test_a_refused_row_says_why_and_its_cells_stay_sealed(
    placement: Any, analyst: Any, signed_in: SignedIn
) -> None:
    page = signed_in(analyst).get(f"/studio/placements/{placement.pk}/").content.decode()

    assert "这不是数字" in page or "这不是金额" in page
    assert "13912341234" not in page
    assert "李四" not in page


def test_a_refused_row_is_downloaded_corrected_and_taken_in(
    placement: Any, analyst: Any, signed_in: SignedIn
) -> None:
    client = signed_in(analyst)
    address = f"/studio/placements/{placement.pk}/rows.csv"
    body = client.post(address, {"reason": "to correct it"}).content.decode("utf-8-sig")
    file = SimpleUploadedFile("rows.csv", body.replace("much", "80000").encode("utf-8-sig"))

    answer = client.post(f"/studio/placements/{placement.pk}/correct/", {"file": file}, follow=True)

    assert "1 条更正后的数据" in answer.content.decode()
    assert intake_queries.summary(placement).open_rows == 0


def test_the_placements_of_another_lender_are_not_there(
    placement: Any, creditor: Any, system: Any, at: Any, signed_in: SignedIn
) -> None:
    from recoup.people import operations
    from recoup.people.models import Creditor

    stranger = operations.add_user(
        username="bieren", name="外人", role="analyst", by=system, at=at,
        creditors=[Creditor.objects.create(code="other", name="别家")],
    )  # fmt: skip
    client = signed_in(stranger)

    assert client.get(f"/studio/placements/{placement.pk}/").status_code == 404
    assert client.post(f"/studio/placements/{placement.pk}/rows.csv").status_code == 404
    assert client.get("/studio/plan/").status_code == 404
    assert "book.csv" not in client.get("/studio/placements/").content.decode()


def test_an_arm_that_recovers_more_is_said_to_in_both_languages(
    book: Any, analyst: Any, system: Any, at: Any, today: Any, signed_in: SignedIn
) -> None:
    from recoup.strategy import operations

    version = operations.add(book=book, source=DEFAULT.read_text(), by=system, at=at)
    operations.activate(version=version, by=system, at=at)
    _first_night(book, version, today, at)
    client = signed_in(analyst)

    chinese = client.get("/studio/experiment/").content.decode()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    english = client.get("/studio/experiment/").content.decode()

    assert "明确更高" in chinese
    assert "全部实验组" in chinese
    assert "Clearly more" in english
    assert "p &lt; 0.001" in english
    assert "Too few cases to say" in english


def _first_night(book: Any, version: Any, today: Any, at: Any) -> None:
    """A plan of 120 cases in two arms; ten of the champion's pay, fifty of the other's."""
    cases = [place(book=book, reference=f"A{n}", phone=f"138{n:08d}") for n in range(120)]
    arms = ["champion", "patient"] * 60
    frame = pl.DataFrame(
        {"case": [case.pk for case in cases], "arm": arms, "overdue": 50_000,
         "repay_30": [None, 0.4, 0.6, 0.2] * 30, "days_past_due": [9, 30, 31, 60, 5] * 24},
    )  # fmt: skip
    path = Path(settings.DATA_DIR) / "first.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(path)
    Plan.objects.create(book=book, strategy=version, on=today, at=at, file=path.name,
                        digest="0" * 64, rows=120, chosen=0)  # fmt: skip
    paying = [case for n, case in enumerate(cases) if n < (100 if n % 2 else 20)]
    Entry.objects.bulk_create(
        Entry(
            loan=case.loans.get(), kind="payment", cause=f"p{case.pk}", value_on=today,
            posted_at=at, principal=-50_000, cash=50_000,
        )
        for case in paying
    )  # fmt: skip


@pytest.fixture
def stopped(book: Any, system: Any, at: Any, today: Any) -> Any:
    """The challenger of the strategy in force, looked at for three nights and stopped for harm."""
    from datetime import timedelta

    from recoup.strategy import operations
    from recoup.strategy.models import ArmLook, ArmStop

    version = operations.add(book=book, source=DEFAULT.read_text(), by=system, at=at)
    operations.activate(version=version, by=system, at=at)
    harm = {"recovery": {"excess": 0.06, "least": 0.031, "margin": 0.02}}
    ArmLook.objects.bulk_create(
        ArmLook(version=version, arm="patient", on=today - timedelta(days=back), cases=400,
                difference=-0.06, low=-0.06 - width, high=-0.06 + width, p_value=0.01,
                decided="look_on" if back else "harm", harm=harm)
        for back, width in ((2, 0.2), (1, 0.05), (0, 0.02))
    )  # fmt: skip
    return ArmStop.objects.create(
        book=book, version=version, salt="default-cn-1", arm="patient", on=today, at=at,
        measure="recovery", figures=harm["recovery"],
    )  # fmt: skip


def test_a_stopped_arm_is_shown_with_its_sequence_and_an_analyst_restarts_it_with_a_reason(
    stopped: Any, analyst: Any, signed_in: SignedIn
) -> None:
    client = signed_in(analyst)
    page = client.get("/studio/experiment/").content.decode()

    assert "已于" in page
    assert "+3.10 pp" in page
    assert 'data-chart="c-arm-0"' in page
    assert '"xAxis": "' in page
    address = f"/studio/experiment/stops/{stopped.pk}/restart/"
    client.post(address, {"reason": "", "once": "r1"})
    stopped.refresh_from_db()
    assert stopped.restarted_at is None

    client.post(address, {"reason": "还款文件补传后差异消失", "once": "r2"})

    stopped.refresh_from_db()
    assert stopped.restarted_by == "user:" + analyst.username
    page = client.get("/studio/experiment/").content.decode()
    assert "已于" not in page
    assert "还款文件补传后差异消失" in page


def test_compliance_sees_a_stop_and_restarts_nothing(
    stopped: Any, compliance: Any, signed_in: SignedIn
) -> None:
    client = signed_in(compliance)

    page = client.get("/studio/experiment/").content.decode()
    today = client.get(f"/review/today/?on={stopped.on}").content.decode()
    answer = client.post(
        f"/studio/experiment/stops/{stopped.pk}/restart/", {"reason": "let it run", "once": "r1"}
    )

    assert "+3.10 pp" in page
    assert "restart/" not in page
    assert "因有害已停止" in today
    stopped.refresh_from_db()
    assert stopped.restarted_at is None
    assert answer.status_code in (302, 403)
