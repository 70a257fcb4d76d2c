"""Permits: asked for, refused, used once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from recoup.gate import operations, queries
from recoup.gate.models import Permit

from .asking import decision_for, ready

pytestmark = pytest.mark.django_db


def test_an_open_case_gets_a_permit_for_a_message(wang_ming, book, system, at):
    ready(book, system, at)
    answer = operations.request(decision=decision_for(wang_ming, "sms", at=at), at=at, by=system)

    assert isinstance(answer, Permit), answer.rules
    _subject, text = queries.fill(answer)
    assert "归诚消费金融" in text and "TD" in text
    used = operations.use(
        permit=answer.pk, text=text, channel="sms", contact_point=answer.contact_point_id,
        at=at + timedelta(minutes=1), by=system,
    )  # fmt: skip
    assert used.state == "used"
