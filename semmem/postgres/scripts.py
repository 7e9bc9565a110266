"""Files of SQL, in which each statement stands below its name: `-- name: what it does`."""

import re

_HEADER = re.compile(r"^-- (\w+): .+$", re.MULTILINE)


def named_parts(script: str) -> dict[str, str]:
    """Returns what stands below each name, up to the next one."""
    parts = _HEADER.split(script)
    return dict(zip(parts[1::2], parts[2::2], strict=True))
