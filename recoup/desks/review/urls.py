"""Addresses of the review desk."""

from django.urls import path

from recoup.desks.review import approvals, may_i, rules, today, views

urlpatterns = [
    path("may-i/", may_i.may_i, name="may_i"),
    path("approvals/", approvals.approvals, name="approvals"),
    path("approvals/ask/", approvals.ask, {"under": "approvals"}, name="approval_ask"),
    path("approvals/<int:pk>/", approvals.decide, {"under": "approvals"}, name="approval_decide"),
    path("today/", today.today, name="today"),
    path("refusals/", views.refusals, name="refusals"),
    path("rules/", rules.rules, name="rules"),
    path("rules/as/<str:form>/", rules.export, name="rules_export"),
    path("rules/<str:country>/<str:name>/", rules.rule, {"under": "rules"}, name="rule"),
    path("journal/", views.journal_page, name="journal"),
]
