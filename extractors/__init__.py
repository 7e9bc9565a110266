"""Events -> drafts -> decisions: pure functions around at most two model calls per batch."""
