"""Folk tunes as a course of `music.train`."""

from studio_training import Settings

from studio_music import folk_training
from studio_music import model_folk as folk_nets
from studio_music.course import Course, Sizes, check_some, count_heads, get_piece, split_examples
from studio_music.folk import FolkRequest, TuneWriter, count_pickups
from studio_music.folk_data import FolkTune
from studio_music.folk_opening import read_tune
from studio_music.music_dataset import Collection, Work


def build_folk(collection: Collection, sizes: Sizes, settings: Settings) -> Course:
    """Tunes of one voice, note by note."""
    train, held_out, left_out = split_examples(collection, read_folk)
    check_some(train, left_out, "tunes")
    corpus = folk_training.FolkCorpus(train)
    rest = folk_training.FolkCorpus(held_out)
    config = folk_nets.FolkConfig(
        sizes.core, sizes.n_layer, sizes.n_embd, count_heads(sizes.n_embd), sizes.dropout
    )
    trainer = folk_training.build_trainer(corpus, config, settings)
    pickups = count_pickups(train)

    def get_net() -> folk_nets.FolkNet:
        assert isinstance(trainer.average, folk_nets.FolkNet)
        return trainer.average

    request = FolkRequest(dance="reel", bars=8, sections=2, is_repeated=False)
    return Course(
        trainer,
        (len(train), "tunes"),
        (lambda: folk_training.measure_perplexity(get_net(), rest)) if held_out else None,
        "valid_nll" if held_out else "",
        lambda seed: TuneWriter(get_net(), pickups).compose(request, seed),
        lambda: (
            {**folk_nets.to_config(get_net()), "pickups": pickups},
            get_net().state_dict(),
        ),
        ("music.lstm", "music.transformer"),
        left_out,
    )


def read_folk(work: Work) -> list[FolkTune]:
    """Return the tune of a work.

    Raises:
        InvalidInputError, TuneFault: there is none in it.
    """
    return [work.tune or read_tune(get_piece(work))]
