"""Packs tiktoken's o200k_base table into semmem/models/data/o200k_base.xz, and tells whether it changed.

usage: token_table.py TABLE      (the file that tiktoken caches: a line for each token, in base64, and its rank)

The lengths of all tokens, a byte each in the order of their ranks, are followed by the tokens themselves.
"""

import base64
import lzma
import pathlib
import sys

PACKED = pathlib.Path(__file__).parents[1] / "semmem" / "models" / "data" / "o200k_base.xz"

ranked = [line.split() for line in pathlib.Path(sys.argv[1]).read_bytes().splitlines()]
if [int(rank) for _, rank in ranked] != list(range(len(ranked))):
    sys.exit("the ranks have gaps: this is another table")
tokens = [base64.b64decode(token) for token, _ in ranked]
packed = lzma.compress(bytes(map(len, tokens)) + b"".join(tokens), preset=9 | lzma.PRESET_EXTREME)
changed = not PACKED.exists() or PACKED.read_bytes() != packed
PACKED.write_bytes(packed)
print(f"{len(tokens):,} tokens, {len(packed):,} bytes, {'changed' if changed else 'unchanged'}")
