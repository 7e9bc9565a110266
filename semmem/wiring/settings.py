"""Settings: arguments of semmem.open(), else SEMMEM_* in the environment, else the defaults below."""

import logging
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from platformdirs import user_cache_path, user_data_path
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

from semmem.errors import ConfigurationError
from semmem.runtime import forking
from semmem.runtime.deadline import PART
from semmem.wiring.durations import Duration

log = logging.getLogger(__name__)

DEFAULT_LLM = "gpt-4.1-mini"
DEFAULT_EMBEDDING = "text-embedding-3-small"
DEFAULT_FASTEMBED = "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2"
EXTRACT_AFTER = timedelta(seconds=30)
PREFIX = "SEMMEM_"

# Variables that are read elsewhere: by the command line, by the tests and by compose.yaml.
OTHER_VARIABLES = (
    *("SEMMEM_TENANT", "SEMMEM_STATE_CLASS", "SEMMEM_LOCK_TOKEN", "SEMMEM_TOKEN"),
    *("SEMMEM_READER_API_KEY", "SEMMEM_JUDGE_API_KEY"),
    *("SEMMEM_MCP_TENANT", "SEMMEM_MCP_USER", "SEMMEM_MCP_WORKSPACE"),
)
OTHER_FAMILIES = ("SEMMEM_TEST_", "SEMMEM_DEV_", "SEMMEM_FAILPOINT")
_PATHS = ("data", "local_log", "fastembed_cache", "fastembed_folder")
_URLS = ("postgres_url", "postgres_admin_url", "redis_url", "qdrant_url", "llm_base_url", "embedding_base_url")
_warned: set[str] = set()


def _of_user(path: Callable[[str], Path]) -> Path:
    """One that is told where it is used, if at all, for a user who has no home directory."""
    try:
        return path("semmem")
    except RuntimeError:
        return Path("~/.semmem")


