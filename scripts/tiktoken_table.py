"""Puts tiktoken's o200k_base table into the folder given, from the wheel of litellm, which carries it.

usage: tiktoken_table.py FOLDER      (then with TIKTOKEN_CACHE_DIR=FOLDER a test compares the bundled table with it)
"""

import pathlib
import subprocess
import sys
import tempfile
import zipfile

TABLE = "fb374d419588a4632f3f557e76b4b70aebbca790"  # the name by which tiktoken caches o200k_base

target = pathlib.Path(sys.argv[1]) / TABLE
if target.exists():
    sys.exit(0)
target.parent.mkdir(parents=True, exist_ok=True)
with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
    pip = [sys.executable, "-m", "pip", "download", "-qq", "--no-deps", "-d", scratch, "litellm==1.109.1"]
    if subprocess.run(pip, capture_output=True).returncode:
        print("litellm 1.109.1 did not download: the bundled table is compared with none")
        sys.exit(0)
    with zipfile.ZipFile(next(pathlib.Path(scratch).glob("*.whl"))) as wheel:
        table = wheel.read(f"litellm/litellm_core_utils/tokenizers/{TABLE}")
    part = pathlib.Path(scratch) / "table"
    part.write_bytes(table)
    part.rename(target)
