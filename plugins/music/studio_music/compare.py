"""`music.compare`: which model learns your scores best, in one table."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from studio.generator import Artifact, Checkpoint, Footprint, Generator, Input, JobContext
from studio.media import MediaType
from studio.params import Params
from studio_music.train import ADVANCED, Train

if TYPE_CHECKING:
    from studio_training import Settings

PROTOCOL = (
    "nats per note and perplexity (e to the nats) of the scores held out, teacher forced, at the "
    "best measurement of each; every model learns the same scores for the same number of steps, "
    "with the same width; folk: pitch and length together, the plan of the tune known; chorale: "
    "every voice of every 16th"
)


class CompareParams(Params):
    """Params of `music.compare`."""

    model: Literal["folk", "chorale"] = Field(
        "folk", description="what the scores are: tunes of one voice, or four voices"
    )
    folder: str = Field(
        "",
        max_length=4000,
        description="a folder with MIDI, MusicXML and ABC files, beside those given as input",
    )
    steps: int = Field(500, ge=1, le=1_000_000, description="steps that each net learns")
    batch: int = Field(16, ge=1, le=256, description="works in a step")
    rate: float = Field(
        2e-3, ge=1e-6, le=0.1, description="learning rate", json_schema_extra=ADVANCED
    )
    n_layer: int = Field(1, ge=1, le=8, description="layers of each net")
    n_embd: int = Field(128, ge=8, le=512, multiple_of=8, description="width of each net")
    dropout: float = Field(0.2, ge=0, le=0.7, description="share of the net that rests in a step")
    held_out: float = Field(
        0.1,
        ge=0.01,
        le=0.5,
        description="share of the works that is measured on and not learnt from; variants of a "
        "work stay together",
    )
    every: int = Field(
        100,
        ge=1,
        le=100_000,
        description="steps between two measurements",
        json_schema_extra=ADVANCED,
    )


class Compare(Generator):
    """Markov chains are counted, LSTM, GRU and Transformer learn; nothing is kept but figures."""

    id: ClassVar[str] = "music.compare"
    title: ClassVar[str] = "Compare composers"
    summary: ClassVar[str] = "Markov chain, LSTM, GRU and Transformer on your scores, in one table"
    output: ClassVar[MediaType] = MediaType.REPORT
    inputs: ClassVar[tuple[Input, ...]] = Train.inputs
    Params: ClassVar[type[Params]] = CompareParams
    testing_params: ClassVar[dict[str, object]] = {"steps": 2, "batch": 2, "n_embd": 16}

    @classmethod
    def footprint(cls, params: Any) -> Footprint:
        """As of a training."""
        values = params.batch * 300 * params.n_embd * (params.n_layer + 6) * 8
        return Footprint(host_bytes=(500 << 20) + values)

    def __init__(self, checkpoint: Checkpoint | None, device: str) -> None:
        super().__init__(checkpoint, device)

    def generate(self, params: CompareParams, job: JobContext) -> Iterator[Artifact]:
        """Yield the table, for each seed."""
        from studio_music.comparison import CORES, check_split, count_chains, teach_core
        from studio_music.course import Sizes
        from studio_music.music_dataset import gather_works

        collection = gather_works(job, params.folder, params.held_out)
        check_split(collection)
        chains = list(count_chains(params.model, collection))
        sizes = Sizes("lstm", params.n_layer, params.n_embd, dropout=params.dropout)
        total = params.steps * len(CORES) * len(job.seeds)
        for index, seed in enumerate(job.seeds):
            lines, seconds = list(chains), {}
            for number, core in enumerate(CORES):
                done = (index * len(CORES) + number) * params.steps - 1

                def tell(step: int, done: int = done) -> None:
                    job.step(done + step, total)

                plan = (replace(sizes, core=core), to_settings(params, seed), params.every)
                line, spent = teach_core(
                    params.model,
                    collection,
                    plan,
                    tell,
                )
                lines.append(line)
                seconds[line.model] = round(spent, 1)
            job.step((index + 1) * params.steps * len(CORES), total)
            best = min(lines, key=lambda line: line.nats)
            yield Artifact(
                {
                    "protocol": PROTOCOL,
                    "rows": [line.describe() for line in lines],
                    "dataset": collection.describe(),
                },
                MediaType.REPORT,
                metrics={line.model: round(line.nats, 4) for line in lines},
                info={"seconds": seconds, "best": best.model},
                title=f"{best.model} is best at {params.model}",
            )


def to_settings(params: CompareParams, seed: int) -> "Settings":
    """Take the manner of learning from the params."""
    from studio_training import Settings

    return Settings(
        steps=params.steps,
        batch=params.batch,
        rate=params.rate,
        warmup=min(50, params.steps // 4),
        ema=0.998,
        weight_decay=0.01,
        seed=seed,
    )