class Settings(BaseSettings):
    """Without any URL the embedded servers start; with a Postgres URL, only what has a URL is used."""

    model_config = SettingsConfigDict(env_prefix="SEMMEM_", extra="forbid", frozen=True, populate_by_name=True)

    data: Path = Field(
        default_factory=lambda: _of_user(user_data_path),
        description="the embedded servers' folder; several processes may share it",
    )
    keep_servers: Duration = Field(
        timedelta(0),
        ge=timedelta(0),
        description="how long embedded servers stay after the last process has left; a minute after a command",
    )
    postgres_url: str | None = Field(
        None,
        description="Postgres with pgvector; the embedded servers, if left out. With it, only what has a URL is used",
    )
    postgres_admin_url: str | None = Field(None, description="a login that may migrate; postgres_url, if left out")
    postgres_pool: int = Field(
        16,
        ge=2,
        le=200,
        description="connections to Postgres a process holds at most; a fifth of 8 or more is not for jobs",
    )
    postgres_wait: Duration = Field(
        timedelta(seconds=60), gt=timedelta(0), description="how long a call waits for one of them while all are in use"
    )
    redis_url: str | None = Field(None, description="Redis or Valkey, for recent events and to wake followers")
    redis_prefix: str = Field(
        "semmem",
        pattern=r"^[a-z0-9-]{1,40}$",
        description="starts every key; databases on one Redis are told apart anyway",
    )
    qdrant_url: str | None = Field(None, description="Qdrant, for the vector index")
    qdrant_api_key: SecretStr | None = Field(None, description="of Qdrant")
    qdrant_prefix: str = Field("semmem", pattern=r"^[a-z0-9-]{1,40}$", description="tells installations on it apart")
    vector_index: Literal["qdrant", "pgvector"] | None = Field(
        None, description="where vectors are searched; Qdrant where there is one, if left out"
    )

    read_timeout: Duration = Field(
        timedelta(seconds=5),
        ge=timedelta(seconds=0.1),
        le=timedelta(minutes=10),
        description="in which a call that reads answers, without what is too slow, or fails",
    )
    write_timeout: Duration = Field(
        timedelta(seconds=10),
        ge=timedelta(seconds=0.1),
        le=timedelta(minutes=10),
        description="in which a call that writes is acknowledged, or fails",
    )
    statement_timeout: Duration = Field(
        timedelta(seconds=30),
        gt=timedelta(0),
        description="after which one statement of Postgres is given up that no call's deadline ends, such as a job's",
    )

    llm_base_url: str | None = Field(
        None, description="an OpenAI-compatible endpoint that extracts facts; rules do, without it and a key"
    )
    llm_model: str = Field(DEFAULT_LLM, description="the chat model's name there")
    llm_api_key: SecretStr | None = Field(
        None, description="its key, sent where llm_base_url points; alone, it chooses OpenAI's own endpoint"
    )
    llm_timeout: Duration = Field(
        timedelta(seconds=60), gt=timedelta(0), description="after which a call of the model is given up"
    )
    llm_context_tokens: int | None = Field(
        None, ge=1_024, description="the model's context window; learnt from the endpoint's refusals, if left out"
    )
    llm_answer_tokens: int = Field(4_000, ge=256, description="the most that one answer may take, thinking included")
    llm_reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None = Field(
        None, description="how long a reasoning model thinks; not sent, if left out"
    )
    rerank: Literal["off", "llm"] = Field(
        "off", description="whether the chat model orders the best hits of each question; a call for each"
    )
    rerank_timeout: Duration = Field(
        timedelta(seconds=5),
        gt=timedelta(0),
        description="after which any reranker is given up, within read_timeout; the order that hits have answers then",
    )
    openai_api_key: SecretStr | None = Field(
        None,
        validation_alias="OPENAI_API_KEY",
        description="sent to OpenAI's own host only; alone, it chooses OpenAI's models",
    )

    embedder: Literal["minilm", "openai", "fastembed"] = Field(
        "minilm", description="the bundled model, an OpenAI-compatible endpoint, or a local model of fastembed"
    )
    embedding_base_url: str | None = Field(None, description="that endpoint; OpenAI's own, if left out")
    embedding_model: str = Field(DEFAULT_EMBEDDING, description="the embedding model's name there")
    embedding_api_key: SecretStr | None = Field(None, description="its key, sent where embedding_base_url points")
    embedding_dimensions: int | None = Field(
        None, ge=1, le=16_000, description="asks for vectors of that size; the model's own, if left out"
    )
    embedding_batch: int = Field(
        256, ge=1, le=2_048, description="texts a request, at most; a lower limit of the endpoint is learned"
    )
    embedding_text_bytes: int = Field(
        8_191, ge=32, le=81_910, description="that a text is truncated to; a lower limit of the endpoint is learned"
    )
    embedding_timeout: Duration = Field(
        timedelta(seconds=30), gt=timedelta(0), description="after which a request for vectors is given up"
    )

    fastembed_model: str = Field(DEFAULT_FASTEMBED, description="the name that fastembed has for the model")
    fastembed_cache: Path = Field(
        default_factory=lambda: _of_user(user_cache_path) / "fastembed",
        description="where fastembed's models were fetched to; nothing is ever downloaded",
    )
    fastembed_folder: Path | None = Field(
        None, description="a folder that holds this model's own files, in place of fastembed_cache"
    )

    token_states: Literal["embedder", "local"] = Field(
        "embedder", description="whose words meet the question's: the embedder's, if it has any, or the bundled model's"
    )

    extract_after: Duration | None = Field(
        None,
        description="how long events wait to be extracted with those that follow: 30 s with a model, 0 with rules",
    )
    dedup_window: Duration = Field(
        timedelta(seconds=30),
        description="in which several agents' reports of one happening are one event; 0 for never",
    )
    recent_events: int = Field(100, ge=1, le=10_000, description="newest events of a scope that Redis keeps")
    recent_ttl: Duration = Field(timedelta(hours=1), gt=timedelta(0), description="how long Redis keeps them")

    worker: bool | None = Field(None, description="a worker in this process; only with embedded servers, if left out")
    worker_jobs: int = Field(
        4, ge=1, le=100, description="scopes that a worker indexes at the same time, and as many that it extracts"
    )
    stop_grace: Duration = Field(
        timedelta(seconds=3),
        description="what a stopped worker gives the batch in hand, before it leaves it to another",
    )
    overdue_after: Duration = Field(
        timedelta(seconds=30),
        ge=timedelta(0),
        description="after which answers say that events wait, for the index or for facts, and no worker lives",
    )
    local_log: Path | None = Field(
        None,
        description="a folder of this machine's disk that keeps events, and updates that can come late, while Postgres "
        "is away; else they are refused",
    )
    lease: Duration = Field(
        timedelta(seconds=30),
        ge=timedelta(seconds=1),
        description="after which a dead worker's jobs are another's",
    )
    sweep_every: Duration = Field(
        timedelta(seconds=15), ge=timedelta(seconds=0.1), description="how often a worker looks for work that was lost"
    )
    scrub_within: Duration = Field(
        timedelta(minutes=10),
        ge=timedelta(seconds=1),
        description="how soon forgotten bytes are out of the embedded servers' files; tried from half of that on",
    )
    attempts: int = Field(3, ge=1, description="bad answers before a batch goes to the dead letters")
    backoff: Duration = Field(
        timedelta(seconds=1), description="before a failed job is tried again; twice as long each time"
    )

    @field_validator(*_PATHS, *_URLS, mode="before")
    @classmethod
    def _not_empty(cls, value: object) -> object:
        """An empty path would be the folder at hand, and an empty URL neither a server nor the embedded one."""
        if isinstance(value, str) and not value.strip():
            raise ValueError("must not be empty; name it, or unset it")
        return value

    @property
    def embeds_here(self) -> bool:
        """Whether vectors are computed in this process, so that nobody waits for an endpoint."""
        return self.embedder != "openai"

    @property
    def embedded(self) -> bool:
        return self.postgres_url is None

    @property
    def all_embedded(self) -> bool:
        """Whether every store's files are ours to look after."""
        return self.embedded and self.redis_url is None and self.qdrant_url is None

    @property
    def uses_redis(self) -> bool:
        return self.embedded or self.redis_url is not None

    @property
    def uses_qdrant(self) -> bool:
        return self.vector_index != "pgvector" and (self.embedded or self.qdrant_url is not None)

    @property
    def runs_worker(self) -> bool:
        return self.embedded if self.worker is None else self.worker

    @property
    def patience(self) -> float:
        """Seconds that an answer waits for a part that it can do without."""
        return self.read_timeout.total_seconds() * PART

    @property
    def extraction_pause(self) -> timedelta:
        """A model is told its instructions with every call, so that fewer and larger calls cost less."""
        if self.extract_after is not None:
            return self.extract_after
        return EXTRACT_AFTER if self.uses_llm else timedelta()

    @property
    def uses_llm(self) -> bool:
        return bool(self.llm_base_url or self.llm_api_key or self.openai_api_key)


