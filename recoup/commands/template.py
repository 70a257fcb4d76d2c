"""`recoup template`: the texts that may be sent, and who approved them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from recoup.commands import console

NAME = click.argument("name", metavar="CODE[@VERSION]")


@click.group()
def command() -> None:
    """
    List, install, add and approve texts. Nothing is sent without an approved one.

    Approving and withdrawing is for a named person whose role may (compliance).
    """


@command.command("list")
@click.option("--all", "everything", is_flag=True, help="Earlier and withdrawn versions too.")
def list_templates(everything: bool) -> None:
    """The newest version of each text, and the one that is sent."""
    console.start()
    from rich.table import Table

    from recoup.gate.models import Template

    table = Table("text", "channel", "country", "language", "state", "approved by", box=None)
    seen: set[tuple[str, bool]] = set()
    for row in Template.objects.order_by("code", "-version"):
        key = (row.code, row.state == Template.State.APPROVED)
        if not everything and (key in seen or row.state == Template.State.WITHDRAWN):
            continue
        seen.add(key)
        table.add_row(
            f"{row.code}@{row.version}", row.channel, row.jurisdiction, row.language, row.state,
            row.approved_by,
        )  # fmt: skip
    if not table.row_count:
        console.say("No texts yet: recoup template install, or recoup template add FILE.")
        return
    console.out.print(table)


@command.command()
@console.BOOK
def install(code: str | None) -> None:
    """Install the starter texts for a book's country. For a live book they are drafts."""
    console.start()
    from recoup.gate import operations
    from recoup.kernel import clock

    made = operations.install_templates(
        book=console.book_of(code), by=console.actor("template install"), at=clock.now()
    )
    for row in made:
        console.say(f"{row.code}@{row.version} {row.channel} {row.language}: {row.state}")
    if not made:
        console.say("They are all there already; nothing changed.")
    elif any(row.state == "draft" for row in made):
        console.say("Read each (recoup template show CODE), then recoup template approve CODE.")


@command.command()
@click.argument("file", type=click.Path(path_type=Path))
def add(file: Path) -> None:
    """
    Add the text in FILE as a draft: YAML with code, channel, language, text, subject.

    A code that is there already gets its next version; what is sent stays until that is approved.
    """
    console.start()
    from recoup.gate import operations
    from recoup.kernel import clock
    from recoup.kernel.errors import RecoupError

    said = operations.read_template(console.text_of(file))
    row = operations.add_template(**said, by=console.actor("template add"), at=clock.now())
    console.say(f"{row.code}@{row.version} is a draft.")
    try:
        operations.check_text(row, at=clock.now())
    except RecoupError as never:
        console.say(f"It cannot be approved as it is: {never}")
    else:
        console.say(f"It is sent once somebody runs: recoup template approve {row.code} --as USER")


@command.command()
@NAME
def show(name: str) -> None:
    """Print a text as it was written, with its state."""
    console.start()
    import json

    row = _of(name)
    console.say(f"# version {row.version}, {row.state} {row.approved_by}".rstrip())
    for key in ("code", "channel", "jurisdiction", "language"):
        console.say(f"{key}: {getattr(row, key)}")
    if row.subject:
        # A JSON string is a YAML string: signs that mean something in YAML stay what they are.
        console.say(f"subject: {json.dumps(row.subject, ensure_ascii=False)}")
    console.say("text: |\n  " + row.text.replace("\n", "\n  "))


@command.command()
@NAME
@console.WHO
@console.PASSWORD
def approve(name: str, username: str, password: str) -> None:
    """Approve a text, by name: from now on it may be sent."""
    console.start()
    from recoup.gate import operations
    from recoup.kernel import clock

    viewer = console.signed_in(username, password)
    row = operations.approve_template(template=_of(name), viewer=viewer, at=clock.now())
    console.say(f"{row.code}@{row.version} is approved by {row.approved_by}.")


@command.command()
@NAME
@console.WHO
@console.PASSWORD
def withdraw(name: str, username: str, password: str) -> None:
    """Take a text out of use, at once."""
    console.start()
    from recoup.gate import operations
    from recoup.kernel import clock

    viewer = console.signed_in(username, password)
    row = operations.withdraw_template(template=_of(name), viewer=viewer, at=clock.now())
    console.say(f"{row.code}@{row.version} is withdrawn.")


def _of(name: str) -> Any:
    from recoup.gate.models import Template
    from recoup.kernel.errors import Invalid

    code, _, version = name.partition("@")
    rows = Template.objects.filter(code=code).order_by("-version")
    named = [row for row in rows if version in ("", str(row.version))]
    if not named:
        raise Invalid(f"There is no text {name}.", hint="`recoup template list --all` shows them.")
    return named[0]
