"""Text of random words."""

import random

from pydantic import Field

from studio.generator import Artifact, Generator
from studio.media import MediaType
from studio.params import Params

WORDS = "amber brick cedar dune ember fern granite harbour iron juniper kelp lichen moss".split()


class WordsParams(Params):
    count: int = Field(5, ge=1, le=1000, description="words")


class Words(Generator):
    id = "sample.words"
    title = "Words"
    summary = "Random words."
    output = MediaType.TEXT
    Params = WordsParams

    def generate(self, params, job):
        for done, seed in enumerate(job.seeds, 1):
            job.step(done, len(job.seeds))
            rng = random.Random(seed)
            text = " ".join(rng.choice(WORDS) for _ in range(params.count))
            yield Artifact(text + "\n", MediaType.TEXT, title="words")
