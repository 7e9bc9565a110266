"""`semmem eval`: the commands that measure."""
