"""Events on this machine's disk, while Postgres is away."""
