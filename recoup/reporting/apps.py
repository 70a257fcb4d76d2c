from django.apps import AppConfig


class ReportingConfig(AppConfig):
    name = "recoup.reporting"
    default_auto_field = "django.db.models.BigAutoField"
