"""What is kept: strategies, flights and approvals of them, each night's run and its decisions."""

from recoup.strategy.models.days import BudgetUse, Reconsideration
from recoup.strategy.models.flights import Flight, StrategyApproval
from recoup.strategy.models.learning import Judgement, Learned, LogCheck, RouteEntry, RouteLook
from recoup.strategy.models.nights import (
    ArmLook,
    ArmStop,
    Assignment,
    Decision,
    EffectModel,
    Plan,
    RiskModel,
    StrategyVersion,
)

__all__ = [
    "ArmLook",
    "ArmStop",
    "Assignment",
    "BudgetUse",
    "Decision",
    "EffectModel",
    "Flight",
    "Judgement",
    "Learned",
    "LogCheck",
    "Plan",
    "Reconsideration",
    "RiskModel",
    "RouteEntry",
    "RouteLook",
    "StrategyApproval",
    "StrategyVersion",
]
