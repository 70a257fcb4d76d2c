"""What an operator may get wrong is said in a line, with a hint and an exit code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from recoup.commands import console
from recoup.commands.tests.conftest import PASSWORD, Run
from recoup.intake.tests.files import account, csv_file
from recoup.journal.models import Event
from recoup.people.models import Book, Creditor, User


def test_a_strategy_in_gbk_or_a_folder_is_one_line_and_code_two(
    run: Run, live_book: Any, tmp_path: Path
) -> None:
    gbk = tmp_path / "gbk.yaml"
    gbk.write_bytes("name: 策略".encode("gbk"))

    for path, said in ((gbk, "not UTF-8"), (tmp_path, "a folder"), (tmp_path / "no", "no file")):
        result = run("strategy", "add", path)
        assert result.exit_code == 2
        assert said in result.output and len(result.output.splitlines()) == 1


@pytest.mark.parametrize(
    ("broken", "said"),
    [(PermissionError(13, "Permission denied", "/there"), "/there: Permission denied."),
     (UnicodeDecodeError("gbk", b"x", 0, 1, "bad"), "A text is not GBK.")],
)  # fmt: skip
def test_whatever_the_machine_says_becomes_a_line(
    broken: Exception, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    import click

    with pytest.raises(click.exceptions.Exit) as left, console.plainly():
        raise broken

    assert left.value.exit_code == 2
    assert said in capsys.readouterr().err


def test_a_bug_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError), console.plainly():
        raise ZeroDivisionError


def test_a_code_that_is_taken_opens_no_book(run: Run, live_book: Any) -> None:
    result = run("book", "open", "--code", "live", "--name", "x", "--creditor", "new")

    assert result.exit_code == 2 and "There is a book live already." in result.output
    assert not Creditor.objects.filter(code="new").exists()


@pytest.mark.parametrize(
    ("option", "said"),
    [(("--currency", "ABC"), "CNY"), (("--jurisdiction", "XX"), "CN"),
     (("--time-zone", "Mars/One"), "Asia/Shanghai")],
)  # fmt: skip
def test_a_book_of_no_country_currency_or_zone_is_refused_and_the_known_are_named(
    run: Run, option: tuple[str, str], said: str
) -> None:
    result = run("book", "open", "--code", "b", "--name", "b", "--creditor", "c", *option)

    assert result.exit_code == 2 and said in result.output
    assert not Book.objects.exists() and not Creditor.objects.exists()


def test_a_country_without_a_rulebook_is_allowed_with_a_warning(run: Run) -> None:
    result = run(
        "book", "open", "--code", "fr", "--name", "FR", "--creditor", "c", "--jurisdiction", "FR",
        "--currency", "EUR",
    )  # fmt: skip

    assert result.exit_code == 0
    assert "no rulebook for FR: nothing may be sent" in result.output


def test_a_file_that_cannot_be_read_opens_no_book(run: Run, tmp_path: Path) -> None:
    pdf = tmp_path / "accounts.csv"
    pdf.write_bytes(b"%PDF-1.7\nx,y\n")
    bare = tmp_path / "bare.csv"
    bare.write_text("account_ref,borrower_ref,product,currency,principal\n")
    other = csv_file(tmp_path / "other.csv", [{"a": "1", "b": "2"}])

    for path, said in ((pdf, "a PDF"), (bare, "no rows"), (other, "does not fit")):
        result = run("accept", path, "--mapping", "recoup")
        assert result.exit_code == 2 and said in result.output
    assert not Book.objects.exists() and not Creditor.objects.exists()


def test_a_day_to_come_is_refused_for_a_live_book(run: Run, live_book: Any, tmp_path: Path) -> None:
    file = csv_file(tmp_path / "a.csv", [account(1)])

    for words in (("night",), ("accept", file, "--mapping", "recoup")):
        result = run(*words, "--book", "live", "--at", "2999-01-01")
        assert result.exit_code == 2 and "still to come" in result.output


def test_a_weak_password_is_refused_and_a_new_one_is_an_event(run: Run, wu: str) -> None:
    weak = run("user", "password", "wu", "--password", "123")
    strong = run("user", "password", "wu", "--password", "another horse battery")

    assert weak.exit_code == 2 and "too short" in weak.output
    assert strong.exit_code == 0
    assert User.objects.get(username="wu").check_password("another horse battery")
    assert Event.objects.filter(kind="people.password_set").count() == 1
    assert "another" not in Event.objects.get(kind="people.password_set").data


def test_only_a_named_person_whose_role_may_approves_a_text(
    run: Run, live_book: Any, wu: str, li_na: Any
) -> None:
    installed = run("template", "install", "--book", "live")
    by_collector = run(
        "template", "approve", "cn-sms-reminder", "--as", "lina", "--password", "correct horse"
    )
    by_a_thief = run("template", "approve", "cn-sms-reminder", "--as", "wu", "--password", "guess")
    by_wu = run("template", "approve", "cn-sms-reminder", "--as", "wu", "--password", PASSWORD)

    assert "cn-sms-reminder@1 sms zh-hans: draft" in installed.output
    assert by_collector.exit_code == 1 and "may not" in by_collector.output
    assert by_a_thief.exit_code == 1
    assert by_wu.exit_code == 0 and "approved by wu" in by_wu.output


def test_a_text_that_tells_of_a_debt_is_added_and_never_approved(
    run: Run, live_book: Any, wu: str, tmp_path: Path
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(
        "code: mine\nchannel: sms\nlanguage: zh-hans\ntext: 【{institution}】您已逾期。回复TD退订\n"
    )

    added = run("template", "add", file)
    approved = run("template", "approve", "mine", "--as", "wu", "--password", PASSWORD)

    assert "mine@1 is a draft." in added.output and "tells of a debt" in added.output
    assert approved.exit_code == 1
    assert "text: |\n  【{institution}】" in run("template", "show", "mine").output


def test_a_file_that_is_no_template_names_everything_that_is_wrong(
    run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("code: mine\nchanel: sms\n")

    result = run("template", "add", file)

    assert result.exit_code == 2
    for word in ("chanel", "channel", "language", "text"):
        assert f"  {word}: " in result.output


def test_a_sender_that_ended_stays_in_the_register(run: Run, creditor: Any) -> None:
    run("sender", "add", "sms", "10690001", "--creditor", "guicheng", "--signature", "归诚")
    ended = run("sender", "end", "sms", "10690001", "--creditor", "guicheng")
    wrong = run("sender", "end", "sms", "999", "--creditor", "guicheng")

    assert ended.exit_code == 0 and "was valid until" in ended.output
    assert wrong.exit_code == 2
    assert "10690001" in run("sender", "list").output
    assert Event.objects.filter(kind="gate.sender_ended").count() == 1


def test_the_same_bank_file_says_that_nothing_was_new(
    run: Run, live_book: Any, tmp_path: Path
) -> None:
    file = tmp_path / "bank.csv"
    file.write_text("external_id,reference,amount,value_on\nB1,L-1,100.00,2026-11-23\n")

    first, second = run("pay", file), run("pay", file)

    assert "nothing was new" not in first.output and "1 payments" in first.output
    assert "nothing was new and nothing was posted" in second.output
    pdf = tmp_path / "bank.pdf"
    pdf.write_bytes(b"%PDF-1.7")
    assert "a PDF document" in run("pay", pdf).output


def test_a_strategy_added_again_says_that_it_is_in_force(
    run: Run, live_book: Any, tmp_path: Path
) -> None:
    file = tmp_path / "strategy.yaml"
    file.write_text(run("strategy", "show").output)

    first = run("strategy", "add", file)
    activated = run("strategy", "activate", "default-cn@1")
    again = run("strategy", "add", file)

    assert "default-cn@1 is draft." in first.output
    assert "is in force in live" in activated.output
    assert "default-cn@1 is in force: this very text was added before." in again.output
    assert "no strategy other" in run("strategy", "activate", "other").output


def test_every_mapping_can_be_listed_and_shown(run: Run) -> None:
    assert "recoup_major" in run("mapping", "list").output
    assert "amounts in major units" in run("mapping", "show", "recoup_major").output
    assert run("mapping", "show", "nobody").exit_code == 2


def test_what_is_piped_is_not_wrapped(run: Run, live_book: Any) -> None:
    lines = run("key", "callbacks").output.splitlines()

    assert [line.rsplit("/", 1)[1] for line in lines] == ["receipts", "replies"]


def test_a_live_book_without_carriers_names_every_setting(run: Run, live_book: Any) -> None:
    result = run("day")

    assert result.exit_code == 1
    for setting in ("SMS_CARRIER", "SMTP_URL", "MAIL_FROM", "LETTER_FOLDER"):
        assert f"RECOUP_{setting}" in result.output


def test_a_moment_in_which_nothing_happened_is_said_so(at: Any) -> None:
    from recoup.commands.day import describe
    from recoup.contact.operations.recovery import Recovered

    quiet = {"take in": 0, "recover": Recovered(), "send": 0}
    busy = {"recover": Recovered(unknown=2), "send": 7}

    assert describe(at, quiet) == "02:00 UTC nothing was due"
    assert describe(at, busy) == "02:00 UTC recover unknown 2, send 7"


def test_the_doctor_says_what_each_live_book_lacks(
    run: Run, live_book: Any, settings: Any, data_dir: Path
) -> None:
    settings.BROWSER_FILES = data_dir / "none"

    said = run("doctor").output

    assert "browser files missing or changed: " in said and "AttributeError" not in said
    assert "no sms carrier: live books send no sms" in said
    assert "book live: no strategy is in force" in said
    assert "book live: sms: no sender is registered" in said


def test_refused_rows_are_exported_by_a_person_replayed_and_gone(
    run: Run, live_book: Any, analyst: Any, tmp_path: Path
) -> None:
    from django_scopes import scopes_disabled

    file = csv_file(tmp_path / "a.csv", [account(1), account(2, principal="x")])
    taken = run("accept", file, "--mapping", "recoup", "--book", "live")
    out = tmp_path / "out.csv"
    asked = ("quarantine", "export", "--placement", "1", out, "--reason", "typing error")
    with scopes_disabled():
        from recoup.intake.models import Placement

        pk = str(Placement.objects.get().pk)
    asked = tuple(pk if word == "1" else word for word in asked)
    exported = run(*asked, "--as", "sun", "--password", "correct horse")
    out.write_text(out.read_text("utf-8-sig").replace(",x,", ",5,"))
    replayed = run("quarantine", "replay", "--placement", pk, out)
    again = run("quarantine", "replay", "--placement", pk, out)

    assert f"recoup quarantine list --placement {pk}" in taken.output
    assert exported.exit_code == 0 and "1 rows are in" in exported.output
    assert f"1 rows left the quarantine of placement {pk}: 1 taken in" in replayed.output
    assert "replayed before; nothing changed" in again.output
    assert "No row waits for correction." in run("quarantine", "list").output
    assert "replayed" in run("quarantine", "list", "--all").output
    out.unlink()
    assert "no file was written" in run(*asked, "--as", "sun", "--password", "correct horse").output
    assert run("quarantine", "replay", "--placement", pk, file).exit_code == 2
