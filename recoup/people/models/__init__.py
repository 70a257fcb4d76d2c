"""What is kept: who works here and what they can, persons and their sealed fields."""

from recoup.people.models.house import Agency, Book, Creditor, Team, User
from recoup.people.models.staff import Absence, Conflict, Language, Licence, Seat, Skill
from recoup.people.models.vault import Person, Sealed, VaultKey

__all__ = [
    "Absence",
    "Agency",
    "Book",
    "Conflict",
    "Creditor",
    "Language",
    "Licence",
    "Person",
    "Sealed",
    "Seat",
    "Skill",
    "Team",
    "User",
    "VaultKey",
]  # fmt: skip
