"""What the model may say. It has no word for a tenant, a scope, an id or trust, so no answer can set one."""

import re
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from semmem.domain.extraction import Verdict
from semmem.domain.fact import MAX_FACT_BYTES, MAX_SUBJECT_BYTES, Category

MAX_FACTS = 200  # in one answer

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_STRUCTURE = ("type", "enum", "items", "properties", "required", "additionalProperties", "anyOf")


def _storable(text: str) -> str:
    if _UNSTORABLE.search(text):
        raise ValueError("holds NUL or a lone surrogate")
    return text


def _at_most(limit: int) -> AfterValidator:
    def check(text: str) -> str:
        if len(text.encode()) > limit:
            raise ValueError(f"longer than {limit} bytes")
        return text

    return AfterValidator(check)


Unit = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Number = Annotated[int, Field(ge=1, le=10_000)]
Name = Annotated[str, Field(min_length=1), AfterValidator(_storable), _at_most(MAX_SUBJECT_BYTES)]
Statement = Annotated[str, Field(min_length=1), AfterValidator(_storable), _at_most(MAX_FACT_BYTES)]
Quote = Annotated[str, Field(min_length=1, max_length=2_000), AfterValidator(_storable)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, str_strip_whitespace=True)


class SaidFact(_Strict):
    """A fact in the model's words: `source` is the number of a line, `when` the words that date it."""

    subject: Name
    text: Statement
    category: Category
    confidence: Unit
    importance: Unit
    quote: Quote
    source: Number
    when: Name | None


class SaidSummary(_Strict):
    """A summary of the session with that number in the request; 0 is the whole scope."""

    session: Annotated[int, Field(ge=0, le=10_000)]
    text: Quote


class SaidVerdict(_Strict):
    """What becomes of draft number `draft`; `candidate` is the number of a known fact shown for it."""

    draft: Number
    verdict: Verdict
    candidate: Number | None


class Answer(_Strict):
    """The answer to `TASK: extract`. No facts is an answer: nothing was worth keeping."""

    KEY: ClassVar[str] = "facts"
    facts: list[SaidFact]
    summaries: list[SaidSummary]


class Verdicts(_Strict):
    """The answer to `TASK: decide`."""

    KEY: ClassVar[str] = "verdicts"
    verdicts: list[SaidVerdict]


def json_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The model as OpenAI's strict mode takes it: inlined, every field required, structure only.

    Bounds are left out, since not every server knows them; `parse` checks them in the answer.
    """
    whole = model.model_json_schema()
    return _bare(whole, whole.get("$defs", {}))


def _bare(node: dict[str, Any], defs: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in node:
        return _bare(defs[node["$ref"].rsplit("/", 1)[1]], defs)
    bare = {key: node[key] for key in _STRUCTURE if key in node}
    if "properties" in bare:
        bare["properties"] = {name: _bare(child, defs) for name, child in bare["properties"].items()}
    if "items" in bare:
        bare["items"] = _bare(bare["items"], defs)
    if "anyOf" in bare:
        bare["anyOf"] = [_bare(child, defs) for child in bare["anyOf"]]
    return bare
