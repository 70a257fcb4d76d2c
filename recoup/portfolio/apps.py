from django.apps import AppConfig


class PortfolioConfig(AppConfig):
    name = "recoup.portfolio"
    default_auto_field = "django.db.models.BigAutoField"
