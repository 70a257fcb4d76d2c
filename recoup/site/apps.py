from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "recoup.site"
    label = "recoup_site"

    def ready(self) -> None:
        # The site is the only place above the path, so it is the one that lays it.
        from recoup import path

        path.lay()
