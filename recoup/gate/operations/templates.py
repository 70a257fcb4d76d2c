"""Texts and senders: who wrote them down, and who approved them."""

from __future__ import annotations

import hashlib
import re
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from recoup.gate import texts
from recoup.gate.events import (
    SenderEnded,
    SenderRegistered,
    TemplateAdded,
    TemplateApproved,
    TemplatesInstalled,
    TemplateWithdrawn,
)
from recoup.gate.models import STARTER_ROLE, SenderIdentity, Template
from recoup.journal.operations import record
from recoup.kernel.actors import Actor, Viewer
from recoup.kernel.clock import aware
from recoup.kernel.errors import Invalid, Problem, Refused
from recoup.kernel.text import canonical_json
from recoup.people import scopes
from recoup.people.models import Book, Creditor
from recoup.rulebook import content, engine

SHIPPED = Path(__file__).parents[1] / "templates"
ONE_WAY = frozenset({"sms", "email"})
WRITTEN = ("sms", "email", "letter")
# What the file of a text may say; `jurisdiction` and `subject` may be left out.
KEYS = ("code", "channel", "language", "text", "jurisdiction", "subject")
NEEDED = KEYS[:4]


def add_template(
    *, code: str, channel: str, jurisdiction: str, language: str, text: str, by: Actor,
    at: datetime, subject: str = "",
) -> Template:  # fmt: skip
    """
    Add a text as the next version of its code, as a draft.

    :raises Invalid: if it uses a slot that does not exist, or the channel has no texts
    """
    if channel not in WRITTEN:
        raise Invalid(
            f"There are no texts for the channel {channel!r}.", hint=f"Use {', '.join(WRITTEN)}."
        )
    with record(TemplateAdded, by=by, at=at, code=code) as event:
        row = _add(code, channel, jurisdiction, language, subject, text)
        event.note(version=row.version, digest=row.digest)
        return event.about(row)


def read_template(source: str) -> dict[str, str]:
    """
    What the file of a text says: the keywords of `add_template`.

    YAML with `code`, `channel`, `language` and `text`; `subject` and `jurisdiction` (CN) if wanted.

    :raises Invalid: with everything that is wrong with it
    """
    try:
        said: Any = yaml.safe_load(source)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else "the file"
        raise Invalid(
            "The file is not YAML.", problems=[Problem(where, "cannot be read.")],
            hint="Begin from one that comes with Recoup: `recoup template show CODE`.",
        ) from None  # fmt: skip
    if not isinstance(said, dict):
        raise Invalid(
            "The file is no template.", hint=f"It says {', '.join(NEEDED)}, line by line."
        )
    problems = [Problem(str(key), "is no word of a template.") for key in said if key not in KEYS]
    problems += [Problem(key, "is missing.") for key in NEEDED if not said.get(key)]
    problems += [
        Problem(key, "is not a text.", "Put it in quotes.")
        for key, value in said.items() if key in KEYS and not isinstance(value, str)
    ]  # fmt: skip
    if not problems and not re.fullmatch(r"[a-zA-Z0-9_-]{1,60}", said["code"]):
        problems.append(Problem("code", "has other signs than letters, digits, - and _."))
    if problems:
        raise Invalid("The template cannot be read.", problems=problems)
    text = {key: said[key].strip() for key in said}
    return {"jurisdiction": "CN", "subject": "", **text}


def _add(
    code: str, channel: str, jurisdiction: str, language: str, subject: str, text: str
) -> Template:
    body = f"{subject}\n{text}"
    texts.check_slots(body)
    newest = Template.objects.filter(code=code).order_by("-version").first()
    digest = hashlib.sha256(canonical_json([channel, jurisdiction, subject, text]).encode())
    return Template.objects.create(
        code=code, version=newest.version + 1 if newest else 1, channel=channel,
        jurisdiction=jurisdiction, language=language, subject=subject, text=text,
        discloses_debt=bool(content.debt_facts(body, jurisdiction=jurisdiction)),
        digest=digest.hexdigest(),
    )  # fmt: skip


def approve_template(*, template: Template, viewer: Viewer, at: datetime) -> Template:
    """
    Approve a draft, by name.

    A starter text that no person has reviewed can be approved too; who did it stands instead.

    :raises Refused: without the permission, or for a one-way text that tells of a debt
    :raises Invalid: for a text that lacks what its channel must say, or was withdrawn
    """
    scopes.demand(viewer, scopes.APPROVE_TEMPLATE)
    if template.state == Template.State.WITHDRAWN:
        raise Invalid(f"{template} was withdrawn.", hint="Add the text again as a new version.")
    if template.state == Template.State.APPROVED and template.approved_by != STARTER_ROLE:
        return template
    check_text(template, at=at)
    with record(
        TemplateApproved, by=viewer.actor(), at=at, code=template.code, version=template.version,
        digest=template.digest,
    ) as event:  # fmt: skip
        _approve(template, viewer.name, at)
        return event.about(template)


def _approve(template: Template, name: str, at: datetime) -> Template:
    template.state, template.approved_by = Template.State.APPROVED, name[:80]
    template.approved_at = aware(at)
    template.save(update_fields=["state", "approved_by", "approved_at"])
    return template


