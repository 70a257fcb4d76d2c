from __future__ import annotations

from recoup.strategy.comparing import compare
from recoup.strategy.reading import read, shipped


def differences(*changes):
    source = shipped()
    for before, after in changes:
        assert before in source
        source = source.replace(before, after, 1)
    return compare(read(shipped()), read(source))


def test_comments_and_spelling_make_no_difference():
    assert (
        differences(("# The strategy", "# A strategy"), ("holdout: 0.02", "holdout: 0.0200")) == []
    )


def test_a_budget_says_by_how_much_it_changed():
    found = differences(("  sms: 200000", "  sms: 220000"))

    assert [(each.part, each.where, each.before, each.after) for each in found] == [
        ("budgets", "sms", "200000", "220000")
    ]
    assert abs(found[0].share - 0.1) < 1e-9


def test_a_window_and_a_step_are_named_by_their_place():
    found = differences(
        ('window: ["09:30", "11:30"]', 'window: ["10:00", "12:00"]'),
        ("{code: remind-again, wait_days: 5, choose: [sms-plan, email-plan]}",
         "{code: remind-again, wait_days: 8, choose: [sms-plan]}"),
    )  # fmt: skip

    assert [(each.where, each.before, each.after) for each in found] == [
        ("sms-reminder · window", "09:30–11:30", "10:00–12:00"),
        ("early · steps · remind-again · wait_days", "5", "8"),
        ("early · steps · remind-again · choose", "sms-plan, email-plan", "sms-plan"),
    ]


def test_what_is_new_or_gone_is_one_difference():
    found = differences(
        ("  - code: small\n    when: owed < 1000            # under 10.00 no contact pays for itself\n",
         "  - code: old\n    when: days_past_due > 1000\n"),
    )  # fmt: skip

    kinds = {(each.kind, each.where) for each in found}
    assert {("added", "old"), ("removed", "small")} <= kinds
    assert ("changed", "order") in kinds


def test_the_order_of_segments_is_a_difference():
    late = "  - code: late\n    when: days_past_due > 90\n"
    first = "  - code: not-due\n    when: days_past_due <= 0\n"
    source = shipped()
    swapped = source.replace(late, "@").replace(first, late).replace("@", first)

    found = compare(read(source), read(swapped))

    assert any(each.where == "order" for each in found)


def test_a_strategy_beside_itself_does_not_differ():
    for name in ("default-cn", "default-gb", "default-us", "default-any"):
        assert compare(read(shipped(name)), read(shipped(name))) == []
