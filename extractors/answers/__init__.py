"""From a model's raw answer to drafts of facts: what is right of it is kept, and what is not is told."""
