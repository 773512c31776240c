"""All settings. Every variable has a default that works on a laptop, or an error that says what to do."""

import sys
from pathlib import Path

import environ
from celery.schedules import crontab
from corsheaders.defaults import default_headers
from django.core.exceptions import ImproperlyConfigured
from pythonjsonlogger.core import RESERVED_ATTRS
from redis.backoff import NoBackoff
from redis.retry import Retry

from labelstudio import frontend
from reviewsite import sentry

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"
# A number in jsonb may have so many digits. Python would refuse to read more than 4,300, and with them the
# whole page. (Bodies of requests have shorter ones: tasks/strict_json.py.)
sys.set_int_max_str_digits(131_072)
env = environ.Env()
TESTING = "pytest" in sys.modules

# --- process and hosts -------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
DEMO = env.bool("DEMO", default=False)
DEMO_SECRET_KEY = "demo-only-not-a-secret"
SECRET_KEY = env.str("SECRET_KEY", default=DEMO_SECRET_KEY)
if SECRET_KEY == DEMO_SECRET_KEY and not (DEBUG or DEMO or TESTING or "test" in sys.argv):
    raise ImproperlyConfigured(
        "SECRET_KEY is not set. Give this process a long random SECRET_KEY (or DEMO=1 on a laptop)."
    )
# Older keys: sessions stay valid, and webhooks are signed with these keys as well.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
# Addresses and networks of reverse proxies. X-Forwarded-For is read from them only.
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
CORS_ALLOWED_ORIGINS = env.list("CORS_ALLOWED_ORIGINS", default=[])
# Clients on other origins may send If-Match with a verdict, too.
CORS_ALLOW_HEADERS = [*default_headers, "if-match", "if-none-match"]
# Without this a page on another origin cannot read them. A test finds every header that an answer may have.
CORS_EXPOSE_HEADERS = [
    "Accept-Ranges",
    "Content-Disposition",
    "Content-Range",
    "ETag",
    "Link",
    "Retry-After",
    "X-Cursor",
    "X-Next-Changed-Since",
    "X-Request-ID",
    "X-Snapshot-At",
    "X-Tasks-Included",
    "X-Tasks-Left-Out",
]
BASE_URL = env.str("BASE_URL", default="http://localhost:8000")
DATA_DIR = Path(env.str("DATA", default="") or BASE_DIR / ".data")

INSTALLED_APPS = [
    "reviewsite.apps.CountersignAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "corsheaders",
    "rest_framework",
    "django_filters",
    "django_htmx",  # for its copy of htmx.js
    "drf_spectacular",
    "drf_spectacular_sidecar",
    # The order matters: it is the order in which the apps' event listeners are called.
    "users",
    "jobs",
    "tasks",
    "reviews",
    "exchange",
    "api",
    "labelstudio",
    "webhooks",
    "crowd",
    "audits",
    "pages",
    "reviewsite",
]
MIDDLEWARE = [
    "reviewsite.health.Probes",
    "reviewsite.access_log.AccessLog",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "reviewsite.middleware.GzipApi",
    "reviewsite.middleware.ReaderLanguage",
    "reviewsite.middleware.BodyLimit",
    "reviewsite.middleware.EitherSlash",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "reviewsite.middleware.AdminTimezone",
    "django_htmx.middleware.HtmxMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "reviewsite.urls"
WSGI_APPLICATION = "reviewsite.wsgi.application"
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
            ]
        },
    }
]

