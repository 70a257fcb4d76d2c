"""What can happen at the gate."""

from recoup.journal.kinds import Kind

PermitsAsked = Kind("gate.asked", "{permits} contacts permitted, {refusals} refused")
PermitsUsed = Kind("gate.used", "{count} permits were used")
PermitsReleased = Kind("gate.released", "{count} permits were given back")
PermitsExpired = Kind("gate.expired", "{count} permits ran out unused")
CountersSettled = Kind("gate.settled", "The counters of a permit were settled as {outcome}")
ManySettled = Kind("gate.many_settled", "The counters of {count} permits were settled")
StopPlaced = Kind("gate.stopped", "Contact is stopped: {reason}")
StopLifted = Kind("gate.stop_lifted", "A stop was lifted: {reason}")
OptedOut = Kind("gate.opted_out", "The borrower refused contact ({scope})")
OptOutLifted = Kind("gate.opt_out_lifted", "The borrower allowed contact again ({scope})")
ConsentGiven = Kind("gate.consented", "The borrower agreed: {purpose}")
ConsentWithdrawn = Kind("gate.consent_withdrawn", "The borrower withdrew an agreement: {purpose}")
TemplateAdded = Kind("gate.template_added", "The template {code} v{version} was added")
TemplateApproved = Kind("gate.template_approved", "The template {code} v{version} was approved")
TemplateWithdrawn = Kind("gate.template_withdrawn", "The template {code} v{version} was withdrawn")
TemplatesInstalled = Kind("gate.templates_installed", "{count} starter templates were installed")
SenderRegistered = Kind("gate.sender_registered", "A sender was registered for {channel}")
SenderEnded = Kind("gate.sender_ended", "A sender for {channel} is no longer used")
ApprovalAsked = Kind("gate.approval_asked", "Leave was asked to set rules aside on {channel}")
ApprovalDecided = Kind("gate.approval_decided", "Leave to set rules aside was {state}")
FactDeclared = Kind("gate.declared", "{word} was put on file")
FactWithdrawn = Kind("gate.declared_withdrawn", "{word} was taken off file")
MarksComputed = Kind(
    "gate.marks_computed", "Marks were computed from the ledger: {changes} changed"
)
RulesBroke = Kind("gate.rules_broke", "Rules do not run, and refused {count} contacts: {rules}")
RestrictionsTaken = Kind(
    "gate.restrictions_taken", "{consents} consents and {opt_outs} refusals of contact were taken"
)
