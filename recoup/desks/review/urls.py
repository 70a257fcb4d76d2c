"""Addresses of the review desk."""

from django.urls import path

from recoup.desks.review import views

urlpatterns = [
    path("refusals/", views.refusals, name="refusals"),
    path("journal/", views.journal_page, name="journal"),
]
