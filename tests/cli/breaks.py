"""A module that cannot be imported: its environment lacks what it asks for."""

import os

HOME = os.environ["SEMMEM_TEST_NO_SUCH_VARIABLE"]
