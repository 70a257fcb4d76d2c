"""Names in what people type: found by their blind index, without opening the vault."""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoup.kernel import mask
from recoup.people import vault
from recoup.people.models import Sealed
from recoup.people.sealing import vault_key

HAN = re.compile(r"[\u3400-\u9fff·]{2,}")
WORDS = re.compile(r"[A-Za-zÀ-ÿ'-]+(?: [A-Za-zÀ-ÿ'-]+)+")
LONGEST = 6  # characters of a Han name, except one that stands alone
MOST_WORDS = 4


def may_name(text: str) -> bool:
    """
    Whether a text has anything that could be a name: most sources and reasons have not.

    >>> may_name("bank_file"), may_name("王明")
    (False, True)
    """
    return next(_candidates(text), None) is not None


def hide_names(*, person: int, creditor: int, text: str) -> str:
    """
    The text with every name that the person's sealed data holds half hidden.

    >>> list(_candidates("王明说")), list(_candidates("is John Smith"))[:2]
    (['王明说', '王明说', '王明', '明说'], ['is John Smith', 'is John'])
    """
    candidates = list(dict.fromkeys(_candidates(text)))
    if not candidates:
        return text
    key = vault_key("index")
    indexes = {
        vault.blind_index(key, creditor=creditor, kind="name", value=candidate): candidate
        for candidate in candidates
    }
    # By the person, not by the indexes: a person has a few names, a sentence hundreds of pieces.
    known = Sealed.objects.filter(person=person, kind=Sealed.Kind.NAME).exclude(index="")
    found = [indexes[index] for index in known.values_list("index", flat=True) if index in indexes]
    for name in sorted(found, key=len, reverse=True):
        text = text.replace(name, mask.name(name))
    return text


def _candidates(text: str) -> Iterator[str]:
    for run in HAN.findall(text):
        yield run
        for length in range(min(LONGEST, len(run)), 1, -1):
            for start in range(len(run) - length + 1):
                yield run[start : start + length]
    for run in WORDS.findall(text):
        words = run.split(" ")
        for length in range(min(MOST_WORDS, len(words)), 1, -1):
            for start in range(len(words) - length + 1):
                yield " ".join(words[start : start + length])
