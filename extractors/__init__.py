"""Events -> drafts -> decisions: pure functions around at most two model calls per batch.

`llm` asks a model, and `answers` reads what it says; without one, `offline` takes the speaker's own `statements` as
they stand. `resolve` decides what becomes of each draft, by the `rules` for what takes whose place.
"""
