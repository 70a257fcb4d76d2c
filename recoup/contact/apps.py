from django.apps import AppConfig


class ContactConfig(AppConfig):
    name = "recoup.contact"
    default_auto_field = "django.db.models.BigAutoField"
