"""The `semmem` command."""

import gc
import os
import signal
import sys


def main() -> None:
    """Runs the command in any locale, and where the reader of stdout has gone away."""
    for descriptor in range(3):  # one that is closed would be given to the next file or socket
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    gc.set_threshold(50_000)  # importing makes much and leaves no garbage; looking for it takes a tenth of a command
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Until there is something to close, Ctrl-C ends the process, with no traceback of what was being imported.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from semmem.cli.app import app
    from semmem.cli.failures import BROKEN_PIPE

    try:
        app(prog_name="semmem")
    finally:
        try:  # here, not at the interpreter's end, which would complain of a reader that is gone
            if sys.stdout is not None:
                sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(BROKEN_PIPE) from None
