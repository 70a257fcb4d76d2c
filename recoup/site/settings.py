"""
Every setting, read top to bottom. The environment is the only source; defaults run.
"""

from __future__ import annotations

import re
from pathlib import Path

from csp.constants import NONE, SELF

from recoup.site import env

ROOT = Path(__file__).resolve().parents[2]

# Where everything that is not code lives: database, keys, staged files, models, letters.
DATA_DIR = Path(env.text("RECOUP_HOME", str(ROOT / "var"))).resolve()
DATA_DIR.mkdir(parents=True, exist_ok=True)

VERSION = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.M).group(1)  # type: ignore[union-attr]

DEBUG = env.flag("RECOUP_DEBUG")
SECRET_KEY = env.kept_secret("RECOUP_SECRET_KEY", DATA_DIR / "keys" / "secret")
ALLOWED_HOSTS = env.words("RECOUP_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = env.words("RECOUP_ORIGINS")
BEHIND_TLS = env.flag("RECOUP_TLS")

# -- Personal data, permits ------------------------------------------------------------------
VAULT_KEY = env.kept_secret("RECOUP_VAULT_KEY", DATA_DIR / "keys" / "vault")
VAULT_OLD_KEYS = env.words("RECOUP_VAULT_OLD_KEYS")
PERMIT_KEY = env.kept_secret("RECOUP_PERMIT_KEY", DATA_DIR / "keys" / "permit")
WEBHOOK_KEY = env.kept_secret("RECOUP_WEBHOOK_KEY", DATA_DIR / "keys" / "webhook")
# How many requests a machine's key may make in a minute; 0 for any number.
API_PER_MINUTE = env.number("RECOUP_API_PER_MINUTE", 600)

# -- Carriers: a live book sends nothing on a channel without one ------------------------------
SMS_CARRIER = env.text("RECOUP_SMS_CARRIER")  # "http" or "smpp"
SMS_HTTP_URL = env.text("RECOUP_SMS_HTTP_URL")
SMS_HTTP_KEY_ID = env.text("RECOUP_SMS_HTTP_KEY_ID")
SMS_HTTP_SECRET = env.text("RECOUP_SMS_HTTP_SECRET")
# Our template codes and the gateway's: "reminder=SMS_154950909, notice=SMS_154950910".
SMS_HTTP_TEMPLATES = env.pairs("RECOUP_SMS_HTTP_TEMPLATES")
SMS_HTTP_IDEMPOTENT = env.flag("RECOUP_SMS_HTTP_IDEMPOTENT")  # drops a second OutId itself
SMS_SMPP_URL = env.text("RECOUP_SMS_SMPP_URL")  # smpp://system_id:password@host:port
SMTP_URL = env.text("RECOUP_SMTP_URL")  # smtp://user:password@host:port?starttls=yes
MAIL_FROM = env.text("RECOUP_MAIL_FROM")
LETTER_FOLDER = env.text("RECOUP_LETTER_FOLDER")  # where a print house fetches PDFs
# What a carrier charges, in minor units for each segment, mail, letter; fractions allowed.
SMS_PRICE = env.text("RECOUP_SMS_PRICE", "4.5")
MAIL_PRICE = env.text("RECOUP_MAIL_PRICE", "0.2")
LETTER_PRICE = env.text("RECOUP_LETTER_PRICE", "300")
# For each minute of a call that has begun, in minor units.
CALL_PRICE = env.text("RECOUP_CALL_PRICE", "10")
# Who flies what the studio asks for: a child of the web server, or `recoup strategy fly --waiting`
# that an operator runs where there is room for it ("apart").
FLIGHTS = env.one_of("RECOUP_FLIGHTS", ("child", "apart"))
PORTAL_URL = env.text("RECOUP_PORTAL_URL", "http://127.0.0.1:8000")

# -- Django ------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "csp",
    "django_htmx",
    "recoup.journal",
    "recoup.people",
    "recoup.intake",
    "recoup.portfolio",
    "recoup.scoring",
    "recoup.strategy",
    "recoup.gate",
    "recoup.contact",
    "recoup.repayment",
    "recoup.reporting",
    "recoup.api",
    "recoup.look",
    "recoup.desks",
    "recoup.site",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "recoup.look.language.ChosenLanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "recoup.look.tenancy.TenancyMiddleware",
    "recoup.look.errors.ErrorPagesMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "recoup.site.urls"
ASGI_APPLICATION = "recoup.site.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # Before the applications' own, so that allauth's pages stand in our frame.
        "DIRS": [
            ROOT / "recoup" / "look" / "templates",
            *sorted((ROOT / "recoup" / "desks").glob("*/templates")),
        ],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "recoup.look.context.frame",
            ]
        },
    }
]
DATABASES = {
    "default": env.database(env.text("DATABASE_URL", f"sqlite:///{DATA_DIR / 'recoup.sqlite3'}"))
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- Signing in ----------------------------------------------------------------------------------
AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_ADAPTER = "recoup.look.accounts.ClosedAccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = {"login_failed": None}  # axes locks out, and says until when
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
AXES_FAILURE_LIMIT = env.number("RECOUP_LOGIN_FAILURES", 5)
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "recoup.look.accounts.locked_out"
AXES_VERBOSE = False
SESSION_COOKIE_AGE = 60 * 60 * 10
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_TLS
SECURE_SSL_REDIRECT = BEHIND_TLS
SECURE_HSTS_SECONDS = 31_536_000 if BEHIND_TLS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS else None
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "recoup.look.errors.expired"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}

# -- Language, time, numbers ---------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [ROOT / "recoup" / "site" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
USE_THOUSAND_SEPARATOR = True

# -- Files ---------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
BROWSER_FILES = Path(env.text("RECOUP_BROWSER_FILES", str(ROOT / "var" / "browser")))
STATICFILES_DIRS = [("vendor", BROWSER_FILES)] if BROWSER_FILES.is_dir() else []
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024

# -- Logs: sentences, never personal data --------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"recoup": {"level": "INFO"}, "axes": {"level": "ERROR"}},
}
