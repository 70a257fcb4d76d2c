import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.kernel import mask


@given(st.from_regex(r"1[3-9]\d{9}", fullmatch=True))
def test_a_masked_phone_hides_the_middle_four(phone):
    shown = mask.phone(phone)

    assert shown == f"{phone[:3]}****{phone[-4:]}"


@given(st.text(min_size=1, max_size=60), st.sampled_from(sorted(mask.MASKS)))
def test_masking_never_gives_back_what_it_was_given(text, kind):
    shown = mask.of(kind, text)

    assert shown != text or set(text) <= {"*", " ", "@", ".", ","}


@pytest.mark.parametrize(("kind", "value"), [
    ("identity", "110101199003071234"), ("card", "6222020012345678"), ("phone", "13812341234"),
])  # fmt: skip
def test_less_than_half_of_a_number_can_be_read(kind, value):
    shown = mask.of(kind, value)

    assert sum(c.isdigit() for c in shown) <= 7 < len(value)


def test_an_unknown_kind_shows_nothing():
    assert mask.of("diary", "anything") == "****"
