"""Sessions of onnxruntime, and forks."""

import ctypes
import os
from contextlib import suppress


def leave_to_parent(session: object) -> None:
    """In a forked child: never frees the parent's session there, for that would wait for the parent's threads.

    When Python is done, the child ends before onnxruntime's C++ destructors wait for threads of the parent: they run
    even where it never used a session, and it then hangs; one that used its own is aborted.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(session))
    libc = ctypes.CDLL(None)
    with suppress(AttributeError):  # glibc has these calls; they run last to first, and what C buffered is written
        for function in (libc._exit, libc.fcloseall):
            libc.on_exit(ctypes.cast(function, ctypes.c_void_p), None)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # as it is in a child anyway, without a word on stderr
