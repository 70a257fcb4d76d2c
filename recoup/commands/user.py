"""`recoup user`: accounts."""

from __future__ import annotations

import click

from recoup.commands import console


@click.group()
def command() -> None:
    """List and add accounts, set passwords."""


@command.command("list")
def list_users() -> None:
    """Every account, its role and whose books it sees."""
    console.start()
    from rich.table import Table

    from recoup.people.models import User

    table = Table("account", "name", "role", "creditors", box=None)
    for user in User.objects.prefetch_related("creditors").order_by("pk"):
        codes = ", ".join(row.code for row in user.creditors.all())
        table.add_row(user.username, user.name, user.role, codes or "none: it sees nothing")
    console.out.print(table)


@command.command()
@click.argument("username")
@click.option("--name", required=True)
@click.option("--role", required=True, help="What they may do: docs/mechanisms/tenancy.md.")
@click.option("--creditor", "creditors", multiple=True, help="A creditor's code; may be repeated.")
@click.option("--team", help="The team's code; a collector or leader of none sees no case.")
@click.option("--agency", help="The agency's code; an agency's account without one sees no case.")
@click.password_option()
def add(
    username: str, name: str, role: str, creditors: tuple[str, ...], team: str | None,
    agency: str | None, password: str,
) -> None:  # fmt: skip
    """Add an account."""
    console.start()
    from recoup.kernel import clock
    from recoup.kernel.errors import Invalid
    from recoup.people import operations
    from recoup.people.models import Agency, Creditor, Team, User

    if role not in User.Role.values:
        raise Invalid(f"There is no role {role!r}.", hint=f"Roles: {', '.join(User.Role.values)}.")
    if User.objects.filter(username=username).exists():
        raise Invalid(f"The account {username} exists.", hint="Use `recoup user password`.")
    owners = list(Creditor.objects.filter(code__in=creditors))
    missing = set(creditors) - {owner.code for owner in owners}
    if missing:
        raise Invalid(
            f"There is no creditor {', '.join(sorted(missing))}.",
            hint="`recoup book open` adds one; `recoup creditor list` shows them.",
        )
    operations.check_password(password)
    of_team = Team.objects.filter(code=team, creditor__in=owners).first() if team else None
    of_agency = Agency.objects.filter(code=agency).first() if agency else None
    if (team and of_team is None) or (agency and of_agency is None):
        raise Invalid(f"There is no team {team!r} of these creditors." if team and of_team is None
                      else f"There is no agency {agency!r}.")  # fmt: skip
    operations.add_user(
        username=username, name=name, role=role, creditors=owners, password=password,
        team=of_team, agency=of_agency, by=console.actor("user add"), at=clock.now(),
    )  # fmt: skip
    console.out.print(f"Added {username} as {role}.")


@command.command()
@click.argument("username")
@click.password_option()
def password(username: str, password: str) -> None:
    """Set the password of an account."""
    console.start()
    from recoup.kernel import clock
    from recoup.kernel.errors import Invalid
    from recoup.people import operations
    from recoup.people.models import User

    user = User.objects.filter(username=username).first()
    if user is None:
        raise Invalid(f"There is no account {username}.")
    operations.set_password(
        user=user, password=password, by=console.actor("user password"), at=clock.now()
    )
    console.say(f"The password of {username} is set; its open sessions end.")
