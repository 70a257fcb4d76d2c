"""Addresses of the floor."""

from django.urls import path

from recoup.desks.floor import away, exports, people, views

urlpatterns = [
    path("", views.floor, name="floor"),
    path("unassigned/", views.unassigned, name="unassigned"),
    path("export/<slug:table>.<slug:form>", exports.export, name="floor_export"),
    path("people/<str:username>/", people.person, name="floor_person"),
    path("people/<str:username>/seat/", people.seat, name="floor_seat"),
    path("people/<str:username>/can/", people.qualify, name="floor_qualify"),
    path("people/<str:username>/absent/", people.absent, name="floor_absent"),
    path(
        "people/<str:username>/absent/<int:pk>/end/", people.end_absence, name="floor_end_absence"
    ),
    path("away/<str:username>/", away.away, name="floor_away"),
    path("away/undo/<int:pk>/", away.undo, name="floor_undo"),
]
