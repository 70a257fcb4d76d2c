from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.strategy.reading import read, shipped
from recoup.strategy.schema import HOLDOUT, in_holdout
from recoup.strategy.sequence import assign

DEFAULT = read(shipped())
PEOPLE = np.arange(1, 40_001)


def arms_of(strategy, people=PEOPLE, book="demo"):
    return assign(strategy=strategy, book=book, persons=people)


def test_the_arms_have_their_shares():
    arms, _ = arms_of(DEFAULT)

    for code, share in (("champion", 0.784), ("patient", 0.196), (HOLDOUT, 0.02)):
        assert abs((arms == code).mean() - share) < 4 * np.sqrt(share * (1 - share) / len(PEOPLE))


@given(
    people=st.lists(st.integers(1, 10**9), min_size=1, max_size=20, unique=True),
    seed=st.integers(0, 99),
)  # fmt: skip
@settings(max_examples=50, deadline=None)
def test_a_person_stays_in_their_arm_in_whatever_company_they_come(people, seed):
    together, shares = arms_of(DEFAULT, np.array(people))
    order = np.random.default_rng(seed).permutation(len(people))

    shuffled, _ = arms_of(DEFAULT, np.array(people)[order])

    assert together[order].tolist() == shuffled.tolist()
    assert ((shares > 0) & (shares < 1)).all()


def test_another_process_draws_the_same_arms():
    code = (
        "import numpy as np;from recoup.strategy.reading import read, shipped;"
        "from recoup.strategy.sequence import assign;"
        "print(''.join(a[0] for a in assign(strategy=read(shipped()),book='demo',"
        "persons=np.arange(1,400))[0]))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert said.stdout.strip() == "".join(arm[0] for arm in arms_of(DEFAULT)[0][:399])


def test_no_strategy_can_change_who_is_held_out():
    other = replace(DEFAULT, salt="another", name="another", explore=0.0)

    assert ((arms_of(DEFAULT)[0] == HOLDOUT) == (arms_of(other)[0] == HOLDOUT)).all()
    assert (arms_of(DEFAULT)[0] != arms_of(other)[0]).any()


def test_a_larger_holdout_only_adds_people():
    before = {p for p in range(1, 5000) if in_holdout(book="demo", person=p, share=0.02)}
    after = {p for p in range(1, 5000) if in_holdout(book="demo", person=p, share=0.05)}

    assert before < after


def test_the_holdout_of_another_book_is_another_draw():
    assert (arms_of(DEFAULT)[0] != arms_of(DEFAULT, book="other")[0]).any()


def test_arms_of_many_are_the_arms_of_each():
    persons = np.arange(-50, 30_000)

    arms, shares = arms_of(DEFAULT, persons)

    for place in range(0, len(persons), 37):
        person = int(persons[place])
        held = in_holdout(book="demo", person=person, share=DEFAULT.holdout)
        own = DEFAULT.arm_of(person)
        expected = (own.code, own.share * (1 - DEFAULT.holdout))
        assert (arms[place], shares[place]) == ((HOLDOUT, DEFAULT.holdout) if held else expected)
