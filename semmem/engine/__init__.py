"""The work behind a memory: extraction, indexes, erasure, in jobs that a worker runs."""
