from django.apps import AppConfig


class ScoringConfig(AppConfig):
    name = "recoup.scoring"
    default_auto_field = "django.db.models.BigAutoField"
