"""What an eval measures, and all that its figures depend on."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from platformdirs import user_cache_path

import semmem
from semmem.domain.checks import MAX_LIMIT, check_int, check_one_of
from semmem.errors import ConfigurationError, InvalidInput
from semmem.evals.datasets.dataset import Conversation
from semmem.evals.datasets.recorded import Recorded
from semmem.evals.journal import Asked
from semmem.evals.retrieved import BUDGETS
from semmem.evals.retrievers import RetrieverName
from semmem.testing import ModelServer
from semmem.wiring.opening import make_embedder
from semmem.wiring.settings import Settings, load_settings

ExtractorName = Literal["offline", "llm", "recorded"]

# Figures must come from servers of the run's own, whatever the environment names.
EMBEDDED = {"postgres_url": None, "postgres_admin_url": None, "redis_url": None, "qdrant_url": None, "worker": True}
NO_MODEL = {"llm_base_url": None, "llm_api_key": None, "openai_api_key": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is measured. `sha256` is of the whole data set, of which `conversations` may be a part."""

    dataset: str
    sha256: str
    conversations: tuple[Conversation, ...]
    retriever: RetrieverName = "semmem"
    extractor: ExtractorName = "offline"
    limit: int = 200
    questions: int | None = None  # of each conversation, from the first on

    def __post_init__(self) -> None:
        check_int("limit", self.limit, 1, MAX_LIMIT)
        check_one_of("retriever", self.retriever, get_args(RetrieverName))
        check_one_of("extractor", self.extractor, get_args(ExtractorName))
        if not self.asked:
            raise InvalidInput("questions", "there is none with evidence", "name data with questions about its events")

    @property
    def asked(self) -> list[Asked]:
        """What names each question, in the order of the data."""
        return [(each.id, question.id) for each in self.conversations for question in each.questions[: self.questions]]


def digest(conversations: Sequence[Conversation]) -> str:
    """Returns the SHA-256 over all that retrieval is measured by, in hex."""
    return _sha256([_measured(each) for each in conversations])


def digest_of_questions(conversations: Sequence[Conversation]) -> str:
    """Returns the SHA-256 over all that is asked, and over what the answers are judged by."""
    return _sha256([asdict(question) for each in conversations for question in each.questions])


def _sha256(said: Any) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def _measured(conversation: Conversation) -> dict[str, Any]:
    """Returns what a conversation held before answers were judged: results of that time can be compared still."""
    held = asdict(conversation) | {"unanswerable": conversation.unanswerable, "skipped": conversation.skipped}
    del held["others"]
    for question in held["questions"]:
        for name in ("rubric", "asked_at", "unanswerable", "place"):
            del question[name]
    return held


async def describe(plan: Plan, settings: Settings) -> dict[str, Any]:
    """Names all that the figures depend on."""
    embedder = make_embedder(settings)
    await embedder.aclose()
    return {
        "dataset": plan.dataset,
        "embedder": embedder.model,
        "sha256": plan.sha256,
        "conversations": [conversation.id for conversation in plan.conversations],
        "questions": plan.questions,
        "categories": sorted({question.category for each in plan.conversations for question in each.questions}),
        "limit": plan.limit,
        "retriever": plan.retriever,
        "extractor": plan.extractor,
        "llm_model": settings.llm_model if plan.extractor == "llm" else None,
        "vector_index": settings.vector_index or "qdrant",
        "budgets": list(BUDGETS),
        "semmem": semmem.__version__,
    }


def cache_folder(about: Mapping[str, Any]) -> Path:
    """Returns where a run works that names no folder: each kind of run has its own, so that it finds what it left."""
    name = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:16]
    return user_cache_path("semmem") / "evals" / name


@contextmanager
def eval_settings(extractor: ExtractorName, conversations: Sequence[Conversation]) -> Iterator[Settings]:
    """SEMMEM_* as the environment has them, but for the stores, which are embedded, and the extractor.

    Raises ConfigurationError where no chat model is named for "llm", InvalidInput where nothing is "recorded".
    """
    if extractor == "offline":
        yield load_settings(**EMBEDDED, **NO_MODEL)
    elif extractor == "recorded":
        with ModelServer(answer=Recorded(conversations)) as server:
            yield load_settings(**EMBEDDED, llm_base_url=server.base_url, llm_api_key="unused", llm_model="recorded")
    else:
        settings = load_settings(**EMBEDDED)
        if not settings.uses_llm:
            raise ConfigurationError("the extractor llm needs a model; set OPENAI_API_KEY or SEMMEM_LLM_BASE_URL")
        yield settings
