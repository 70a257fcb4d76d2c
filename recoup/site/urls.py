"""Every address."""

from django.urls import include, path

from recoup.look.views import ask_administrator

urlpatterns = [
    path("", include("recoup.look.urls")),
    path("api/", include("recoup.api.urls")),
    path("sign-in/password/reset/", ask_administrator),
    path("sign-in/email/", ask_administrator),
    path("sign-in/", include("allauth.urls")),
    path("workbench/", include("recoup.desks.workbench.urls")),
    path("floor/", include("recoup.desks.floor.urls")),
    path("board/", include("recoup.desks.board.urls")),
    path("studio/", include("recoup.desks.studio.urls")),
    path("review/", include("recoup.desks.review.urls")),
    path("system/", include("recoup.desks.control.urls")),
]
handler400 = "recoup.look.errors.bad_request"
handler403 = "recoup.look.errors.forbidden"
handler404 = "recoup.look.errors.not_found"
handler500 = "recoup.look.errors.broken"
