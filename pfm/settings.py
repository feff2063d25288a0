"""Every setting of the project; what differs between places comes from the environment (.env.example)."""

import sys
import tomllib
from pathlib import Path
from urllib.parse import unquote

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _
from kombu import Exchange, Queue

from pfm import logs
from pfm.environment import Environment

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION: str = tomllib.loads((BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

# --- What differs between places -------------------------------------------------------------------
env = Environment(BASE_DIR / ".env")
SECRET_KEY = env.text("SECRET_KEY", min_length=32)
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS", default=())
DOCUMENT_HASH_KEYS = env.keys("DOCUMENT_HASH_KEYS", min_length=32)
DEBUG = env.boolean("DEBUG")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS")
PUBLIC_URL = env.url("PUBLIC_URL")
DATABASES = {"default": env.database("DATABASE_URL")}
REDIS_URL = env.url("REDIS_URL", schemes=("redis", "rediss", "unix"))
PLUGGY_API_URL = env.url("PLUGGY_API_URL")
PLUGGY_CONNECT_URL = env.url("PLUGGY_CONNECT_URL")
PLUGGY_CLIENT_ID = env.text("PLUGGY_CLIENT_ID")
PLUGGY_CLIENT_SECRET = env.text("PLUGGY_CLIENT_SECRET")
PLUGGY_WEBHOOK_SECRET = env.header("PLUGGY_WEBHOOK_SECRET", min_length=32)
PLUGGY_WEBHOOK_SECRET_PREVIOUS = env.header("PLUGGY_WEBHOOK_SECRET_PREVIOUS", min_length=32, default="")
PLUGGY_WEBHOOK_SECRET_PREVIOUS_UNTIL = env.instant("PLUGGY_WEBHOOK_SECRET_PREVIOUS_UNTIL")
PLUGGY_WEBHOOK_SIGNING_SECRET = env.text("PLUGGY_WEBHOOK_SIGNING_SECRET", min_length=0, default="")
PLUGGY_WEBHOOK_SIGNATURE_HEADER = env.header_name(
    "PLUGGY_WEBHOOK_SIGNATURE_HEADER", default="X-Webhook-Signature"
)
PLUGGY_WEBHOOK_SIGNATURE_ALGORITHM = env.choice(
    "PLUGGY_WEBHOOK_SIGNATURE_ALGORITHM", ("sha256", "sha384", "sha512"), default="sha256"
)
PLUGGY_WEBHOOK_SOURCES = env.networks("PLUGGY_WEBHOOK_SOURCES")
PLUGGY_INCLUDE_SANDBOX = env.boolean("PLUGGY_INCLUDE_SANDBOX", default=False)
PLUGGY_LIMITS_PERCENT = env.number("PLUGGY_LIMITS_PERCENT", default=100, least=1)
PLUGGY_PROCESSES = env.number("PLUGGY_PROCESSES", default=8, least=1)
SYNC_BULK_FROM_ROWS = env.number("SYNC_BULK_FROM_ROWS", default=20_000, least=1)
EMAIL = env.email("EMAIL_URL", default="consolemail://")
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", default="Lume <no-reply@localhost>")
TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXY_COUNT", default=0)
SECURITY_CONTACTS = env.words("SECURITY_CONTACTS", default=())
SECURITY_CONTACTS_UNTIL = env.instant("SECURITY_CONTACTS_UNTIL")
RETENTION_EVENT_BODIES_DAYS = env.number("RETENTION_EVENT_BODIES_DAYS", default=30, least=8)
RETENTION_SYNC_RUNS_DAYS = env.number("RETENTION_SYNC_RUNS_DAYS", default=180, least=8)
RETENTION_SECURITY_EVENTS_DAYS = env.number("RETENTION_SECURITY_EVENTS_DAYS", default=730, least=30)
RETENTION_UNCONFIRMED_DAYS = env.number("RETENTION_UNCONFIRMED_DAYS", default=7, least=3)
# A code that every authenticator app accepts: for the demo on one's own machine, refused without DEBUG.
DEMO_SECOND_FACTOR_CODE = env.text("DEMO_SECOND_FACTOR_CODE", default="")
env.check()

IS_HTTPS = PUBLIC_URL.startswith("https://")

# --- Apps ------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "accounts",
    "banking.connections",
    "banking.ledger",
    "banking.web",
    "webhooks",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "csp",
    "pfm.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]
# Those before WhiteNoise add their headers to static files, too.
MIDDLEWARE = [
    "pfm.middleware.RequestIdMiddleware",
    "pfm.browser_policy.HttpsOnlyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "pfm.browser_policy.BrowserPolicyMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "pfm.middleware.StorableTextMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.LogUserMiddleware",
    "accounts.middleware.StaffIdleMiddleware",
    "accounts.middleware.RowSecurityMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "accounts.middleware.UnknownIdMiddleware",
    "accounts.middleware.KnownDeviceMiddleware",
    "accounts.middleware.PrivatePagesMiddleware",
]
ROOT_URLCONF = "pfm.urls"
WSGI_APPLICATION = "pfm.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
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
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static"],
        },
    }
]

