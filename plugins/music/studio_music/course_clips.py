"""Clips of a few bars as courses of `music.train`: melodies and drums, by VAE or GAN."""

from studio_training import Settings

from studio_music import drum_training, gan_training, vae_training
from studio_music import model_drums as drum_nets
from studio_music import model_gan as gan_nets
from studio_music import model_vae as vae_nets
from studio_music.course import Course, Sizes, check_some, get_piece, split_examples
from studio_music.groove_data import DrumLoop, cut_windows, encode_notes, find_drums, to_drum_piece
from studio_music.latent import draw_latent, find_drum_directions, find_melody_directions, fit_prior
from studio_music.melody import find_key, find_melody
from studio_music.melody_data import Line, encode_folk
from studio_music.melody_data import encode_notes as encode_melody
from studio_music.music_dataset import Collection, Work
from studio_music.notes import Piece


def build_melody(collection: Collection, sizes: Sizes, settings: Settings) -> Course:
    """Two and four bars of melody."""
    train, held_out, left_out = split_examples(collection, read_lines)
    check_some(train, left_out, "melodies of two bars")
    corpus = vae_training.MelodyCorpus(train, sizes.transpose)
    rest = vae_training.MelodyCorpus(held_out)
    check_some(corpus.groups, left_out, "melodies of two bars")
    config = vae_nets.VaeConfig(sizes.n_embd, sizes.n_latent, sizes.dropout)
    trainer = vae_training.build_trainer(corpus, config, settings)

    def get_net() -> vae_nets.MelodyVae:
        assert isinstance(trainer.average, vae_nets.MelodyVae)
        return trainer.average

    def compose(seed: int) -> Piece:
        from studio_music.melodies import MelodyWish, MelodyWriter, to_melody_piece

        writer = MelodyWriter(get_net(), {})
        wish = MelodyWish(corpus.groups[0][0], 2)
        clips = [writer.write(draw_latent(writer.latent, seed * 10 + n), wish, n) for n in range(4)]
        return to_melody_piece(clips, wish, 110.0, "Samples")

    return Course(
        trainer,
        (len(corpus), "windows"),
        (lambda: vae_training.measure(get_net(), rest, 200)) if len(rest) else None,
        "valid_error" if len(rest) else "",
        compose,
        lambda: (
            {
                **vae_nets.to_config(get_net()),
                "attributes": dict(find_melody_directions(get_net(), corpus)),
            },
            {**get_net().state_dict(), **fit_prior(get_net(), corpus).to_tensors()},
        ),
        ("music.vae",),
        left_out,
    )


def build_drums(collection: Collection, sizes: Sizes, settings: Settings) -> Course:
    """Two bars of drums, and how they are played."""
    train, held_out, left_out = split_examples(collection, read_loops)
    windows, rest_windows = cut_windows(train), cut_windows(held_out)
    check_some(windows, left_out, "drums of two bars")
    corpus = drum_training.DrumCorpus(windows)
    config = drum_nets.DrumConfig(sizes.n_embd, sizes.n_latent, sizes.dropout)
    trainer = drum_training.build_trainer(corpus, config, settings)
    rest = drum_training.DrumCorpus(rest_windows) if rest_windows else None

    def get_net() -> drum_nets.DrumNet:
        assert isinstance(trainer.average, drum_nets.DrumNet)
        return trainer.average

    def compose(seed: int) -> Piece:
        from studio_music.drums import DrumPlayer, DrumWish

        player = DrumPlayer(get_net(), {})
        wish = DrumWish("any", 110.0, 4)
        loop = player.compose(wish, draw_latent(player.latent, seed), seed)
        return to_drum_piece(loop, "Samples", wish.bpm)

    return Course(
        trainer,
        (len(windows), "windows"),
        (lambda: drum_training.measure(get_net(), rest)) if rest else None,
        "valid_goal" if rest else "",
        compose,
        lambda: (
            {
                **drum_nets.to_config(get_net()),
                "attributes": dict(find_drum_directions(get_net(), corpus)),
            },
            get_net().state_dict(),
        ),
        ("music.vae", "music.groove"),
        left_out,
    )


def build_gan(collection: Collection, sizes: Sizes, settings: Settings) -> Course:
    """Two bars of melody by an adversarial net; there is no figure for how well it does."""
    train, held_out, left_out = split_examples(collection, read_lines)
    train = train + held_out
    check_some(train, left_out, "melodies of two bars")
    corpus = vae_training.MelodyCorpus(train, sizes.transpose)
    width = max(16, sizes.n_embd // 8 * 8)
    config = gan_nets.GanConfig(width, sizes.n_latent)
    learner = gan_training.GanLearner(corpus, config, settings)

    def compose(seed: int) -> Piece:
        from studio_music.melodies import MelodyWish, to_melody_piece

        noise = draw_latent(config.n_latent * 4, seed).view(4, -1)
        rows = [row.numpy() for row in gan_nets.paint_tokens(learner.average, noise)]
        return to_melody_piece(rows, MelodyWish(0, 2), 110.0, "Samples")

    return Course(
        learner,
        (len(corpus), "windows"),
        None,
        "",
        compose,
        lambda: (gan_nets.to_config(learner.average), learner.average.state_dict()),
        ("music.gan",),
        left_out,
    )


def read_lines(work: Work) -> list[Line]:
    """Return the melody of a work on the grid of 16ths, one line a section."""
    if work.tune is not None:
        return list(encode_folk(work.tune))
    piece = get_piece(work)
    line = encode_melody(
        find_melody(piece).notes, find_key(piece).tonic, piece.metre, piece.pickup, work.name
    )
    return [line] if line is not None else []


def read_loops(work: Work) -> list[DrumLoop]:
    """Return the drums of a work in 4/4; none in a tune."""
    if work.piece is None or work.piece.metre not in ((4, 4), (2, 2), (2, 4)):
        return []
    notes = find_drums(work.piece)
    if not notes:
        return []
    loop = encode_notes(notes)
    return [DrumLoop(loop.hits, loop.force, loop.push, 0, work.piece.bpm)]
