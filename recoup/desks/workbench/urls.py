"""Addresses of the workbench."""

from django.urls import path

from recoup.desks.workbench import cases, reading

urlpatterns = [
    path("cases/", cases.cases, name="cases"),
    path("cases/<int:pk>/", reading.case, name="case"),
]
