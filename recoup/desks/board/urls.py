"""Addresses of the board."""

from django.urls import path

from recoup.desks.board import exports, views

urlpatterns = [
    path("", views.board, name="board"),
    path("by/<slug:dimension>/", views.by, name="board_by"),
    path("export/<slug:table>.<slug:form>", exports.export, name="board_export"),
]
