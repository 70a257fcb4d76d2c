from __future__ import annotations

import pytest
import yaml

from recoup.kernel.errors import Invalid
from recoup.strategy.reading import SHIPPED, read, shipped


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_strategy_is_valid_and_named_like_its_file(path):
    assert read(path.read_text()).name == path.stem


def test_the_default_is_restrained():
    strategy = read(shipped())

    assert strategy.contact_limit.contacts <= 2
    assert strategy.contact_limit.days >= 7
    assert strategy.self_cure is not None
    assert 0.01 <= strategy.explore <= 0.03


def problems(text: str) -> list[str]:
    with pytest.raises(Invalid) as caught:
        read(text)
    return [str(problem) for problem in caught.value.problems]


def test_all_problems_are_shown_at_once_each_with_its_line():
    text = (
        shipped()
        .replace("holdout: 0.02", "holdout: 0.9")
        .replace("stage in", "stge in")
        .replace('"17:30"', '"27:30"')
        .replace("choose: [letter-notice, email-plan]", "choose: [leter-notice]")
        .replace("    channel: letter", "    channel: pigeon")
    )

    found = problems(text)

    assert len(found) == 5
    for said, line_of in (
        ("0.9 is out of bounds", "holdout: 0.9"),
        ("'stge' is not known", "stge in"),
        ("not a time of day", "27:30"),
        ("no treatment 'leter-notice'", "leter-notice]"),
        ("'pigeon' is not one of", "pigeon"),
    ):
        line = 1 + next(n for n, row in enumerate(text.splitlines()) if line_of in row)
        assert any(said in row and f"(line {line})" in row for row in found), (said, line, found)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("share: 0.2\n", "share: 0.4\n", "add up to 1.2"),
        ("code: early\n    when", "code: m1\n    when", "stands twice"),
        ("explore: 0.02", "explore: 0.5", "out of bounds"),
        ("name: default-cn", "nam: default-cn", "'name' is missing"),
        ("        - code: early", "        - code: earlier", "no segment 'earlier'"),
        ("  spend: 3000000", "", "'spend' is missing"),
        ("minutes: 6", "cost: 6", "'minutes' is missing"),
        ("contacts: 2", "contacts: 2.5", "not a whole number"),
        ("arms:\n    - {code: champion", "arms:\n    - {code: first", "first arm is the champion"),
        ("recovery: 0.02", "recovery: 2", "out of bounds"),
        ("after_days: 14", "after: 14", "'after' is not known"),
        ('window: ["17:30", "19:30"]', 'window: ["19:30", "17:30"]', "the second later"),
    ],
)
def test_a_mistake_is_named(old, new, said):
    text = shipped().replace(old, new, 1)
    assert text != shipped()

    assert any(said in problem for problem in problems(text))


@pytest.mark.parametrize(
    "text", ["", "- a\n- b", "name: [", "a: &x 1\nb: *x", "just a word", "\t", "a" * 300_000]
)
def test_what_is_no_strategy_is_refused_with_a_sentence(text):
    with pytest.raises(Invalid) as caught:
        read(text)

    assert str(caught.value).endswith(".")


def test_every_text_that_a_jurisdictions_strategy_names_is_shipped_too():
    for folder in (SHIPPED.parents[1] / "gate" / "templates").iterdir():
        texts = {yaml.safe_load(path.read_text())["code"] for path in folder.glob("*.yaml")}
        path = SHIPPED / f"default-{folder.name}.yaml"
        for treatment in read(path.read_text()).treatments.values():
            assert not treatment.template or treatment.template in texts, treatment.code


def test_a_strategy_that_nobody_ships_is_named():
    with pytest.raises(Invalid, match="default-cn"):
        shipped("nothing")
