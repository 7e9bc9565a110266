"""Settings, and how an application is put together from them."""
