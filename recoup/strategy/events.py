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