def check_text(template: Template, *, at: datetime) -> None:
    """
    Go on only if a text may be approved at all.

    :raises Refused: for a one-way text that tells of a debt, naming the words
    :raises Invalid: with everything that it lacks
    """
    body = f"{template.subject}\n{template.text}"
    said = content.read(body, template=body, jurisdiction=template.jurisdiction)
    if template.channel in ONE_WAY and said.debt:
        raise Refused(
            f"This {template.channel} tells of a debt: {', '.join(said.debt)}.",
            rules=("CN-SAY-N08",),
            hint="Anybody may read it. Name the institution and a way to reach it, no more.",
        )  # fmt: skip
    says = said.says | ({"institution"} if "{institution}" in body else set())
    # Of products and parties the strictest: the text may be sent to a card holder.
    verdict = engine.load(template.jurisdiction, at).judge(
        {
            "channel": template.channel, "party": "debtor", "product": "credit_card",
            "purpose": "reminder", "identity_confirmed": False,
            "discloses_debt": bool(said.debt), "sealed_to_debtor": template.channel == "letter",
            "found": said.found, "says": says, "marks": (), "papers": (),
        },
        at,
    )  # fmt: skip
    wrong = [
        fired for fired in verdict.fired
        if fired.effect in ("require_content", "forbid_content") and not fired.missing
    ]  # fmt: skip
    if wrong:
        parts = content.missing_parts("card_letter", body, jurisdiction=template.jurisdiction)
        problems = [Problem(fired.id, fired.en) for fired in wrong]
        if template.channel == "letter":
            problems += [Problem("CN-LETTER-001", f"asks for {part}.") for part in parts]
        raise Invalid(
            f"The text may not be sent as it is: {', '.join(fired.id for fired in wrong)}.",
            problems=problems,
        )


def withdraw_template(*, template: Template, viewer: Viewer, at: datetime) -> Template:
    """Take a text out of use; permits for it can no longer be used."""
    scopes.demand(viewer, scopes.APPROVE_TEMPLATE)
    with record(
        TemplateWithdrawn, by=viewer.actor(), at=at, code=template.code, version=template.version
    ) as event:
        template.state = Template.State.WITHDRAWN
        template.save(update_fields=["state"])
        return event.about(template)


def install_templates(
    *, by: Actor, at: datetime, jurisdiction: str = "CN", book: Book | None = None,
    creditor: Creditor | None = None,
) -> list[Template]:  # fmt: skip
    """
    Install the starter texts of a jurisdiction; gives those that were not there before.

    For a live book they are drafts, until a person approves them. Otherwise a system role does,
    which says that no person has reviewed them; a live book does not send those. Installing them
    again changes nothing. Texts belong to no one creditor: `book` and `creditor` say for whom it was
    done in the journal.

    :raises Invalid: if no texts come with Recoup for the jurisdiction
    """
    jurisdiction = book.jurisdiction if book else jurisdiction
    approved_by = STARTER_ROLE if book is None or book.is_demo else ""
    paths = sorted((SHIPPED / jurisdiction.lower()).glob("*.yaml"))
    if not paths:
        raise Invalid(
            f"No texts for {jurisdiction} come with Recoup.", hint="Add your own, one by one."
        )
    made: list[Template] = []
    with record(TemplatesInstalled, by=by, at=at, book=book, creditor=creditor) as event:
        for path in paths:
            raw = yaml.safe_load(path.read_text(encoding="utf-8"))
            known = Template.objects.filter(code=raw["code"])
            if known.exists():
                # A live book brought them as drafts; a demo may send what it brings itself.
                drafts = known.filter(text=raw["text"].strip(), state=Template.State.DRAFT)
                if approved_by and not known.filter(state=Template.State.APPROVED).exists():
                    made += [_approve(row, approved_by, at) for row in drafts]
                continue
            row = _add(raw["code"], raw["channel"], jurisdiction, raw["language"],
                       raw.get("subject", ""), raw["text"].strip())  # fmt: skip
            check_text(row, at=at)
            made.append(_approve(row, approved_by, at) if approved_by else row)
        event.note(count=len(made), codes=[row.code for row in made], approved_by=approved_by)
    return made


def register_sender(
    *, creditor: Creditor, channel: str, address: str, by: Actor, at: datetime,
    signature: str = "", valid_until: date | None = None,
) -> SenderIdentity:  # fmt: skip
    """Enter a number, port or address of the creditor's own, or change how long it is valid."""
    with record(SenderRegistered, by=by, at=at, creditor=creditor, channel=channel) as event:
        row, _ = SenderIdentity.objects.update_or_create(
            creditor=creditor, channel=channel, address=address,
            defaults={"signature": signature, "valid_until": valid_until},
        )  # fmt: skip
        event.note(address=address, valid_until=valid_until)
        return event.about(row)


def end_sender(*, sender: SenderIdentity, on: date, by: Actor, at: datetime) -> SenderIdentity:
    """
    Use a number, port or address no more from a day on. Ended before, it stays as it was.
    """
    last = on - timedelta(days=1)
    if sender.valid_until is not None and sender.valid_until <= last:
        return sender
    with record(
        SenderEnded, by=by, at=at, creditor=sender.creditor, channel=sender.channel,
        address=sender.address, valid_until=last,
    ) as event:  # fmt: skip
        sender.valid_until = last
        sender.save(update_fields=["valid_until"])
        return event.about(sender)
