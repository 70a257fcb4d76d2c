"""`recoup user`: accounts."""

from __future__ import annotations

import click

from recoup.commands import console


@click.group()
def command() -> None:
    """Add accounts and set passwords."""


@command.command()
@click.argument("username")
@click.option("--name", required=True)
@click.option("--role", required=True)
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
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError

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
        raise Invalid(f"There is no creditor {', '.join(sorted(missing))}.")
    try:
        validate_password(password)
    except ValidationError as weak:
        raise Invalid(" ".join(weak.messages)) from None
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
    from recoup.kernel.errors import Invalid
    from recoup.people.models import User

    user = User.objects.filter(username=username).first()
    if user is None:
        raise Invalid(f"There is no account {username}.")
    user.set_password(password)
    user.save(update_fields=["password"])
    console.out.print("Done.")
