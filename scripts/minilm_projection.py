"""Fits the projection of MiniLM's token states from 384 to 96 dimensions, from the model's own vocabulary.

python scripts/minilm_projection.py semmem/models/data/minilm-projection.npy

The principal directions (uncentred, so that dot products are kept) of the states of words put together at random: no
text is needed, and none leaves its mark (docs/retrieval.md has what it keeps).
"""

import asyncio
import json
import random
import re
import sys
from importlib.resources import files

import numpy as np

from semmem.models.minilm import DIMENSIONS, STATE_DIMENSIONS, MiniLM

TEXTS, WORDS_A_TEXT = 3_000, 14


async def main(path: str) -> None:
    tokenizer = json.loads(files("semmem.models").joinpath("data", "minilm-tokenizer.json").read_text("utf-8"))
    words = [word for word in tokenizer["model"]["vocab"] if re.fullmatch("[a-z]{3,}", word)]
    pick = random.Random(1)
    texts = [" ".join(pick.sample(words, WORDS_A_TEXT)) for _ in range(TEXTS)]
    embedded = await MiniLM(project=False).embed(texts, tokens=True)
    states = np.concatenate([each.states for each in embedded.tokens or ()])
    assert states.shape[1] == DIMENSIONS
    _, directions = np.linalg.eigh(states.T @ states)
    np.save(path, directions[:, ::-1][:, :STATE_DIMENSIONS].astype(np.float16))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