# --- database: PostgreSQL, and nothing else ----------------------------------------------------
DATABASES = {"default": env.db_url("DATABASE_URL", default="postgres:///countersign")}
DATABASES["default"] |= {
    "ENGINE": "reviewsite.postgresql",
    "CONN_MAX_AGE": 60,
    "CONN_HEALTH_CHECKS": True,
    "ATOMIC_REQUESTS": False,
}
# How long a statement of a request waits for a row that somebody else has locked. 0: forever.
LOCK_TIMEOUT_MS = env.int("LOCK_TIMEOUT_MS", default=5_000)
# Statements of the hot paths stay prepared on their connection. Switch off behind pgbouncer before 1.21.
PREPARE_STATEMENTS = env.bool("PREPARE_STATEMENTS", default=True)
# Django's default, None, would keep psycopg from preparing even what asks for it.
DATABASES["default"].setdefault("OPTIONS", {})["prepare_threshold"] = 5 if PREPARE_STATEMENTS else None
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- users and sign-on -------------------------------------------------------------------------
AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = ["users.backends.GuardedPasswordBackend", "tasks.permissions.RoleBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
# Not "/": where a campaign is the default of the site, that is the public page.
LOGIN_REDIRECT_URL = "index"
LOGOUT_REDIRECT_URL = "index"
SESSION_ENGINE = "users.sessions"
# What they limit: users/login_guard.py.
LOGIN_TRIES = env.int("LOGIN_TRIES", default=10)
LOGIN_TRIES_PER_EMAIL = env.int("LOGIN_TRIES_PER_EMAIL", default=50)
LOGIN_TRIES_PER_ADDRESS = env.int("LOGIN_TRIES_PER_ADDRESS", default=100)
LOGIN_WINDOW_SECONDS = env.int("LOGIN_WINDOW_SECONDS", default=300)
BAD_TOKENS_PER_ADDRESS = env.int("BAD_TOKENS_PER_ADDRESS", default=100)
PASSWORD_RESETS = env.int("PASSWORD_RESETS", default=3)
PASSWORD_RESETS_PER_ADDRESS = env.int("PASSWORD_RESETS_PER_ADDRESS", default=30)
LOGIN_TOKEN_HOURS = env.int("LOGIN_TOKEN_HOURS", default=12)
PERSONAL_TOKEN_DAYS = env.int("PERSONAL_TOKEN_DAYS", default=365)
# Sign-on by OpenID Connect, off without an issuer. OIDC_RP_* and OIDC_OP_* are settings of the library.
OIDC_ISSUER = env.str("OIDC_ISSUER", default="").rstrip("/")
OIDC_RP_CLIENT_ID = env.str("OIDC_CLIENT_ID", default="")
OIDC_RP_CLIENT_SECRET = env.str("OIDC_CLIENT_SECRET", default="")
OIDC_RP_SIGN_ALGO = env.str("OIDC_SIGN_ALGORITHM", default="RS256")
OIDC_RP_SCOPES = env.str("OIDC_SCOPES", default="openid email profile")
OIDC_USE_PKCE = True
OIDC_TIMEOUT = 10
OIDC_LEEWAY_SECONDS = 30
OIDC_GROUPS_CLAIM = env.str("OIDC_GROUPS_CLAIM", default="groups")
OIDC_GROUP_ROLES = env.json("OIDC_GROUP_ROLES", default={})
OIDC_CREATE_USER = env.bool("OIDC_CREATE_PEOPLE", default=False)
OIDC_REQUIRE_VERIFIED_EMAIL = env.bool("OIDC_REQUIRE_VERIFIED_EMAIL", default=True)
OIDC_AUTHENTICATION_CALLBACK_URL = "signed-on"
if OIDC_ISSUER:
    AUTHENTICATION_BACKENDS.append("reviewsite.signon.backend.SignOnBackend")
    if not OIDC_RP_CLIENT_ID or not OIDC_RP_SIGN_ALGO.startswith(("RS", "ES")):
        raise ImproperlyConfigured(
            "OIDC_ISSUER also needs OIDC_CLIENT_ID and a public-key OIDC_SIGN_ALGORITHM such as RS256."
        )
# EMAIL_BACKEND, EMAIL_HOST and so on, of one address: smtp+tls://user:password@mail.example.org:587
globals().update(env.email("EMAIL_URL", default="consolemail://"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="countersign@localhost")

# --- API ---------------------------------------------------------------------------------------
APPEND_SLASH = True
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "users.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": [
        "api.views.parsers.StrictJSONParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "api.openapi.schema.Schema",
    "DEFAULT_THROTTLE_CLASSES": ["api.views.throttles.WriteThrottle"],
    "DEFAULT_THROTTLE_RATES": {
        "write": env.str("THROTTLE_WRITES", default="500/second"),
        "crowd_reviewer": env.str("THROTTLE_CROWD_REVIEWER", default="300/minute"),
        "crowd_address": env.str("THROTTLE_CROWD_ADDRESS", default="6000/minute"),
    },
    "EXCEPTION_HANDLER": "reviewsite.errors.exception_handler",
    "URL_FORMAT_OVERRIDE": None,
    "DATETIME_FORMAT": "%Y-%m-%dT%H:%M:%S.%fZ",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Countersign",
    "DESCRIPTION": "The open review backend for labelled data. Speaks Label Studio's REST dialect.",
    "VERSION": VERSION,
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": "/api/",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "webhooks.reference.openapi.add_webhooks",
        "drf_spectacular.hooks.postprocess_schema_enums",
        "api.openapi.hooks.plain_schemas",
        "api.openapi.hooks.add_errors",
    ],
    "ENUM_NAME_OVERRIDES": {
        "ChangeKindEnum": "reviews.models.Correction.Kind",
        "TokenKindEnum": "users.models.ApiToken.Kind",
        "ReviewVerdictEnum": "reviews.models.review.VERDICT_CHOICES",
        "ObjectKindEnum": "api.views.trash.KINDS",
        "LeaseKindEnum": "api.serializers.queue.KINDS",
        "RejectActionEnum": "tasks.choices.RejectAction.choices",
        "DeliveryStateEnum": "webhooks.models.Delivery.State",
        "JobStateEnum": "jobs.models.State.choices",
        "AuditModelKindEnum": "audits.models.Kind.choices",
        "AuditErrorTypeEnum": "audits.api.parameters.ERROR_TYPES",
        "AuditReportErrorTypeEnum": "audits.models.ReportErrorType.choices",
        "AuditReportStateEnum": "audits.models.ReportState.choices",
        "OnlyOrNotEnum": "exchange.exporting.selection.ONLY_OR_NOT",
    },
}
API_BODY_LIMIT = 5 * 2**20
API_BODY_DISCARD_LIMIT = 16 * 2**20
# Label Studio's converter, for training formats: a Python that has it, and the bounds of its process.
CONVERTER_PYTHON = env.str("CONVERTER_PYTHON", default="")
CONVERTER_SECONDS = env.int("CONVERTER_SECONDS", default=600)
CONVERTER_MEMORY_MB = env.int("CONVERTER_MEMORY_MB", default=4096)
IMPORT_BODY_LIMIT = 200 * 2**20
UPLOAD_FILE_LIMIT = env.int("UPLOAD_FILE_LIMIT", default=100 * 2**20)
JSON_DEPTH_LIMIT = 64
DATA_UPLOAD_MAX_MEMORY_SIZE = API_BODY_LIMIT
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2**20
STATEMENT_TIMEOUT_MS = env.int("STATEMENT_TIMEOUT_MS", default=10_000)

# --- jobs --------------------------------------------------------------------------------------
REDIS_URL = env.str("REDIS_URL", default="redis://localhost:6379/0")
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 120,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 3,
    "socket_connect_timeout": 1,
    "global_keyprefix": env.str("REDIS_PREFIX", default=""),
    "retry": Retry(NoBackoff(), 0),
}
if REDIS_URL.startswith("filesystem://"):
    # No Redis on this machine: messages are files. The default polling interval allows two jobs a second.
    _FOLDER = REDIS_URL.removeprefix("filesystem://")
    CELERY_BROKER_URL = "filesystem://"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": _FOLDER,
        "data_folder_out": _FOLDER,
        "control_folder": f"{_FOLDER}-control",
        "polling_interval": 0.05,
    }
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_DEFAULT_QUEUE = "work"
CELERY_TASK_ROUTES = {
    # Long work has a queue of its own: folding totals and sweeping must not wait behind an import.
    "jobs.jobs.run_step": {"queue": "jobs"},
    "crowd.jobs.measure_campaigns": {"queue": "jobs"},
    "reviews.jobs.purge_trash": {"queue": "jobs"},
    "exchange.jobs.prune_exports": {"queue": "jobs"},
    # Each waits for the register, up to a quarter of a minute.
    "audits.jobs.send_report": {"queue": "jobs"},
    "audits.jobs.ask_register": {"queue": "jobs"},
    "webhooks.jobs.run_maintenance": {"queue": "work"},
    "webhooks.jobs.*": {"queue": "deliver"},
    # Waiting for a mail server that hangs delays no one but consumers that time out.
    "users.jobs.send_password_resets": {"queue": "deliver-slow"},
    "pages.jobs.*": {"queue": "deliver-slow"},
}
CELERY_DB_REUSE_MAX = 1000
# A long job whose worker has not been heard of for so long is given to another one.
JOB_LEASE_SECONDS = env.int("JOB_LEASE_SECONDS", default=60)
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    "webhooks-sweep": {"task": "webhooks.jobs.sweep", "schedule": 1.0, "options": {"expires": 5}},
    "webhooks-maintenance": {
        "task": "webhooks.jobs.run_maintenance",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "fold-totals": {"task": "tasks.jobs.fold_totals", "schedule": 1.0, "options": {"expires": 5}},
    "purge-trash": {
        "task": "reviews.jobs.purge_trash",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
    "prune-exports": {
        "task": "exchange.jobs.prune_exports",
        "schedule": crontab(hour=3, minute=50),
        "options": {"expires": 3600},
    },
    "prune-jobs": {"task": "jobs.jobs.prune", "schedule": crontab(minute=35), "options": {"expires": 3600}},
    "sweep-jobs": {"task": "jobs.jobs.sweep", "schedule": 30.0, "options": {"expires": 30}},
    "sweep-reservations": {
        "task": "tasks.jobs.sweep_reservations",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "complete-campaigns": {
        "task": "crowd.jobs.complete_campaigns",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "measure-campaigns": {
        "task": "crowd.jobs.measure_campaigns",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "send-digests": {
        "task": "pages.jobs.send_digests",
        "schedule": crontab(minute=5),
        "options": {"expires": 3600},
    },
    "send-password-resets": {
        "task": "users.jobs.send_password_resets",
        "schedule": 2.0,
        "options": {"expires": 10},
    },
    "prune-sign-ins": {
        "task": "users.jobs.prune_sign_ins",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "push-crowd-reviews": {
        "task": "crowd.jobs.push_reviews",
        "schedule": env.float("PUSH_EVERY_SECONDS", default=600.0),
        "options": {"expires": 60},
    },
    "sweep-submissions": {
        "task": "audits.jobs.sweep_submissions",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "ask-register": {"task": "audits.jobs.ask_register", "schedule": 300.0, "options": {"expires": 300}},
}
# Each queue has workers of its own. After how many seconds without a sign of life `/status` says DOWN: longer
# than all processes of the pool may be busy with one delivery each, or with one step of a job.
POOLS = {"deliver": 25, "deliver-slow": 90, "work": 60, "jobs": 90}
BEAT_MAX_AGE_SECONDS = 25
HEARTBEAT_SECONDS = 5.0
CELERY_BEAT_SCHEDULE |= {
    f"heartbeat-{pool}": {
        "task": "reviewsite.jobs.heartbeat",
        "args": (pool,),
        "schedule": HEARTBEAT_SECONDS,
        "options": {"queue": pool, "expires": 30},
    }
    for pool in POOLS
}

if SENTRY_DSN := env.str("SENTRY_DSN", default=""):
    sentry.start(SENTRY_DSN, release=VERSION)
# A copy of production must reach nobody: no webhook, mail, report or push leaves this site.
SENDING_PAUSED = env.bool("SENDING_PAUSED", default=False)
# Who scrapes /metrics sends it as a bearer token. Without it there is no such address.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

# --- what is kept, in days; 0: for ever ---------------------------------------------------------
TRASH_DAYS = env.int("TRASH_DAYS", default=30)
EXPORT_DAYS = env.int("EXPORT_DAYS", default=90)

# --- queues and leases -------------------------------------------------------------------------
# How long an item is reserved for a person. The screens renew the lease while the person works.
LEASE_SECONDS = env.int("LEASE_SECONDS", default=600)
# How many items a person holds in a project at once. With one more they give back what they held longest.
PLACES_PER_PERSON = env.int("PLACES_PER_PERSON", default=3)

# --- crowd campaigns ---------------------------------------------------------------------------
# New anonymous reviewers from one address within an hour. Load tests raise it.
CROWD_IDENTITIES_PER_HOUR = env.int("CROWD_IDENTITIES_PER_HOUR", default=20)
# Sites that may show a campaign in a frame. Its cookies are then SameSite=None; Secure; Partitioned.
CROWD_EMBED_ORIGINS = env.list("CROWD_EMBED_ORIGINS", default=[])
# Where links of items to images and videos are redirected to. Where they point to is known.
CROWD_MEDIA_ORIGINS = env.list("CROWD_MEDIA_ORIGINS", default=[])
# Where reviews of campaigns with a dataset repository are pushed to; without a token they wait. The token is
# stored nowhere.
HF_TOKEN = env.str("HF_TOKEN", default="")
HF_ENDPOINT = env.str("HF_ENDPOINT", default="https://huggingface.co").rstrip("/")

# --- audits ------------------------------------------------------------------------------------
# The register that reports are submitted to, and its key, which is stored nowhere. Without it, nothing can be
# submitted, and what waits goes on waiting.
AVID_API_URL = env.str("AVID_API_URL", default="").strip().rstrip("/")
AVID_API_KEY = env.str("AVID_API_KEY", default="").strip()
AVID_ALLOW_HTTP = env.bool("AVID_ALLOW_HTTP", default=DEBUG or DEMO)
if AVID_API_URL:
    if not AVID_API_URL.startswith(("https://", "http://") if AVID_ALLOW_HTTP else "https://"):
        raise ImproperlyConfigured(
            "AVID_API_URL must begin with https://: the key and the reports travel there. "
            "For a register in a network of your own, set AVID_ALLOW_HTTP=on."
        )
    if not (AVID_API_KEY.isascii() and AVID_API_KEY.isprintable()):
        raise ImproperlyConfigured("AVID_API_KEY must be one line of ASCII text.")
    AVID_API_URL += "/"

# A daily e-mail about waiting work, sent from this hour on in the time zone of each person.
DIGESTS = env.bool("DIGESTS", default=True)
DIGEST_HOUR = env.int("DIGEST_HOUR", default=7)

# --- webhooks ----------------------------------------------------------------------------------
WEBHOOK_ALLOWED_NETWORKS = env.list("WEBHOOK_ALLOWED_NETWORKS", default=[])
WEBHOOK_TIME_SCALE = env.float("WEBHOOK_TIME_SCALE", default=1.0)

# --- pages -------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-us"
# Of the pages of audits, and of error sentences everywhere; everything else is English.
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale", BASE_DIR / "audits" / "locale"]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SAMESITE = "Lax"
FORM_RENDERER = "reviewsite.form_errors.FormRenderer"
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATICFILES_DIRS: list[Path | tuple[str, Path]] = [BASE_DIR / "static"]
# Label Studio's own web application at /label-studio/. The files that `make frontend` fetched are served in
# any case: the review and label screens need the editor.
LABEL_STUDIO_PAGE = env.bool("LABEL_STUDIO_PAGE", default=DEBUG or DEMO or TESTING)
if frontend.FOLDER.is_dir():
    STATICFILES_DIRS.append(("label-studio", frontend.FOLDER))
# A folder that `collectstatic` fills: files are named by their content and compressed. Without it they are
# served from where they are.
STATIC_ROOT = env.str("STATIC_ROOT", default="") or None
WHITENOISE_USE_FINDERS = STATIC_ROOT is None
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "reviewsite.static_files.HashedFiles"
        if STATIC_ROOT
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
MEDIA_ROOT = DATA_DIR / "media"
# More entries under "Where to go" on the start page; devserver adds its webhook sink here.
START_PAGE_LINKS: list[dict[str, str]] = []
START_PAGE_HINT = ""  # beside its button to sign in
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "style-src": ["'self'"],
        "script-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "frame-ancestors": ["'self'"],
        "form-action": ["'self'"],
    }
}
CSRF_FAILURE_VIEW = "reviewsite.errors.csrf_failure"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
HTTPS = env.bool("HTTPS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
if CROWD_EMBED_ORIGINS and not (HTTPS or DEBUG or DEMO):
    raise ImproperlyConfigured(
        "CROWD_EMBED_ORIGINS needs HTTPS=on: browsers send cookies from frames of other sites by https only."
    )
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=31_536_000) if HTTPS else 0

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"about": {"()": "users.log_context.AddContext"}},
    "formatters": {
        "text": {"format": "{asctime} {levelname} {name}: {message}{about}", "style": "{"},
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s",
            "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
            "reserved_attrs": [*RESERVED_ATTRS, "about"],
        },
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": env.str("LOG_FORMAT", default="text"),
            "filters": ["about"],
        }
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "countersign.access": {"level": "INFO" if env.bool("ACCESS_LOG", default=True) else "WARNING"},
        # Otherwise two lines for every job. Failures are logged above this level.
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "httpx2": {"level": "WARNING"},  # a line for each request to the hub
    },
}
