"""What borrowers write back, and what follows at once."""

from __future__ import annotations

from typing import Any

import pytest

from recoup.contact import operations, queries
from recoup.contact.models import Reply
from recoup.contact.operations.inbox import meaning_of
from recoup.gate.models import OptOut, Stop
from recoup.journal.models import Event
from recoup.kernel.errors import Refused
from recoup.people import scopes

PHONE = "13812341234"


def write(book: Any, text: str, at: Any, *, sender: str = PHONE, name: str = "1") -> Reply:
    return operations.take_reply(
        book=book, channel="sms", sender_value=sender, text=text, provider_id=name, at=at
    )


@pytest.mark.parametrize(
    "text", ["TD", "td", "T", "ＴＤ", "退订", "请退订谢谢", "unsubscribe", "别再发了"]
)
def test_a_wish_to_be_left_alone_opts_out(wang_ming: Any, book: Any, at: Any, text: str) -> None:
    reply = write(book, text, at)

    assert reply.meaning == "opt_out"
    assert OptOut.objects.get(borrower=wang_ming.borrower).scope == "sms"


@pytest.mark.parametrize("text", ["今天还", "收到，谢谢", "Tomorrow", "你是谁"])
def test_anything_else_waits_for_a_person(wang_ming: Any, book: Any, at: Any, text: str) -> None:
    reply = write(book, text, at)

    assert reply.meaning == "waiting"
    assert not OptOut.objects.exists() and not Stop.objects.exists()
    assert list(queries.replies(viewer=scopes.system_viewer(book), book=book)) == [reply]


def test_a_complaint_stops_contact_and_is_listed(wang_ming: Any, book: Any, at: Any) -> None:
    reply = write(book, "再发我就投诉到12378，退订", at)

    assert reply.meaning == "complaint"
    assert Stop.objects.get(case=wang_ming).reason == "complaint"
    assert OptOut.objects.get().scope == "sms"


def test_the_sender_is_found_however_the_number_is_written(
    wang_ming: Any, book: Any, at: Any
) -> None:
    for n, sender in enumerate(["13812341234", "+8613812341234", "0086 138-1234-1234"]):
        assert write(book, "你好", at, sender=sender, name=str(n)).case_id == wang_ming.pk


def test_an_unknown_sender_is_kept_and_listed(
    wang_ming: Any, book: Any, at: Any, reviewer: Any, li_na: Any
) -> None:
    reply = write(book, "TD", at, sender="13999990000")

    assert (reply.case, reply.meaning) == (None, "unknown_sender")
    assert list(queries.replies(viewer=scopes.viewer_of(reviewer), book=book)) == [reply]
    assert not queries.replies(viewer=scopes.viewer_of(li_na), book=book).exists()
    assert not OptOut.objects.exists()


def test_the_same_reply_twice_is_one(wang_ming: Any, book: Any, at: Any) -> None:
    first, second = write(book, "TD", at), write(book, "TD", at)

    assert first == second
    assert Reply.objects.count() == 1 and OptOut.objects.count() == 1


def test_the_words_are_sealed_and_read_only_by_who_may(
    wang_ming: Any, book: Any, at: Any, li_na: Any, outsider: Any
) -> None:
    reply = write(book, "我的卡号是6222020012345678", at)

    assert b"6222" not in bytes(reply.text)
    assert "6222" not in " ".join(Event.objects.values_list("data", flat=True))
    assert "6222" in queries.words(viewer=scopes.viewer_of(li_na), reply=reply)
    with pytest.raises(Refused):
        queries.words(viewer=scopes.viewer_of(outsider), reply=reply)


def test_a_handled_reply_leaves_the_list(wang_ming: Any, book: Any, at: Any, li_na: Any) -> None:
    reply, viewer = write(book, "周五还", at), scopes.viewer_of(li_na)

    operations.handle(reply=reply, viewer=viewer, at=at)

    assert not queries.replies(viewer=viewer, book=book).exists()
    assert list(queries.replies(viewer=viewer, book=book, handled=True)) == [reply]


def test_meanings_are_the_same_in_both_languages() -> None:
    assert meaning_of("I will complain to the regulator") == "complaint"
    assert meaning_of("STOP") == "opt_out"
    assert meaning_of("I will stop by on Friday") == "waiting"
