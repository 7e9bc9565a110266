"""The local model server that the evals count calls with, for the tests' real clients to run against."""

from semmem.testing.model_server import ModelServer, Reply, Vectors, chat_usage, hashed_words, texts_of

__all__ = ["ModelServer", "Reply", "Vectors", "chat_usage", "hashed_words", "texts_of"]
