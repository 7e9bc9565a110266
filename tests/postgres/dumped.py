"""What pg_dump says of a database's schema: two that answer alike are alike."""

from pathlib import Path

from tests.postgres.commands import run


async def dumped(url: str, cwd: Path) -> str:
    """The schema semmem, with rights and owners; without the remarks, which name the server."""
    said = await run(f"pg_dump --schema-only --schema=semmem {url}", cwd)
    return "\n".join(line for line in said.splitlines() if line and not line.startswith(("--", "\\")))
