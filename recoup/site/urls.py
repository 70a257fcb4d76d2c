"""Every address."""

from django.urls import include, path

urlpatterns = [
    path("", include("recoup.look.urls")),
    path("api/", include("recoup.api.urls")),
    path("sign-in/", include("allauth.urls")),
    path("work/", include("recoup.desks.workbench.urls")),
    path("board/", include("recoup.desks.board.urls")),
    path("studio/", include("recoup.desks.studio.urls")),
    path("review/", include("recoup.desks.review.urls")),
    path("system/", include("recoup.desks.control.urls")),
]
handler400 = "recoup.look.errors.bad_request"
handler403 = "recoup.look.errors.forbidden"
handler404 = "recoup.look.errors.not_found"
handler500 = "recoup.look.errors.broken"
