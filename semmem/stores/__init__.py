"""The stores: Postgres holds the truth, Qdrant and Redis what can be rebuilt from it."""
