"""Settings: arguments of semmem.open(), else SEMMEM_* in the environment, else the defaults below."""

from datetime import timedelta
from pathlib import Path
from typing import Literal

from platformdirs import user_data_path
from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from semmem.errors import ConfigurationError

DEFAULT_LLM = "gpt-4.1-mini"
DEFAULT_EMBEDDING = "text-embedding-3-small"
EXTRACT_AFTER = timedelta(seconds=30)


class Settings(BaseSettings):
    """Without any URL the embedded servers start; with a Postgres URL, only what has a URL is used."""

    model_config = SettingsConfigDict(env_prefix="SEMMEM_", extra="forbid", frozen=True, populate_by_name=True)

    data: Path = Field(default_factory=lambda: user_data_path("semmem"), description="the embedded servers' folder")
    postgres_url: str | None = None
    postgres_admin_url: str | None = Field(None, description="a login that may migrate; postgres_url, if left out")
    postgres_pool: int = Field(10, ge=2, le=200)
    redis_url: str | None = None
    qdrant_url: str | None = None
    qdrant_api_key: SecretStr | None = None
    qdrant_prefix: str = Field("semmem", pattern=r"^[a-z0-9-]{1,40}$", description="tells installations on it apart")
    vector_index: Literal["qdrant", "pgvector"] | None = None

    llm_base_url: str | None = None
    llm_model: str = DEFAULT_LLM
    llm_api_key: SecretStr | None = Field(None, validation_alias=AliasChoices("SEMMEM_LLM_API_KEY", "OPENAI_API_KEY"))
    llm_timeout: timedelta = timedelta(seconds=60)

    embedder: Literal["minilm", "openai"] = "minilm"
    embedding_base_url: str | None = None
    embedding_model: str = DEFAULT_EMBEDDING
    embedding_api_key: SecretStr | None = Field(
        None, validation_alias=AliasChoices("SEMMEM_EMBEDDING_API_KEY", "OPENAI_API_KEY")
    )

    token_states: Literal["embedder", "local"] = Field(
        "embedder", description="whose words meet the question's: the embedder's, if it has any, or the bundled model's"
    )

    extract_after: timedelta | None = Field(
        None,
        ge=timedelta(0),
        description="how long events wait to be extracted with those that follow: 30 s with a model, 0 with rules",
    )
    dedup_window: timedelta = Field(timedelta(seconds=30), ge=timedelta(0))
    recent_events: int = Field(100, ge=1, le=10_000)
    recent_ttl: timedelta = Field(timedelta(hours=1), gt=timedelta(0))
    notices: int = Field(1_000, ge=1)

    worker: bool | None = Field(None, description="a worker in this process; only with embedded servers, if left out")
    lease: timedelta = Field(timedelta(seconds=30), ge=timedelta(seconds=1), description="until a dead worker's jobs")
    sweep_every: timedelta = Field(timedelta(seconds=15), ge=timedelta(seconds=0.1))
    attempts: int = Field(3, ge=1, description="bad answers before a batch goes to the dead letters")
    backoff: timedelta = Field(timedelta(seconds=1), ge=timedelta(0))

    @property
    def embedded(self) -> bool:
        return self.postgres_url is None

    @property
    def runs_worker(self) -> bool:
        return self.embedded if self.worker is None else self.worker

    @property
    def extraction_pause(self) -> timedelta:
        """A model is told its instructions with every call, so that fewer and larger calls cost less."""
        if self.extract_after is not None:
            return self.extract_after
        return EXTRACT_AFTER if self.uses_llm else timedelta()

    @property
    def uses_llm(self) -> bool:
        return self.llm_base_url is not None or self.llm_api_key is not None


def load_settings(**given: object) -> Settings:
    """Raises ConfigurationError that names each setting that does not hold."""
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise ConfigurationError(f"settings: {wrong}; correct the argument or the SEMMEM_* variable") from None
