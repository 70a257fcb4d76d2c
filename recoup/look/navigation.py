"""What stands in the side menu: an entry for each place that a viewer's permissions open."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from recoup.kernel.actors import Viewer
from recoup.people import scopes


@dataclass(frozen=True, slots=True)
class Entry:
    """A place: its address name, icon, title, the permissions of which one opens it."""

    name: str
    icon: str
    title: str | Promise
    any_of: tuple[str, ...]
    key: str = ""

    @property
    def url(self) -> str:
        """Its address."""
        return reverse(self.name)


@dataclass(frozen=True, slots=True)
class Group:
    """Places that belong together."""

    title: str | Promise
    entries: tuple[Entry, ...]


MENU = (
    Group(_("Casework"), (
        Entry("queue", "list-check", _("Today's queue"), (scopes.WORK_CASES,), "q"),
        Entry("cases", "folder", _("Cases"), (scopes.SEE_CASES,), "c"),
        Entry("replies", "message-2", _("Replies"), (scopes.WORK_CASES,), "r"),
        Entry("conflicts", "user-off", _("My conflicts of interest"), (scopes.WORK_CASES,)),
        Entry("suspense", "coins", _("Unmatched payments"), (scopes.REVERSE_PAYMENT,)),
    )),
    Group(pgettext_lazy("menu", "Team"), (
        Entry("floor", "users", _("Floor"), (scopes.LEAD,), "f"),
        Entry("unassigned", "user-off", _("Without a collector"), (scopes.LEAD,)),
    )),
    Group(_("Figures"), (
        Entry("board", "chart-bar", _("Board"), (scopes.SEE_BOARD,), "b"),
    )),
    Group(_("Studio"), (
        Entry("plan", "route", _("Tonight's plan"), (scopes.SEE_STUDIO,), "p"),
        Entry("strategies", "git-branch", _("Strategies"), (scopes.SEE_STUDIO,)),
        Entry("flights", "send", _("Flights"), (scopes.SEE_STUDIO,), "f"),
        Entry("texts", "message", _("Texts and senders"),
              (scopes.SEE_STUDIO, scopes.APPROVE_TEMPLATE)),
        Entry("arms", "flask", _("Experiment"), (scopes.SEE_STUDIO, scopes.SEE_JOURNAL)),
        Entry("learning", "bulb", _("Learning"), (scopes.SEE_STUDIO,)),
        Entry("routing", "arrows-split", _("Routing"), (scopes.SEE_STUDIO,)),
        Entry("judgements", "history", _("What would have been"), (scopes.SEE_STUDIO,)),
        Entry("models", "brain", _("Models"), (scopes.SEE_STUDIO,)),
        Entry("effects", "activity", _("Effects"), (scopes.SEE_STUDIO,)),
        Entry("placements", "inbox", _("Placements"), (scopes.TAKE_IN, scopes.CORRECT_ROWS)),
    )),
    Group(pgettext_lazy("menu", "Law"), (
        Entry("may_i", "help", _("May I?"), (scopes.ASK_PERMIT, scopes.SEE_JOURNAL), "m"),
        Entry("approvals", "clipboard-check", _("Approvals"),
              (scopes.ASK_PERMIT, scopes.HOLD, scopes.SEE_JOURNAL)),
        Entry("today", "hand-stop", _("Today's refusals"), (scopes.SEE_JOURNAL,)),
        Entry("refusals", "shield-check", _("Refusals"), (scopes.SEE_JOURNAL,)),
        Entry("rules", "scale", _("Rules"), (scopes.SEE_JOURNAL,)),
    )),
    Group(_("Control"), (
        Entry("journal", "list-details", _("Journal"), (scopes.SEE_JOURNAL,)),
        Entry("status", "server", _("System status"), (scopes.ADMINISTER,)),
    )),
)  # fmt: skip

# Where a role begins. Everyone else begins at the first entry that opens.
HOME = {
    "collector": "queue",
    "agency": "cases",
    "team_leader": "queue",
    "analyst": "plan",
    "executive": "board",
    "reviewer": "refusals",
    "compliance": "refusals",
    "administrator": "status",
}


def menu(viewer: Viewer) -> list[Group]:
    """The groups and entries that open for a viewer."""
    groups = []
    for group in MENU:
        entries = tuple(entry for entry in group.entries if viewer.may.intersection(entry.any_of))
        if entries:
            groups.append(Group(group.title, entries))
    return groups


def home_of(viewer: Viewer) -> str | None:
    """The name of the page where a viewer begins; `None` if nothing opens."""
    opened = [entry.name for group in menu(viewer) for entry in group.entries]
    wanted = HOME.get(viewer.role)
    return wanted if wanted in opened else next(iter(opened), None)
