"""What a setting says about a store is read before the store is asked."""

from contextlib import AsyncExitStack

import pytest

from semmem import ConfigurationError
from semmem.stores.postgres.identity import Identity
from semmem.wiring.opening import open_mirror
from semmem.wiring.settings import load_settings

NO_URLS = ["qdrant", "qdrant:6333", "localhost:6333", "//host", "ftp://host", "http://", "http://host:99999"]
NO_URLS += ["http://host:port", "http://[::1", "http://a host", "http://\0"]


@pytest.mark.parametrize("url", NO_URLS)
async def test_what_is_no_url_of_qdrant_names_the_setting(url: str) -> None:
    settings = load_settings(postgres_url="postgresql://localhost/semmem", qdrant_url=url)
    async with AsyncExitStack() as stack:
        with pytest.raises(ConfigurationError, match=r"SEMMEM_QDRANT_URL must be like http://host:6333; correct it"):
            await open_mirror(stack, settings, None, Identity(), "model", 3)
