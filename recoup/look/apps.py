from django.apps import AppConfig


class LookConfig(AppConfig):
    name = "recoup.look"
    default_auto_field = "django.db.models.BigAutoField"
