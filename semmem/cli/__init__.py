"""The `semmem` command."""


def main() -> None:
    from semmem.cli.app import app

    app(prog_name="semmem")
