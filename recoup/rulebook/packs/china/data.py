"""What a contact point must rest on."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.packs.china import PACK


@PACK.rule(
    "CN-DATA-001", instrument="pipl", force="LAW", confidence="T", effect="deny",
    needs=("party", "has_lawful_basis"), clause="art. 13",
    zh="合法性基础:债务人为履行合同所必需;其他人须有同意或其他合法依据。",
)  # fmt: skip
def lawful_basis(f: Facts, p: Any) -> Mask:
    """
    The loan contract is the ground for the debtor's data; anybody else needs a ground of their
    own.
    """
    return ~f.party.among("debtor") & ~f.has_lawful_basis


@PACK.rule(
    "CN-DATA-009", instrument="cba_2026", force="LAW", confidence="S", effect="deny",
    needs=("contact_source",), zh="联系方式来源须为合同约定、债务人授权或合法公开渠道。",
)  # fmt: skip
def lawful_source(f: Facts, p: Any) -> Mask:
    """
    A number or address comes only from the contract, from lawful public sources, or from the
    debtor's authority.

    Also 刑法 art. 253-1 and 法释〔2017〕10号 art. 5.
    """
    return ~f.contact_source.among("contract", "debtor_authorised", "lawful_public")