def load_settings(**given: object) -> Settings:
    """Raises ConfigurationError that names each setting that does not hold; warns of variables that are none."""
    warn_of_unknown(os.environ)
    try:
        with forking.undivided():
            return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        wrong = []
        for one in error.errors():
            name = ".".join(map(str, one["loc"]))
            unknown = one["type"] == "extra_forbidden"
            limit = f"is no setting{_meant(name, Settings.model_fields)}" if unknown else one["msg"]
            wrong.append(f"{name}: {limit.removeprefix('Value error, ')}")
        raise ConfigurationError(
            f"settings: {'; '.join(wrong)}; correct the argument or the SEMMEM_* variable"
        ) from None


def warn_of_unknown(names: Iterable[str]) -> None:
    """Says once of each SEMMEM_* variable that nothing reads it, and which name was perhaps meant."""
    known = [*(variable for field in Settings.model_fields for variable in variables(field)), *OTHER_VARIABLES]
    for name in sorted(names):
        if name in known or name in _warned or not name.startswith(PREFIX) or name.startswith(OTHER_FAMILIES):
            continue
        _warned.add(name)
        log.warning("%s is no setting of semmem and changes nothing%s", name, _meant(name, known))


def _meant(name: str, known: Iterable[str]) -> str:
    meant = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean {meant[0]}?" if meant else "; `semmem settings` lists them all"


def variables(field: str) -> list[str]:
    """Returns the environment variables that a setting is read from, the first that is set."""
    alias = Settings.model_fields[field].validation_alias
    return [alias] if isinstance(alias, str) else [f"{PREFIX}{field.upper()}"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A setting in words; `default` is empty where there is none."""

    name: str
    variables: list[str]
    type: str
    default: str
    meaning: str


def described() -> list[Described]:
    """Returns every setting, in the order above."""
    settings = []
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else str(field.default)
        if field.default_factory is not None:
            default = "per user"
        elif isinstance(field.default, timedelta):
            default = f"{field.default.total_seconds():g}s"
        meaning = field.description or ""
        one = Described(name=name, variables=variables(name), type=_kind(field), default=default, meaning=meaning)
        settings.append(one)
    return settings


def _kind(field: FieldInfo) -> str:
    kind: Any = field.annotation
    if NoneType in get_args(kind):
        [kind] = [each for each in get_args(kind) if each is not NoneType]
    if get_origin(kind) is Literal:
        return " or ".join(map(str, get_args(kind)))
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    words: dict[Any, str] = {
        str: "text",
        int: "number",
        float: "number",
        bool: "true or false",
        timedelta: "duration",
        SecretStr: "secret",
        Path: "folder",
    }
    return words[kind]
