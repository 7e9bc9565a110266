"""What a min_score leaves out is counted through the product, on its own stores."""

from datetime import UTC, datetime

from semmem import NewEvent
from semmem.evals.abstention import _all, _of_conversation
from semmem.evals.datasets.dataset import Conversation, Question
from semmem.wiring.bootstrap import Application

SAID = datetime(2026, 2, 4, tzinfo=UTC)
HOME = Conversation(
    id="home",
    events=tuple(
        NewEvent(content=text, speaker="Ana", session="s1", key=key, occurred_at=SAID)
        for key, text in (("e1", "I live in Porto near the river."), ("e2", "My sister Rita is a dentist."))
    ),
    questions=(
        Question(id="q1", question="Where does Ana live?", answer="Porto", evidence=("e1",), category="single"),
    ),
    others=(
        Question(
            id="q2",
            question="How many goals did the striker score in Mongolia?",
            answer="",
            evidence=(),
            category="abstention",
            unanswerable=True,
        ),
    ),
)
FOREIGN = ["Which compiler flag makes the kernel panic?"]


async def test_what_is_kept_and_what_is_refused(application: Application) -> None:
    strict = await _of_conversation(application, HOME, FOREIGN, 1.0)
    fair = await _of_conversation(application, HOME, FOREIGN, 0.2)
    lax = await _of_conversation(application, HOME, FOREIGN, 0.0)

    assert (strict.kept, strict.foreign, strict.unanswerable) == (0.0, [True], [True])
    assert (fair.kept, fair.foreign, fair.unanswerable) == (1.0, [True], [True])
    assert (lax.kept, lax.foreign, lax.unanswerable) == (1.0, [False], [False])
    total = _all([strict, lax])
    assert (total.kept, total.foreign) == (0.5, [True, False])
