"""How semmem reaches a Postgres server: its URL, a connection to it, and what its errors mean."""
