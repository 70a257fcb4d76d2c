"""Addresses of the administrator's desk."""

from django.urls import path

from recoup.desks.control import views

urlpatterns = [
    path("", views.status, name="status"),
    path("verify/", views.verify, name="verify"),
]
