"""What can happen to people and their data."""

from recoup.journal.kinds import Kind

PersonUnmasked = Kind("people.unmasked", "{kind} of {token} was shown to {by}: {reason}")
PersonErased = Kind("people.erased", "The personal data of {token} was erased: {reason}")
VaultRotated = Kind("people.vault_rotated", "{count} data keys were wrapped under a new key")
UserAdded = Kind("people.user_added", "The account {username} was added as {role}")
PasswordSet = Kind("people.password_set", "The password of the account {username} was set")
CreditorChanged = Kind("people.creditor_changed", "The creditor {name} was changed")
TeamAdded = Kind("people.team_added", "The team {name} was added")
RulesLaid = Kind("people.rules_laid", "The rules {name} were laid over the law")
RulesLifted = Kind("people.rules_lifted", "The rules {name} were taken away")
AgencyListed = Kind("people.agency_listed", "The agency {name} was listed")
AgencyUnlisted = Kind("people.agency_unlisted", "The agency {name} was taken off the list")
CreditorAdded = Kind("people.creditor_added", "The creditor {name} was added")
BookOpened = Kind("people.book_opened", "The book {name} was opened as {mode}")
SignedIn = Kind("people.signed_in", "{username} signed in")
Qualified = Kind(
    "people.qualified", "What {whose} can was set: skills {skills}, languages {languages}"
)
Seated = Kind("people.seated", "{username} works as {tier} with {capacity} cases at most")
AbsenceRecorded = Kind("people.absence_recorded", "{username} is away from {since} to {last}")
AbsenceEnded = Kind("people.absence_ended", "{username} is not away any more")
ConflictDeclared = Kind("people.conflict_declared", "{username} declared a conflict of interest")
ConflictLifted = Kind("people.conflict_lifted", "{username} took a conflict of interest back")
StaffImported = Kind(
    "people.staff_imported", "What {people} people can was taken from a list; {refused} refused"
)
