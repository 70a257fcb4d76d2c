from django.apps import AppConfig


class GateConfig(AppConfig):
    name = "recoup.gate"
    default_auto_field = "django.db.models.BigAutoField"
