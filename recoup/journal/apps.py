from django.apps import AppConfig


class JournalConfig(AppConfig):
    name = "recoup.journal"
    default_auto_field = "django.db.models.BigAutoField"
