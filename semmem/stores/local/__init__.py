"""Events and updates on this machine's disk, while Postgres is away."""
