"""`semmem demo`: a returning customer, and with `--fleet` three agents on one workspace."""
