"""Addresses of the studio."""

from django.urls import path

from recoup.desks.studio import (
    arms,
    effects,
    flights,
    intake,
    judgements,
    learning,
    nights,
    routing,
    scores,
    texts,
    versions,
)

urlpatterns = [
    path("plan/", nights.plan, name="plan"),
    path("effects/", effects.effects, name="effects"),
    path("experiment/", arms.arms, name="arms"),
    path("experiment/stops/<int:pk>/restart/", arms.restart, name="arm_restart"),
    path("routing/", routing.routing, name="routing"),
    path("learning/", learning.learning, name="learning"),
    path("judgements/", judgements.judgements, name="judgements"),
    path("judgements/ask/", judgements.ask, name="judgement_ask"),
    path("strategies/", versions.strategies, name="strategies"),
    path("strategies/new/", versions.add, name="strategy_add"),
    path("strategies/<int:pk>/", versions.strategy, name="strategy"),
    path("strategies/<int:pk>/activate/", versions.activate, name="strategy_activate"),
    path("strategies/<int:pk>/approval/", versions.ask_approval, name="strategy_approval_ask"),
    path("approvals/<int:pk>/", versions.decide_approval, name="strategy_approval_decide"),
    path("flights/", flights.flights, name="flights"),
    path("flights/<int:pk>/", flights.flight, name="flight"),
    path("flights/<int:pk>/<slug:what>/", flights.act, name="flight_act"),
    path("flights/<int:pk>/file/<str:form>", flights.download, name="flight_download"),
    path("texts/", texts.texts, name="texts"),
    path("texts/<int:pk>/approve/", texts.approve, name="text_approve"),
    path("texts/<int:pk>/withdraw/", texts.withdraw, name="text_withdraw"),
    path("models/", scores.models, name="models"),
    path("models/<int:pk>/", scores.model, name="model"),
    path("placements/", intake.placements, name="placements"),
    path("placements/<int:pk>/", intake.placement, name="placement"),
    path("placements/<int:pk>/rows.csv", intake.download, name="placement_rows"),
    path("placements/<int:pk>/correct/", intake.correct, name="placement_correct"),
    path("placements/row/<int:pk>/discard/", intake.discard, name="row_discard"),
]
