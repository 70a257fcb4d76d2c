"""What personal data may be used for a contact."""

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
    "CN-DATA-002", instrument="pipl", force="LAW", confidence="T", effect="require",
    needs=("papers",), clause="arts. 6, 19",
    zh="最小必要、最短保存期限:须有个人信息保存期限规则。",
)  # fmt: skip
def kept_no_longer_than_needed(f: Facts, p: Any) -> Mask:
    """
    Only data tied to the purpose is used, and kept no longer than needed: there is a policy for it.
    """
    return ~f.papers.has("retention_policy")


@PACK.rule(
    "CN-DATA-004", instrument="pipl", force="LAW", confidence="T", effect="require",
    needs=("purpose",), may_read=("says",), clause="art. 23",
    zh="向其他处理者提供个人信息(如债权转让),须告知接收方名称、联系方式、处理目的、方式和种类。",
)  # fmt: skip
def told_who_gets_the_data(f: Facts, p: Any) -> Mask:
    """
    Whoever hands data to another controller, say a buyer of the claim, tells the person who that
    is, how to reach them, for what, how, and which kinds of data.
    """
    return f.purpose.among("transfer_notice") & ~f.says.has("data_recipient")


@PACK.rule(
    "CN-DATA-005", instrument="pipl", force="LAW", confidence="T", effect="require",
    needs=("marks", "consents"), clause="arts. 28-31",
    zh="敏感个人信息(生物识别、医疗健康、金融账户、行踪轨迹、不满十四周岁)须取得单独同意。",
)  # fmt: skip
def sensitive_data_by_consent(f: Facts, p: Any) -> Mask:
    """
    Sensitive data (biometrics, health, finance accounts, movement, children under fourteen) is used
    only with the person's separate consent.
    """
    return f.marks.has("sensitive_data") & ~f.consents.has("sensitive")


@PACK.rule(
    "CN-DATA-007", instrument="pipl", force="LAW", confidence="T", effect="require",
    needs=("papers",), clause="arts. 55-56",
    zh="处理敏感信息、自动化决策、委托处理等事前须做个人信息保护影响评估。",
)  # fmt: skip
def impact_assessed(f: Facts, p: Any) -> Mask:
    """
    Before automated decisions, sensitive data, entrusting or giving data away, the impact on
    personal data is assessed; a strategy that decides whom to contact is such a decision.
    """
    return ~f.papers.has("impact_assessment")


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
