"""Every setting of MeterBase, from the environment or the `.env` file beside manage.py.

`.env.example` lists each variable with its default and meaning. With nothing set, MeterBase runs on
SQLite, posts nothing to any PMS, and makes itself a secret key under the state folder.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import environ
import fontpkg_inter
from csp.constants import NONE, SELF

from meterbase.lib.secret_key import read_or_create_secret_key

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
# METERBASE_ENV_FILE names another file; set to nothing, no file is read (tests do that).
_env_file = os.environ.get("METERBASE_ENV_FILE", str(BASE_DIR / ".env"))
if _env_file and Path(_env_file).is_file():
    environ.Env.read_env(_env_file)


def _text(name: str, default: str) -> str:
    """Read a variable; left empty, as in `.env.example`, it means its default."""
    return env.str(name, default="") or default


# --- Where this runs ---------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
STATE_DIR = Path(_text("STATE_DIR", str(BASE_DIR / "var")))
STATE_DIR.mkdir(parents=True, exist_ok=True)
SECRET_KEY_IS_GENERATED = not _text("SECRET_KEY", "")
SECRET_KEY = _text("SECRET_KEY", "") or read_or_create_secret_key(STATE_DIR)
# Earlier keys: what was sealed or signed with them can still be read.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
HTTPS_ONLY = env.bool("HTTPS_ONLY", default=False)

# --- Propexo -----------------------------------------------------------------------------------

PROPEXO_API_KEY = _text("PROPEXO_API_KEY", "")
PROPEXO_BASE_URL = _text("PROPEXO_BASE_URL", "https://api.propexo.com")
# auto finds out which wire contract a connection speaks; unified and v1 force one.
PROPEXO_CONTRACT = _text("PROPEXO_CONTRACT", "auto")
PROPEXO_CHARGE_POSTING_ENABLED = env.bool("PROPEXO_CHARGE_POSTING_ENABLED", default=False)
# One secret, or several with commas between them; with none, every webhook is refused.
PROPEXO_WEBHOOK_SECRET = _text("PROPEXO_WEBHOOK_SECRET", "")
# true lets the webhooks that MeterBase sends go to this machine, and over http: for development.
WEBHOOKS_TO_THIS_MACHINE = env.bool("WEBHOOKS_TO_THIS_MACHINE", default=False)
# Called with what the PMS reports of charges, charge codes and jobs (PmsEvent), maybe twice.
PMS_EVENT_LISTENERS = ("billing.pms_events.nudge_posting",)
# Requests a minute; 0 means: as many as Propexo's answers allow.
PROPEXO_RATE_LIMIT = int(_text("PROPEXO_RATE_LIMIT", "0"))
# The percentage of them that reads leave to charges while charges are posted.
PROPEXO_POSTING_SHARE = int(_text("PROPEXO_POSTING_SHARE", "25"))
# Hours after which data from the PMS counts as old.
PROPEXO_STALE_AFTER_HOURS = int(_text("PROPEXO_STALE_AFTER_HOURS", "24"))
# Seconds between two automatic syncs; 0 turns them off.
PROPEXO_SYNC_INTERVAL = int(_text("PROPEXO_SYNC_INTERVAL", "3600"))
# The hours of the day in TIME_ZONE, such as 22:00-06:00, in which they may start; empty: any.
PROPEXO_SYNC_WINDOW = _text("PROPEXO_SYNC_WINDOW", "")
# Seconds after which a sync reads everything again, to notice what is gone in the PMS.
PROPEXO_FULL_SYNC_INTERVAL = int(_text("PROPEXO_FULL_SYNC_INTERVAL", "86400"))
# Called as (property, time) in the transaction that stores a chart of accounts.
PMS_CHART_LISTENERS = ("billing.operations.charge_code_mappings.follow_chart",)

# --- Posting: how long a doubtful charge is left alone before the PMS's ledger is believed --------

POSTING_SETTLE_SECONDS = env.int("POSTING_SETTLE_SECONDS", default=120)
POSTING_LOOK_GAP_SECONDS = env.float("POSTING_LOOK_GAP_SECONDS", default=30)
POSTING_LEASE_SECONDS = env.int("POSTING_LEASE_SECONDS", default=60)
PROPEXO_WRITE_TIMEOUT = env.float("PROPEXO_WRITE_TIMEOUT", default=20.0)
# The hours of the night, in TIME_ZONE, in which each ledger is compared; empty: any, off: none.
LEDGER_CHECK_WINDOW = _text("LEDGER_CHECK_WINDOW", "01:00-05:00")
# Days after which a comparison that found nothing is dropped.
LEDGER_CHECK_KEEP_DAYS = env.int("LEDGER_CHECK_KEEP_DAYS", default=90)

# --- The application ---------------------------------------------------------------------------

INSTALLED_APPS = [
    "meterbase",
    "portfolios",
    "integrations",
    "billing",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_q",
    "django_htmx",
    "bootstrap",
    "django_bootstrap5",
    "template_partials",
    "lucide",
    "csp",
]

MIDDLEWARE = [
    "meterbase.request_ids.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "meterbase.middleware.PagePolicyMiddleware",
    "meterbase.middleware.PageSessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "meterbase.middleware.PageUserMiddleware",
    "meterbase.api_gate.ApiGateMiddleware",
    "meterbase.middleware.PageMessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "meterbase.middleware.VaryOnHtmxMiddleware",
]

ROOT_URLCONF = "meterbase.urls"
WSGI_APPLICATION = "meterbase.wsgi.application"
AUTH_USER_MODEL = "portfolios.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "meterbase.context_processors.installation",
            ],
        },
    },
]

BOOTSTRAP5 = {"set_placeholder": False}

# --- Database ----------------------------------------------------------------------------------

DATABASES: dict[str, dict[str, Any]] = {
    "default": env.db_url_config(
        _text("DATABASE_URL", f"sqlite:///{STATE_DIR / 'meterbase.sqlite3'}")
    )
}
_database = DATABASES["default"]
_database["CONN_MAX_AGE"] = 60
_database["CONN_HEALTH_CHECKS"] = True
if _database["ENGINE"].endswith("sqlite3"):
    # Without all three, concurrent writers lose work to "database is locked"; FULL keeps the
    # intent of a charge through a power cut.
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
else:
    # To compile a question to machine code takes longer than to answer any that pages ask.
    _options = "-c synchronous_commit=on -c jit=off"
    _database.setdefault("OPTIONS", {}).setdefault("options", _options)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Background work: django-q2 only wakes the engine; tables hold what is due -------------------

Q_CLUSTER = {
    "name": "meterbase",  # also the salt that signs the queue's rows: never change it
    "orm": "default",
    "workers": env.int("WORKERS", default=2),
    "timeout": 60,
    "retry": 240,
    "max_attempts": 1,
    "ack_failures": True,
    "queue_limit": 4,
    "bulk": 1,
    "poll": 0.2,
    "save_limit": -1,
    "catch_up": False,
    "recycle": 500,
    "max_rss": 300_000,
    "guard_cycle": 0.5,
    "label": "Background work",
    # Charges have a queue and workers of their own: no sync and no report can hold them up.
    # `qcluster` works on it where the environment says Q_CLUSTER_NAME=posting.
    "ALT_CLUSTERS": {"posting": {"workers": env.int("POSTING_WORKERS", default=2)}},
}

# --- Notices by e-mail --------------------------------------------------------------------------

# Where people find MeterBase: what the links in mails begin with.
SITE_URL = _text("SITE_URL", "http://localhost:8000")
SITE_URL_IS_SET = bool(_text("SITE_URL", ""))
_mail = env.email_url_config(_text("EMAIL_URL", "consolemail://"))
# Django's own SMTP backend does not tell whether a mail may have arrived when the line breaks.
_SMTP = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_BACKEND = _mail["EMAIL_BACKEND"].replace(_SMTP, "portfolios.notices.mail_line.SmtpBackend")
EMAIL_HOST = _mail["EMAIL_HOST"] or "localhost"
EMAIL_PORT = _mail["EMAIL_PORT"] or 25
EMAIL_HOST_USER = _mail["EMAIL_HOST_USER"] or ""
EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS = _mail.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _mail.get("EMAIL_USE_SSL", False)
EMAIL_FILE_PATH = _mail["EMAIL_FILE_PATH"] or None
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = _text("EMAIL_FROM", "MeterBase <meterbase@localhost>")
# The hour of the day in TIME_ZONE from which digests are sent, Monday to Friday.
NOTICE_DIGEST_HOUR = env.int("NOTICE_DIGEST_HOUR", default=7)
# Who writes the letter of which kind of notice, when it goes out: called as (notice, now=time).
NOTICE_WRITERS = {
    "approval_waiting": "billing.notices.letters.write_approval_waiting",
    "sent_back": "billing.notices.letters.write_sent_back",
    "job_failed": "billing.notices.letters.write_job_failed",
    "login_needed": "integrations.notices.write_login_needed",
    "bills_missing": "billing.notices.letters.write_bills_missing",
    "digest": "billing.notices.digest.write_digest",
}

# --- Passwords, sessions, headers --------------------------------------------------------------

_VALIDATORS = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_VALIDATORS}.UserAttributeSimilarityValidator"},
    {"NAME": f"{_VALIDATORS}.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": f"{_VALIDATORS}.CommonPasswordValidator"},
    {"NAME": f"{_VALIDATORS}.NumericPasswordValidator"},
]
SESSION_COOKIE_SECURE = HTTPS_ONLY
CSRF_COOKIE_SECURE = HTTPS_ONLY
SECURE_SSL_REDIRECT = HTTPS_ONLY
# Load balancers ask from inside, without HTTPS.
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS_ONLY else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS_ONLY else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        "img-src": [SELF, "data:"],
        "frame-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

# --- Language, time, files ---------------------------------------------------------------------

LANGUAGE_CODE = "en-us"
TIME_ZONE = _text("TIME_ZONE", "UTC")
USE_I18N = False
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = STATE_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("fonts", Path(fontpkg_inter.__file__).parent / "files"),
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000

# --- What is written down while it runs ----------------------------------------------------------

LOG_LEVEL = _text("LOG_LEVEL", "INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name} {request_id}: {message}", "style": "{"}
    },
    "filters": {"request_id": {"()": "meterbase.request_ids.RequestIdFilter"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["request_id"],
        },
        "crash_only": {"class": "meterbase.lib.crash_only.CrashOnly"},
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django-q": {
            "handlers": ["console", "crash_only"],
            "level": LOG_LEVEL,
            "propagate": False,
        },
        # It tells of every glyph that it puts into a PDF.
        "fontTools": {"level": "WARNING"},
    },
}