# --- Database, cache, sessions ---------------------------------------------------------------------
# One persistent connection per thread, checked before use: a restarted PostgreSQL costs no failed page.
DATABASES["default"] |= {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True, "ATOMIC_REQUESTS": False}
# Rate limits live here. In the database, so that a lost Redis never locks anyone out.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache_entries",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

# --- Celery: a doorbell that may fail --------------------------------------------------------------
# Celery spells a Redis socket `redis+socket://path?virtual_host=n`, redis-py `unix://path?db=n`.
CELERY_BROKER_URL = unquote(REDIS_URL).replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 300_000  # kB; a child that grew beyond it ends after its task
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
# Short work, which somebody may be waiting for, never queues behind long work. An exchange for each queue:
# with a common one, every message would go to both.
CELERY_TASK_QUEUES = [Queue(name, Exchange(name), routing_key=name) for name in ("interactive", "bulk")]
CELERY_TASK_DEFAULT_QUEUE = "interactive"
CELERY_TASK_ROUTES = {
    "banking.sync_bulk": {"queue": "bulk"},
    "banking.run_bulk_edit": {"queue": "bulk"},
    "banking.run_bulk_edits": {"queue": "bulk"},
    "banking.finish_disconnection": {"queue": "bulk"},
    "banking.finish_disconnections": {"queue": "bulk"},
    "banking.erase": {"queue": "bulk"},
    "banking.run_erasures": {"queue": "bulk"},
    "banking.delete_late_events": {"queue": "bulk"},
    "banking.apply_rule": {"queue": "bulk"},
    "banking.apply_rules": {"queue": "bulk"},
    "banking.send_category_updates": {"queue": "bulk"},
    "banking.find_unclaimed_items": {"queue": "bulk"},
    "banking.read_again": {"queue": "bulk"},
    "webhooks.check_registration": {"queue": "bulk"},
    "webhooks.delete_old_data": {"queue": "bulk"},
    "webhooks.check_credentials": {"queue": "bulk"},
}
CELERY_TASK_SOFT_TIME_LIMIT = 9 * 60
CELERY_TASK_TIME_LIMIT = 10 * 60
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_TIMEOUT = 0.5
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 5.0,
    "socket_connect_timeout": 0.5,
    "visibility_timeout": 15 * 60,
}
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# --- People ----------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
# One backend, so that a failed sign-in costs one hash.
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["accounts.hashers.Argon2Hasher", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
_VALIDATION = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_VALIDATION}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": f"{_VALIDATION}.UserAttributeSimilarityValidator"},
    {"NAME": f"{_VALIDATION}.CommonPasswordValidator"},
    {"NAME": "accounts.passwords.GuessablePasswordValidator"},
]
ACCOUNT_FORMS = {
    "request_login_code": "accounts.forms.RequestLoginCodeForm",
    "add_email": "accounts.forms.ChangeEmailForm",
    "signup": "accounts.forms.SignupForm",
}
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "optional" if DEBUG else "mandatory"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_USER_DISPLAY = "accounts.adapters.display_name"
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Lume] "
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
# Times per duration, for each network address (ip), user or key. Guesses at passwords and codes are counted before
# the hash (accounts/sign_in_limits.py), costly work for each user (accounts/limits.py).
ACCOUNT_RATE_LIMITS = {
    "login": "",  # the next three instead: right passwords do not count
    "sign_in_network": "20/5m/ip,200/d/ip",
    "sign_in_account": "5/5m/key,30/d/key",
    "sign_in_device": "5/5m/key,30/d/key",
    "login_failed": "5/5m/key,30/d/key",  # codes of the second factor
    "reauthenticate": "10/m/user,50/h/user",
    "change_password": "5/m/user,20/h/user",
    "request_login_code": "30/h/ip,20/h/key",
    "request_code_here": "3/15m/key",  # for each pair of network address and e-mail address
    "reset_password": "20/h/ip,5/h/key",
    "signup": "20/5m/ip,200/d/ip",
    "edit": "120/m/user",
    "bulk_edit": "20/m/user",
    "rule": "30/m/user",
    "export": "20/m/user,100/h/user",
    "connect_token": "30/m/user",
    "claim": "30/m/user",
    "refresh_item": "10/m/user",
    "read_balance": "3/m/user",
    "my_data": "5/h/user",
}
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXY_COUNT  # whose X-Forwarded-For is believed: limits are per person
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 5 * 60  # seconds since the password or the second factor
ACCOUNT_LOGIN_BY_CODE_ENABLED = True  # a way in when the password is locked or forgotten
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 10 * 60  # seconds
ACCOUNT_CHANGE_EMAIL = True  # one address at a time
USERSESSIONS_ADAPTER = "accounts.adapters.UserSessionsAdapter"
ACCOUNT_EMAIL_NOTIFICATIONS = True  # a mail for every change of how a user signs in
MFA_ADAPTER = "accounts.adapters.MFAAdapter"
MFA_FORMS = {"authenticate": "accounts.forms.SecondFactorForm"}
MFA_RATE_LIMITS = {"webauthn_login": "60/m/ip"}  # nothing to guess; the limit keeps the work small
MFA_SUPPORTED_TYPES = ["webauthn", "totp", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not IS_HTTPS  # browsers allow passkeys on http for localhost alone
MFA_ALLOW_UNVERIFIED_EMAIL = True  # else nobody with a second factor could change their address
MFA_TOTP_TOLERANCE = 1  # codes of 30 seconds earlier and later, for a clock that is wrong
if DEMO_SECOND_FACTOR_CODE:
    MFA_TOTP_INSECURE_BYPASS_CODE = DEMO_SECOND_FACTOR_CODE
STAFF_IDLE_LIMIT = 60 * 60  # seconds without a request after which staff sign in again
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "overview"
EMAIL_BACKEND = EMAIL["EMAIL_BACKEND"]
EMAIL_HOST, EMAIL_PORT = EMAIL.get("EMAIL_HOST") or "localhost", EMAIL.get("EMAIL_PORT") or 25
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = EMAIL.get("EMAIL_HOST_USER"), EMAIL.get("EMAIL_HOST_PASSWORD")
EMAIL_TIMEOUT = 10  # seconds
EMAIL_USE_TLS, EMAIL_USE_SSL = EMAIL.get("EMAIL_USE_TLS", False), EMAIL.get("EMAIL_USE_SSL", False)

# --- Languages, time, numbers ----------------------------------------------------------------------
LANGUAGE_CODE = "pt-br"
LANGUAGES = [("pt-br", _("Portuguese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "America/Sao_Paulo"
USE_TZ = True
USE_THOUSAND_SEPARATOR = False  # with it on, {{ pk }} prints 12.345

# --- Static files ----------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
if DEBUG:
    STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # WhiteNoise warns about a folder that is missing
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG
_STATIC = "django.contrib.staticfiles.storage.StaticFilesStorage"
_MANIFEST = "pfm.static_storage.HashedStaticFilesStorage"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _STATIC if DEBUG else _MANIFEST},
}

# --- Security --------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        "img-src": [SELF, "data:", "https://cdn.pluggy.ai", PLUGGY_CONNECT_URL],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_HTTPS
SECURE_HSTS_PRELOAD = IS_HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
# Browsers take a cookie of this name only from this host, over https, for every path: no other subdomain can set it.
_HOST = "__Host-" if IS_HTTPS else ""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{_HOST}sessionid", f"{_HOST}csrftoken"
KNOWN_DEVICES_COOKIE_NAME = f"{_HOST}known_devices"
LANGUAGE_COOKIE_NAME, MESSAGES_COOKIE_NAME = f"{_HOST}django_language", f"{_HOST}messages"
MESSAGE_STORAGE = "pfm.message_storage.MessageStorage"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = IS_HTTPS
CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024  # also the largest webhook body that is read

# --- Logs ------------------------------------------------------------------------------------------
# All lines have the format of pfm/logs.py, those of libraries too.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "pfm.logs.formatter", "is_readable": DEBUG}},
    "handlers": {"console": {"class": "logging.StreamHandler", "stream": sys.stdout, "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.request": {"level": "ERROR"},  # pfm/middleware.py logs the status of each request
        "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        "celery": {"level": "WARNING"},
    },
}
logs.configure()
