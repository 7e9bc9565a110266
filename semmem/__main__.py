"""`python -m semmem` is the `semmem` command."""

from semmem.cli import main

if __name__ == "__main__":
    main()
