"""Addresses of what all desks share."""

from django.urls import path

from recoup.look import live, views

urlpatterns = [
    path("", views.home, name="home"),
    path("help/", views.help_page, name="help"),
    path("account/", views.account, name="account"),
    path("language/", views.language, name="language"),
    path("live/", live.stream, name="live"),
]
