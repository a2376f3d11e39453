"""Every setting of Tierline, its default and what it is for; read once from the environment and `.env` at start."""

from __future__ import annotations

import contextlib
import os
import secrets
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

SITE = "main"
"""One process serves one site; its keys carry this tag, or that in REDIS_URL. The plan's `site` is only its name."""
Role = Literal["all", "web", "worker"]
"""web: the doors' webhooks and the API; worker: the desk and everything that is done of its own accord."""
SHORTEST_SECRET, FEWEST_CHARACTERS = 24, 8
GUESSED = ("changeme", "change-me", "change_me", "password", "secret", "example", "12345678", "abcdefgh")


def weakness(secret: str) -> str:
    """Why somebody could guess `secret`, in words that don't repeat it; "" when nobody could."""
    if len(secret) < SHORTEST_SECRET:
        return f"too short, at least {SHORTEST_SECRET} characters"
    if len(set(secret)) < FEWEST_CHARACTERS or any(word in secret.casefold() for word in GUESSED):
        return "too easy to guess"
    return ""


class Settings(BaseSettings):
    """What the environment may say. A door whose credentials are absent is off and says so; the rest runs."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", frozen=True, populate_by_name=True, env_ignore_empty=True
    )

    redis_url: SecretStr | None = Field(None, alias="REDIS_URL")
    """The store, redis:// rediss:// unix:// redis+sentinel:// or redis+cluster://; unset: an embedded Valkey in `data`.
    May hold a password."""
    store_insecure: bool = Field(False, alias="TIERLINE_STORE_INSECURE")
    """Use a store on another machine although it isn't encrypted or has no password: everybody between reads all."""
    database_url: SecretStr | None = Field(None, alias="DATABASE_URL")
    """The history, postgresql://… (or sqlite:////path for processes of one machine); unset: SQLite in `data`."""
    database_insecure: bool = Field(False, alias="TIERLINE_DATABASE_INSECURE")
    """Use a PostgreSQL on another machine without TLS that is checked: everybody between reads all."""
    data: Path = Field(Path("var"), alias="TIERLINE_DATA")
    """Where the embedded store, SQLite, the secret and the log of the store live."""

    port: int = Field(8080, alias="PORT", ge=0, le=65535)
    host: str = Field("127.0.0.1", alias="TIERLINE_HOST")
    """The address to listen on: loopback unless a proxy or platform needs another."""
    public_url: str = Field("", alias="TIERLINE_PUBLIC_URL")
    """What the outside calls us, without a trailing slash; signatures are checked against it."""
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field((), alias="TIERLINE_TRUSTED_PROXIES")
    """Addresses whose X-Forwarded-* we believe, separated by commas."""

    secret: SecretStr | None = Field(None, alias="TIERLINE_SECRET")
    """Signs tokens and links; made at first start and kept in `data` when unset."""
    api_token: SecretStr | None = Field(None, alias="TIERLINE_API_TOKEN")
    """Opens /api/v1 and /metrics; unset: made at first start and kept in `data`."""

    chat_origins: Annotated[tuple[str, ...], NoDecode] = Field((), alias="TIERLINE_CHAT_ORIGINS")
    """Origins of pages that may chat, separated by commas, beside those of the plan (channels.chat.origins)."""

    twilio_account_sid: str = Field("", alias="TWILIO_ACCOUNT_SID")
    twilio_auth_token: SecretStr | None = Field(None, alias="TWILIO_AUTH_TOKEN")
    twilio_auth_token_old: SecretStr | None = Field(None, alias="TWILIO_AUTH_TOKEN_OLD")
    """Still accepted in signatures while a token is being rotated."""
    twilio_api_url: str = Field("", alias="TIERLINE_TWILIO_API_URL")
    """Another base for Twilio's REST API; the real host becomes the first path segment."""

    calls_per_second: float = Field(1.0, alias="TIERLINE_CALLS_PER_SECOND", gt=0, le=100)
    """Calls that we make in a second at most: what the Twilio account allows, 1 unless more was granted."""
    most_calls: int = Field(0, alias="TIERLINE_MOST_CALLS", ge=0)
    """Legs that we have made at one time at most; 0: as many as Twilio allows."""

    webhook_secret: SecretStr | None = Field(None, alias="TIERLINE_WEBHOOK_SECRET")
    """Signs what we ask webhooks of the plan, so that they know us; unset: none is asked."""
    webhook_hosts: Annotated[tuple[str, ...], NoDecode] = Field((), alias="TIERLINE_WEBHOOK_HOSTS")
    """The only hosts that are asked, separated by commas, also in your own network; unset: any public one."""

    slack_bot_token: SecretStr | None = Field(None, alias="SLACK_BOT_TOKEN")
    slack_app_token: SecretStr | None = Field(None, alias="SLACK_APP_TOKEN")
    """Opens sockets to Slack (Socket Mode): no address of ours must be public."""
    slack_signing_secret: SecretStr | None = Field(None, alias="SLACK_SIGNING_SECRET")
    """Without an app token: Slack calls `TIERLINE_PUBLIC_URL`/slack/events, and signs with this."""
    slack_client_id: str = Field("", alias="SLACK_CLIENT_ID")
    slack_client_secret: SecretStr | None = Field(None, alias="SLACK_CLIENT_SECRET")
    slack_api_url: str = Field("", alias="TIERLINE_SLACK_API_URL")
    """Another base for Slack's Web API, e.g. http://127.0.0.1:8090/slack/api/"""

    slack_paced: bool = Field(True, alias="TIERLINE_SLACK_PACED")
    """Keep to Slack's rate limits by ourselves; off only to measure against a stand-in without limits."""

    smtp_url: SecretStr | None = Field(None, alias="SMTP_URL")
    """Where mails go out: smtp://user:password@host:587 (STARTTLS) or smtps://…:465."""
    smtp_listen: str = Field("", alias="TIERLINE_SMTP_LISTEN")
    """Where our own SMTP server takes mails, `host:port`; unset: it is off. Addresses are those of the plan's entries.
    `lmtp://host:port` speaks LMTP."""
    smtp_cert: Path | None = Field(None, alias="TIERLINE_SMTP_CERT")
    """Certificate (chain) for STARTTLS, PEM; unset: mails come unencrypted."""
    smtp_key: Path | None = Field(None, alias="TIERLINE_SMTP_KEY")
    """Its private key; unset: it stands in the certificate's file."""
    smtp_require_tls: bool = Field(False, alias="TIERLINE_SMTP_REQUIRE_TLS")
    """Take mail only after STARTTLS: some of the world's servers can't do that."""

    mail: dict[str, SecretStr] = Field(default_factory=dict, alias="IMAP_URL…, MAIL_OAUTH_…")
    """All variables that begin with IMAP_URL or MAIL_OAUTH_, by name. Mailboxes from which mails are taken: IMAP_URL, or
    IMAP_URL_<NAME> for each of several; channels/email/account.py has the form. What opens them where the provider wants
    OAuth2, and SMTP_URL likewise: MAIL_OAUTH_SECRET, MAIL_OAUTH_REFRESH_TOKEN (Google), MAIL_OAUTH_EXPIRES (the secret's
    last day, 2027-05-31), each with _<NAME> where one mailbox has its own."""
    oauth_url: str = Field("", alias="TIERLINE_OAUTH_URL")
    """Another base for the token end-points of Microsoft and Google; the real host becomes the first path segment."""

    lease: float = Field(6.0, alias="TIERLINE_LEASE", ge=0.5, le=60)
    """Seconds after which another worker takes over what a silent one did; renewed every third of them."""
    grace: float = Field(25.0, alias="TIERLINE_GRACE", ge=0, le=600)
    """Seconds that a stop gives to what is in hand; platforms send SIGKILL after 30."""
    stall: float = Field(2.0, alias="TIERLINE_STALL", gt=0, le=600)
    """Seconds that the loop may stand still before the log says where it stands."""

    plan: Path | None = Field(None, alias="TIERLINE_PLAN")
    """The routing plan published at the first start; later starts only compare it with the active one."""

    sandbox_port: int = Field(8090, alias="TIERLINE_SANDBOX_PORT", ge=0, le=65535)
    sandbox_slack: Literal["socket", "http"] = Field("socket", alias="TIERLINE_SANDBOX_SLACK")
    """How the sandbox's Slack reaches Tierline: by sockets, or with requests to /slack/events."""
    headless: bool = Field(False, alias="TIERLINE_HEADLESS")
    """Do not open a browser when the sandbox starts."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Variables whose names nobody knows beforehand come from the same places, in the same order."""
        named = _Named(settings_cls, env_settings, dotenv_settings)
        return init_settings, env_settings, dotenv_settings, named, file_secret_settings

    def mail_named(self, what: str, name: str = "") -> SecretStr | None:
        """The variable `what` for the mailbox `name`: its own, else that of all."""
        return self.mail.get(f"{what}_{name}".upper()) or self.mail.get(what)

    @property
    def mailboxes(self) -> dict[str, SecretStr]:
        """The URLs of mailboxes by name in lower case, "" for IMAP_URL."""
        urls = {
            it: url for it, url in sorted(self.mail.items()) if it == "IMAP_URL" or it.startswith("IMAP_URL_")
        }
        return {it.removeprefix("IMAP_URL").removeprefix("_").lower(): url for it, url in urls.items()}

    @field_validator("trusted_proxies", "webhook_hosts", "chat_origins", mode="before")
    @classmethod
    def _commas(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("secret", "api_token", "webhook_secret", mode="after")
    @classmethod
    def _strong(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and (why := weakness(value.get_secret_value())):
            raise ValueError(f"{why}: `openssl rand -base64 32` makes a good one")
        return value

    @field_validator("public_url", "twilio_api_url", mode="after")
    @classmethod
    def _url(cls, value: str) -> str:
        if not value:
            return value
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("write a whole address, such as https://help.example.com")
        return value.rstrip("/")

    @property
    def base_url(self) -> str:
        """`public_url`, or this process's own loopback address when none is set."""
        return self.public_url or f"http://127.0.0.1:{self.port}"

    @property
    def sms_on(self) -> bool:
        """Whether the SMS door has its credentials."""
        return bool(self.twilio_account_sid and self.twilio_auth_token)

    @property
    def slack_on(self) -> bool:
        """Whether the desk has its credentials."""
        return bool(self.slack_bot_token and (self.slack_app_token or self.slack_signing_secret))

    @property
    def slack_by_http(self) -> bool:
        """Whether Slack is to call us: there is a signing secret, and no app token that opens sockets."""
        return self.slack_on and not self.slack_app_token


class _Named(PydanticBaseSettingsSource):
    """Of variables that begin as `BEGIN` says."""

    BEGIN = ("IMAP_URL", "MAIL_OAUTH_")

    def __init__(self, of: type[BaseSettings], *sources: PydanticBaseSettingsSource) -> None:
        super().__init__(of)
        self._sources = [it for it in sources if isinstance(it, EnvSettingsSource)]

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[object, str, bool]:
        return None, field_name, False

    def __call__(self) -> dict[str, object]:
        found: dict[str, object] = {}
        for source in reversed(self._sources):
            said = {key.upper(): it for key, it in source.env_vars.items() if it}
            found |= {key: it for key, it in said.items() if key.startswith(self.BEGIN)}
        return {"mail": found}


@dataclass(frozen=True, slots=True)
class Secrets:
    """What signs and what opens; made at the first start and kept in the data directory, readable by us alone."""

    secret: str
    api_token: str

    def __repr__(self) -> str:
        return "Secrets(…)"


def keep_secrets(settings: Settings) -> Secrets:
    """The configured secrets, or those of the data directory, made now if there are none."""
    return Secrets(
        settings.secret.get_secret_value() if settings.secret else _kept(settings.data / "secret"),
        settings.api_token.get_secret_value() if settings.api_token else _kept(settings.data / "api-token"),
    )


def _kept(path: Path) -> str:
    """The secret in `path`, made now if there is none; whole or not there, also when somebody kills us meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)  # conversations will be in it
    if not path.exists():
        draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            with contextlib.suppress(FileExistsError):  # another process was first: its secret counts
                os.link(draft, path)
        finally:
            draft.unlink()
    found = path.read_text().strip()
    if why := weakness(found):
        raise OSError(f"{path} holds no secret that protects ({why}): remove it, and a new one is made.")
    return found
