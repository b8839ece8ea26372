"""Settings: the only place that reads the environment. The README has the same names in one table."""

from __future__ import annotations

import os
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.urls import reverse_lazy

from photofinder.appearance import UNFOLD  # noqa: F401
from photofinder.brokers import broker_options, is_redis, routes_for
from photofinder.decisions import *  # noqa: F403
from photofinder.environment import Environment, redis_database
from photofinder.pipeline import *  # noqa: F403
from photofinder.supervisor.files import write_private

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()


def _version() -> str:
    """The newest version of the changelog."""
    lines = (BASE_DIR / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    return next(line.split()[1] for line in lines if line.startswith("## "))


def _kept_secret(path: Path) -> str:
    """A random secret made once and kept in a file that only this user reads."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_private(path, secrets.token_urlsafe(50))
    return path.read_text(encoding="ascii")


# --- where things are -------------------------------------------------------------------------------------------------
VERSION = _version()
VAR_DIR = Path(env.str("VAR_DIR", default="") or BASE_DIR / "var").resolve()
for _name in ("DATABASE_URL", "REDIS_URL"):
    if not os.environ.get(_name):
        os.environ.pop(_name, None)  # empty means unset, so that the next line fills it
env.read_env(VAR_DIR / "services.env")  # what the supervisor started; the real environment wins

SECRET_KEY = env.str("SECRET_KEY", default="") or _kept_secret(VAR_DIR / "secret_key")
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# How many proxies in front set X-Forwarded-For and X-Forwarded-Proto.
PROXIES = env.integer("PROXIES", default=0, least=0)
if PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

SILENCED_SYSTEM_CHECKS = env.list("SILENCED_CHECKS", default=[])

# --- applications -----------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "axes",
    "csp",
    "django_prometheus",
    "photofinder",
    "media_index",
    "faces",
    "videos",
    "telegram_bot",
]
MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "photofinder.api.ApiLanguage",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]
ROOT_URLCONF = "photofinder.urls"
WSGI_APPLICATION = "photofinder.wsgi.application"
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
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- data -------------------------------------------------------------------------------------------------------------
# An empty DATABASE_URL keeps commands that need no database (check, collectstatic, spectacular) working.
DATABASES: dict[str, dict[str, Any]] = {
    "default": env.postgres("DATABASE_URL", default="postgres://photofinder@127.0.0.1:5432/photofinder")
}
_OPTIONS = DATABASES["default"].get("OPTIONS", {})  # the URL's query, such as sslmode
# Without an iterative scan pgvector silently returns fewer rows than asked for when a filter is added.
_VECTOR_SEARCH = "-c hnsw.iterative_scan=strict_order -c hnsw.ef_search=100"
# Our questions take milliseconds, and as long again the start of processes that would help to answer them.
_ALONE = "-c max_parallel_workers_per_gather=0"
DATABASES["default"] |= {
    "CONN_HEALTH_CHECKS": True,
    "OPTIONS": _OPTIONS
    | {
        "pool": {"min_size": 0, "max_size": env.integer("DB_POOL_MAX", default=8, least=2), "timeout": 20},
        "options": f"{_OPTIONS.get('options', '')} {_VECTOR_SEARCH} {_ALONE}".strip(),
    },
}
REDIS_URL = env.redis("REDIS_URL", default="redis://127.0.0.1:6379")
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": redis_database(REDIS_URL, 1)}
}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"

S3_BUCKET = env.str("S3_BUCKET", default="")
URL_SECONDS = env.integer("URL_SECONDS", default=3600, least=60)  # how long the URL of a photo works
STORAGES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "photofinder.storage.SignedFileSystemStorage",
        "OPTIONS": {"location": VAR_DIR / "media", "base_url": "/media/"},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
S3_OPTIONS = {
    "bucket_name": S3_BUCKET,
    "endpoint_url": env.str("S3_ENDPOINT_URL", default="") or None,
    "region_name": env.str("S3_REGION", default="") or None,
    "access_key": env.str("S3_ACCESS_KEY_ID", default="") or None,
    "secret_key": env.str("S3_SECRET_ACCESS_KEY", default="") or None,
    "addressing_style": "path",
    "signature_version": "s3v4",
    "querystring_expire": URL_SECONDS,
    "file_overwrite": True,  # keys are made of the content, so writing twice writes the same
    "max_memory_size": 8 * 1024 * 1024,  # a larger file waits on the disk
}
if S3_BUCKET:
    STORAGES["default"] = {"BACKEND": "photofinder.s3.JoiningS3Storage", "OPTIONS": S3_OPTIONS}
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"

# --- what may be sent -------------------------------------------------------------------------------------------------
UPLOAD_MAX_BYTES = env.integer("UPLOAD_MAX_MB", default=200, least=1) * 1024 * 1024
UPLOAD_MAX_FILES = env.integer("UPLOAD_MAX_FILES", default=500, least=1)
IMAGE_MAX_PIXELS = env.integer("IMAGE_MAX_MEGAPIXELS", default=200, least=1) * 1_000_000
SELFIE_MAX_BYTES = 25 * 1024 * 1024
SELFIE_MAX_PIXELS = 50_000_000
SELFIE_MAX_FILES = 20  # selfies in one request
SELFIES_MAX_BYTES = 3 * SELFIE_MAX_BYTES  # of one request: they are held in memory
DATA_UPLOAD_MAX_NUMBER_FILES = UPLOAD_MAX_FILES
FILE_UPLOAD_HANDLERS = ["photofinder.uploads.BoundedUploads"]

# --- images -----------------------------------------------------------------------------------------------------------
THUMBNAIL_SIZES_PX = (512, 1600)

# --- faces ------------------------------------------------------------------------------------------------------------
FACE_ENGINE = env.str("FACE_ENGINE", default="dlib")
_DET_SIZE = env.integer("INSIGHTFACE_DET_SIZE", default=640, least=160)
_PROVIDERS = [name.strip() for name in env.list("INSIGHTFACE_PROVIDERS", default=[]) if name.strip()]
FACE_ENGINES: dict[str, dict[str, Any]] = {
    "dlib": {"CLASS": "faces.engines.dlib.DlibFaceEngine", "OPTIONS": {}},
    "insightface": {
        "CLASS": "faces.engines.insightface.InsightFaceEngine",
        "OPTIONS": {
            "pack": env.str("INSIGHTFACE_PACK", default="buffalo_l"),
            "root": env.str("INSIGHTFACE_ROOT", default=str(Path.home() / ".insightface")),
            "sides": (_DET_SIZE, *(side for side in (1280, 1920) if side > _DET_SIZE)),
            "providers": _PROVIDERS or None,  # None: the best that there is
        },
    },
    "fake": {"CLASS": "faces.engines.fake.FakeFaceEngine", "OPTIONS": {}},
}
ENGINES = {"face": FACE_ENGINES.get(FACE_ENGINE, {"CLASS": FACE_ENGINE, "OPTIONS": {}})}
FACE_CALIBRATIONS = VAR_DIR / "calibrations.json"  # what calibrate_faces fitted on this site, before the shipped ones
FACE_CHUNK = env.integer("FACE_CHUNK", default=8, least=1)  # photos per task of the engine

# --- the media index --------------------------------------------------------------------------------------------------
IMAGE_ENGINE = env.str("IMAGE_ENGINE", default="classic")
IMAGE_ENGINES: dict[str, dict[str, Any]] = {
    "classic": {"CLASS": "media_index.engines.classic.ClassicImageEngine", "OPTIONS": {}},
    "clip": {
        "CLASS": "media_index.engines.clip.ClipImageEngine",
        "OPTIONS": {"folder": env.str("CLIP_FOLDER", default=str(VAR_DIR / "clip")), "providers": _PROVIDERS or None},
    },
    "fake": {"CLASS": "media_index.engines.fake.FakeImageEngine", "OPTIONS": {}},
}
IMAGE_ENGINE_MEANWHILE = "classic"  # embeds while the one that was chosen lacks its weights: it has none to lack
ENGINES["image"] = IMAGE_ENGINES.get(IMAGE_ENGINE, {"CLASS": IMAGE_ENGINE, "OPTIONS": {}})
# Folders, and s3://bucket/prefix, that may become sources by way of Admin and API; the command takes any.
MEDIA_ROOTS = [root for root in env.list("MEDIA_ROOTS", default=[]) if root]
CLIP_EXPORT = "media_index.engines.clip_export.export"  # runs where requirements/clip.txt is installed
FAISS_FOLDER = env.str("FAISS_FOLDER", default=str(VAR_DIR / "faiss"))  # where rebuild_faiss writes
IMAGE_CHUNK = env.integer("IMAGE_CHUNK", default=32, least=1)  # images per task: what a GPU embeds at once

# --- videos -----------------------------------------------------------------------------------------------------------
OBJECT_ENGINE = env.str("OBJECT_ENGINE", default="people")
OBJECT_ENGINES: dict[str, dict[str, Any]] = {
    "people": {"CLASS": "videos.engines.people.PeopleObjectEngine", "OPTIONS": {}},
    "yolov8": {
        "CLASS": "videos.engines.yolov8.Yolov8ObjectEngine",
        "OPTIONS": {
            "model": env.str("YOLOV8_MODEL", default=str(VAR_DIR / "yolov8" / "yolov8n.onnx")),
            "providers": _PROVIDERS or None,
        },
    },
}
CAPTION_ENGINE = env.str("CAPTION_ENGINE", default="composed")
CAPTION_ENGINES: dict[str, dict[str, Any]] = {
    "composed": {"CLASS": "videos.engines.composed.ComposedCaptionEngine", "OPTIONS": {}},
    "florence2": {
        "CLASS": "videos.engines.florence2.Florence2CaptionEngine",
        "OPTIONS": {"model": env.str("FLORENCE2_MODEL", default="florence-community/Florence-2-base-ft")},
    },
}
ENGINES |= {
    "object": OBJECT_ENGINES.get(OBJECT_ENGINE, {"CLASS": OBJECT_ENGINE, "OPTIONS": {}}),
    "caption": CAPTION_ENGINES.get(CAPTION_ENGINE, {"CLASS": CAPTION_ENGINE, "OPTIONS": {}}),
    "text": {"CLASS": "videos.engines.minilm.MiniLMTextEngine", "OPTIONS": {}},
}
# Folders that films may be read from where they lie, by way of Admin and API.
VIDEO_ROOTS = [root for root in env.list("VIDEO_ROOTS", default=[]) if root]
VIDEO_MAX_BYTES = env.integer("VIDEO_MAX_MB", default=16_384, least=1) * 1024 * 1024
VIDEO_INDEXER: dict[str, Any] = {  # see videos.config.IndexerConfig
    "frame_skip": env.integer("VIDEO_FRAME_SKIP", default=15, least=1),
    "hardware": env.str("VIDEO_HARDWARE", default=""),
    "classes": {"person": 0.5, "object": 0.5},  # how sure one must once be of a thing; others 0.5
}

# --- attendees --------------------------------------------------------------------------------------------------------
RESULT_SECONDS = env.integer("RESULT_DAYS", default=7, least=1) * 24 * 3600  # how long what a selfie found is shown
PAGE_SEARCH_RATE = env.rate("PAGE_SEARCH_RATE", default="120/min")  # selfies from one address: a hall's Wi-Fi is one
# Photos and archives fetched from one address, of which a hall's gallery pages take hundreds, and the bot all of its.
PAGE_FILE_RATE = env.rate("PAGE_FILE_RATE", default="6000/min")
PAGE_ZIP_RATE = env.rate("PAGE_ZIP_RATE", default="60/min")
OPT_OUT_RATE = env.rate("OPT_OUT_RATE", default="20/hour")  # from one address, or by one user of the API
LIKENESS_SECONDS = 3600  # how long a selfie can be used again, for another question, by whoever sent it
# After this long whoever claimed a notification is taken to have died with it.
NOTIFICATION_SECONDS = env.integer("NOTIFICATION_SECONDS", default=300, least=1)
# The accepted chance that a stranger's face is taken for one of those who opted out; with very many of them it grows,
# as nobody who opted out is to be found.
FACE_FALSE_SUPPRESSIONS = 0.001

# --- the bot ----------------------------------------------------------------------------------------------------------
TELEGRAM_BOT_TOKEN = env.str("TELEGRAM_BOT_TOKEN", default="")  # empty: no bot
TELEGRAM_BOT_NAME = env.str("TELEGRAM_BOT_NAME", default="")  # as in t.me/<name>: pages and posters lead to it
TELEGRAM_BASE_URL = env.str("TELEGRAM_BASE_URL", default="") or "https://api.telegram.org"
TELEGRAM_WEBHOOK_URL = env.str("TELEGRAM_WEBHOOK_URL", default="")  # empty: the bot asks Telegram for updates
TELEGRAM_WEBHOOK_SECRET = env.str("TELEGRAM_WEBHOOK_SECRET", default="")  # empty: made of SECRET_KEY
TELEGRAM_WEBHOOK_LISTEN = env.str("TELEGRAM_WEBHOOK_LISTEN", default="") or "127.0.0.1"
TELEGRAM_WEBHOOK_PORT = env.integer("TELEGRAM_WEBHOOK_PORT", default=8443, least=1)
BOT_API_URL = env.str("BOT_API_URL", default="") or f"http://127.0.0.1:{env.integer('PORT', default=8000, least=1)}"
SITE_URL = env.str("SITE_URL", default="")  # the site's public address, where the bot reaches it by another one
BOT_API_TOKEN = env.str("BOT_API_TOKEN", default="")  # empty: the one that ensure_bot_token keeps
BOT_API_TOKEN_FILE = VAR_DIR / "bot_api_token"
BOT_REDIS_URL = redis_database(REDIS_URL, 2)
BOT_RATE = env.rate("BOT_RATE", default="30/min")  # messages of one person that the bot reads
BOT_IDLE_MILLISECONDS = env.integer("BOT_IDLE_MILLISECONDS", default=5000, least=50)  # between looks for news

# --- the pipeline: who starts whom stands in pipeline.py --------------------------------------------------------------
PIPELINE_ATTEMPTS = 3
PIPELINE_STALLED_SECONDS = env.integer("PIPELINE_STALLED_SECONDS", default=120, least=1)

CELERY_BROKER_URL = env.broker("BROKER_URL", default=redis_database(REDIS_URL, 0))
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = broker_options(CELERY_BROKER_URL)
CELERY_TASK_QUEUE_MAX_PRIORITY = None if is_redis(CELERY_BROKER_URL) else 1
CELERY_TASK_ROUTES = routes_for(CELERY_BROKER_URL, CELERY_TASK_ROUTES)  # noqa: F405
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 900  # below the 30 minutes after which either broker gives a message to another worker
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# --- people who sign in -----------------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
ADMIN_PASSWORD = env.str("ADMIN_PASSWORD", default="")  # empty: made once and kept in VAR_DIR
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]
AXES_VERBOSE = False
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=10)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "photofinder.visitors.client_address"
LOGIN_URL = reverse_lazy("admin:login")
LOGIN_REDIRECT_URL = reverse_lazy("admin:index")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.bool("HTTPS", default=False)
CSRF_FAILURE_VIEW = "photofinder.csrf.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, UNSAFE_EVAL],  # Unfold's Alpine.js evaluates its attributes
        "style-src": [SELF, UNSAFE_INLINE],
        "img-src": [SELF, "data:", "blob:", *env.list("IMAGE_HOSTS", default=[])],
        "media-src": [SELF, *env.list("IMAGE_HOSTS", default=[])],
        "font-src": [SELF, "data:"],
        "frame-ancestors": [SELF],
    }
}

# --- API --------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["knox.auth.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["photofinder.roles.HasRole"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "photofinder.api.Pages",
    "DEFAULT_SCHEMA_CLASS": "photofinder.schema.ProblemSchema",
    "EXCEPTION_HANDLER": "photofinder.api.problem_response",
    "DEFAULT_THROTTLE_CLASSES": ["photofinder.roles.RoleThrottle"],
    "DEFAULT_THROTTLE_RATES": {
        "search": env.rate("SEARCH_RATE", default="120/min"),
        "search-bot": env.rate("BOT_SEARCH_RATE", default="1200/min"),
        "opt-out": OPT_OUT_RATE,
        "opt-out-bot": OPT_OUT_RATE,
    },
    "NUM_PROXIES": PROXIES,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
REST_KNOX = {"TOKEN_TTL": None, "AUTH_HEADER_PREFIX": "Token"}
SPECTACULAR_SETTINGS = {
    "TITLE": "PhotoFinder",
    "DESCRIPTION": "Find people in event photos. Every call needs the header `Authorization: Token <key>`; "
    "`manage.py api_token <role>` prints a key.",
    "VERSION": VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {"VideoStateEnum": "videos.models.Video.State"},
}

# --- languages and time -----------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ru", "Русский")]
LOCALE_PATHS = [BASE_DIR / "photofinder" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.time_zone("DISPLAY_TIME_ZONE", default="UTC")
FORMAT_MODULE_PATH = ["photofinder.formats"]

# --- logs -------------------------------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.log_level("LOG_LEVEL", default="INFO")},
    "loggers": {"faiss.loader": {"level": "WARNING"}},  # it tells of every processor that it was not built for
}
