from django.apps import AppConfig


class RepaymentConfig(AppConfig):
    name = "recoup.repayment"
    default_auto_field = "django.db.models.BigAutoField"
