"""What can happen to strategies and decisions."""

from recoup.journal.kinds import Kind

StrategyAdded = Kind("strategy.added", "Strategy {name} v{version} was added")
StrategyActivated = Kind("strategy.activated", "Strategy {name} v{version} is in force")
PlanDecided = Kind(
    "strategy.decided",
    "{cases} cases were decided for {on}: {chosen} actions, the others left alone",
)
DecisionsMarked = Kind("strategy.marked", "{count} decisions became {state}")
DecisionsLapsed = Kind("strategy.lapsed", "{count} decisions lapsed unused")
ArmsJudged = Kind("strategy.arms_judged", "{count} arms were compared with the champion")
ArmStopped = Kind(
    "strategy.arm_stopped",
    "Arm {arm} was stopped: its {measure} is proven worse than the champion's by {least_points}"
    " points at least; {margin_points} are allowed",
)
ArmRestarted = Kind("strategy.arm_restarted", "Arm {arm} was restarted: {reason}")
EffectsMeasured = Kind(
    "strategy.effects_measured", "Effects v{version} were measured on {rows} rows: {learner}"
)
EffectsNotMeasured = Kind("strategy.effects_not_measured", "No effect can be measured: {why_not}")
ComplaintsMeasured = Kind(
    "strategy.complaints_measured",
    "How likely a contact ends in a complaint was measured (v{version}): {objections} objections to"
    " {contacts} contacts",
)
ComplaintsNotMeasured = Kind(
    "strategy.complaints_not_measured", "The chance of a complaint cannot be measured: {why_not}"
)
CasesAssigned = Kind(
    "strategy.assigned",
    "{cases} cases were looked at: {given} given to collectors, {moved} moved, {left} with nobody",
)
CasesCovered = Kind(
    "strategy.covered", "{username} is away: {taken} cases were taken over, {stayed} could not be"
)
CoverUndone = Kind("strategy.cover_undone", "{returned} cases were given back to {username}")
FlightAsked = Kind("strategy.flight_asked", "A flight of {strategy} over {days} days was asked for")
StrategyFlown = Kind("strategy.flown", "{strategy} was flown over {days} days (simulated)")
FlightFailed = Kind("strategy.flight_failed", "A flight of {strategy} failed")
FlightRecalled = Kind("strategy.flight_recalled", "A flight of {strategy} was called back")
ActivationAsked = Kind(
    "strategy.approval_asked", "Leave was asked to put {strategy} in force ({why}): {reason}"
)
ActivationDecided = Kind(
    "strategy.approval_decided", "Leave to put {strategy} in force was {decided}: {reason}"
)
VersionJudged = Kind(
    "strategy.judged",
    "Strategy {version} was judged from the log of {nights} nights of {log}: {decisions} decisions",
)
Replanned = Kind("strategy.replanned", "The next action was chosen anew: {action}")
EffectsLearned = Kind(
    "strategy.learned", "What is believed of effects grew by {rows} rows, up to {through}"
)
LogWrong = Kind("strategy.log_wrong", "The log of {on} is not what its own chances say: {what}")
RewardsMoved = Kind(
    "strategy.rewards_moved", "What comes in has moved from what is believed, up to {through}"
)
RoutesEntered = Kind("strategy.routes_entered", "{count} cases were drawn into groups for a year")
RoutesJudged = Kind(
    "strategy.routes_judged", "What groups bring in a year was compared: {closed} groups are closed"
)
