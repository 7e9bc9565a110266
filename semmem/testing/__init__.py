"""What tests of applications on semmem need too: a model server, a clock that a test moves, and waiting in it."""

from semmem.testing.clock import ManualClock
from semmem.testing.model_server import ModelServer, Reply, Vectors, chat_usage, hashed_words, texts_of
from semmem.testing.waiting import wait_until

__all__ = ["ManualClock", "ModelServer", "Reply", "Vectors", "chat_usage", "hashed_words", "texts_of", "wait_until"]
