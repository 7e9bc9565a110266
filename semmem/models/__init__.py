"""The models semmem calls: chat and embedding endpoints, the bundled embedder, and the token counter."""
