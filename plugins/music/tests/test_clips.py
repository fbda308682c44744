"""Melody and drum clips: grids, the two VAEs, the GAN, and their generators."""

from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from studio_music import drum_training, gan_training, vae_training
from studio_music import model_drums as drum_nets
from studio_music import model_gan as gan_nets
from studio_music import model_vae as vae_nets
from studio_music.attributes import MELODY, measure_melody
from studio_music.drums import DrumPlayer, DrumWish, to_machine
from studio_music.gan import Gan
from studio_music.groove import Groove
from studio_music.groove_data import (
    PITCHES,
    DrumLoop,
    cut_windows,
    decode_notes,
    encode_notes,
    to_drum_piece,
)
from studio_music.latent import draw_latent, fit_prior
from studio_music.leaning import Leaning
from studio_music.melodies import MelodyWish, MelodyWriter, load_writer, read_clip
from studio_music.melody_data import (
    FIRST,
    HOLD,
    LOWEST,
    REST,
    VOCABULARY,
    Line,
    decode_tokens,
    encode_line,
)
from studio_music.melody_data import cut_windows as cut_lines
from studio_music.melody_data import encode_notes as encode_melody
from studio_music.midi import save_midi
from studio_music.notes import Note, Part, Piece
from studio_music.shelf import PLACE
from studio_music.vae import Vae
from studio_training import Settings, save_weights

from studio.errors import CheckpointError, InvalidInputError
from studio.generator import Checkpoint, InputAsset, JobContext
from studio.media import MediaType
from studio.testing import check_generator

SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


def build_lines(count=6, bars=5):
    rng = np.random.default_rng(0)
    lines = []
    for number in range(count):
        cells = [(n * 2, 2, SCALE[rng.integers(8)]) for n in range(bars * 8)]
        lines.append(encode_line(cells, 0, 0, str(number)))
    return lines


def build_loops(count=8):
    rng = np.random.default_rng(1)
    hits = (rng.random((count, 32, 9)) < 0.2).astype(np.float32)
    hits[:, ::8, 0] = 1
    force = hits * 0.6
    return [DrumLoop(h, f, h * 0.1, 1, 100.0) for h, f in zip(hits, force, strict=True)]


def build_melody():
    notes = tuple(Note(n / 2, 0.5, SCALE[n % 8]) for n in range(32))
    return Piece((Part("flute", 73, notes),), title="Scale", fifths=0, mode="major")


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    place = tmp_path_factory.mktemp("clips")
    torch.manual_seed(0)
    vae = vae_nets.MelodyVae(vae_nets.VaeConfig(16, 8))
    directions = {"density": [0.5] * 8}
    save_weights(
        place / "melody",
        vae.state_dict(),
        {**vae_nets.to_config(vae), "attributes": directions},
        "",
        ["music.vae"],
    )
    drums = drum_nets.DrumNet(drum_nets.DrumConfig(16, 8))
    save_weights(
        place / "drums",
        drums.state_dict(),
        {**drum_nets.to_config(drums), "attributes": {}},
        "",
        ["music.groove"],
    )
    gan = gan_nets.Painter(gan_nets.GanConfig(16, 8))
    save_weights(place / "gan", gan.state_dict(), gan_nets.to_config(gan), "", ["music.gan"])
    return place


@pytest.fixture
def score(tmp_path):
    save_midi(build_melody(), tmp_path / "scale.mid")
    return tmp_path / "scale.mid"


@pytest.fixture
def loop_file(tmp_path):
    save_midi(to_drum_piece(build_loops()[0], "Loop", 100.0), tmp_path / "loop.mid")
    return tmp_path / "loop.mid"


def make(generator, place, tmp_path, seeds=(1,), params=None, **inputs):
    assets = {
        slot: [
            InputAsset(str(n), MediaType.SCORE, path, {"main": path})
            for n, path in enumerate(paths)
        ]
        for slot, paths in inputs.items()
    }
    job = JobContext(seeds, assets, tmp_path, lambda *step: None, lambda: False)
    checkpoint = Checkpoint(place.name, place, "")
    return list(generator(checkpoint, "cpu").generate(generator.Params(**(params or {})), job))


def read_notes(artifact):
    notes, now = [], 0
    for track in artifact.payload.tracks:
        now = 0
        for message in track:
            now += message.time
            if message.type == "note_on" and message.velocity:
                notes.append(
                    (
                        now / artifact.payload.ticks_per_beat,
                        message.note,
                        message.velocity,
                        message.channel,
                    )
                )
    return notes


@given(
    st.lists(
        st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(50, 80)),
        min_size=1,
        max_size=20,
    )
)
@settings(max_examples=60)
def test_tokens_give_a_melody_back(steps):
    cells, at = [], 0
    for gap, length, pitch in steps:
        cells.append((at, length, pitch))
        at += length + gap - 1
    line = encode_line(cells, 0, 0)
    assert decode_tokens(line.tokens, 0) == cells


def test_windows_begin_with_what_was_held():
    line = Line(
        np.array(
            [
                FIRST + 5,
                *[HOLD] * 15,
                HOLD,
                FIRST + 7,
                FIRST + 8,
                FIRST + 9,
                *[HOLD] * 12,
                FIRST + 3,
                *[HOLD] * 15,
            ],
            np.int16,
        ),
        0,
    )
    windows = cut_lines([line], 2)[0]
    assert windows.shape == (1 + 1, 32)
    assert windows[1, 0] == FIRST + 5


def test_notes_out_of_the_range_are_moved_by_octaves_or_left_out():
    low = [Note(n / 2, 0.5, 30 + n % 5) for n in range(16)]
    line = encode_melody(low, 6, (4, 4), 0.0, "")
    assert line is not None and (line.tokens >= FIRST).sum() == 16
    assert encode_melody([Note(0, 1, 10), Note(1, 1, 110)], 0, (4, 4), 0.0, "") is None
    assert encode_melody(low, 0, (5, 4), 0.0, "") is None


def test_drums_survive_the_grid():
    loop = build_loops()[0]
    again = encode_notes(decode_notes(loop), 32)
    assert (again.hits == loop.hits).all()
    np.testing.assert_allclose(again.force, loop.force, atol=0.005)
    np.testing.assert_allclose(again.push, loop.push, atol=0.005)
    assert set(PITCHES) >= {note.pitch for note in decode_notes(loop)}
    assert len(cut_windows([loop])) == 2 or len(cut_windows([loop])) == 1


def test_the_melody_net_learns_to_write_what_it_read():
    corpus = vae_training.MelodyCorpus(build_lines(1, 3), farthest=0)
    trainer = vae_training.build_trainer(
        corpus,
        vae_nets.VaeConfig(32, 8, 0.0, 1),
        Settings(steps=30, batch=4, rate=0.02, warmup=4, ema=0.5),
    )
    before = vae_training.measure(trainer.average, corpus)
    for _ in range(30):
        trainer.advance()
    after = vae_training.measure(trainer.average, corpus)
    assert after["reconstruction_2"] > max(0.6, before["reconstruction_2"])
    assert 0 <= vae_training.measure_smoothness(trainer.average, corpus) <= 1


def test_writing_is_the_decoder_step_by_step():
    torch.manual_seed(0)
    net = vae_nets.MelodyVae(vae_nets.VaeConfig(16, 8)).eval()
    z, kind = torch.randn(2, 8), torch.zeros(2, dtype=torch.long)
    made = vae_training.write_tokens(net, z, 0, 2)
    assert torch.equal(net.decode(z, made, kind, 16)[0].argmax(-1), made)


def test_the_drum_net_learns_and_writes_as_it_decodes():
    corpus = drum_training.DrumCorpus(build_loops(2))
    trainer = drum_training.build_trainer(
        corpus,
        drum_nets.DrumConfig(32, 8, 0.0),
        Settings(steps=60, batch=8, rate=0.02, warmup=2, ema=0.5),
    )
    before = drum_training.measure(trainer.average, corpus)
    for _ in range(60):
        trainer.advance()
    after = drum_training.measure(trainer.average, corpus)
    assert after["valid_nll"] < 0.8 * before["valid_nll"]
    assert after["force_error"] < before["force_error"]
    net, z = trainer.average, torch.randn(2, 8)
    style, taps = torch.tensor([0, 1]), torch.zeros(2, 32, 3)
    made = drum_training.write_hits(net, z, style, taps)
    assert torch.equal((net.pattern.decode(z, made, style, taps) > 0).float(), made)


def test_drums_of_one_step_see_only_those_before_them():
    torch.manual_seed(0)
    net = drum_nets.PatternVae(drum_nets.DrumConfig(16, 8)).eval()
    torch.nn.init.normal_(net.between)
    hits = torch.zeros(1, 32, 9)
    style, taps, z = torch.tensor([0]), torch.zeros(1, 32, 3), torch.zeros(1, 8)
    one = net.decode(z, hits, style, taps)
    hits[0, 5, 3] = 1
    changed = (net.decode(z, hits, style, taps) != one)[0]
    assert not changed[:5].any() and not changed[5, :4].any() and changed[5, 4:].all()


def test_the_gan_moves_and_goes_on_bit_for_bit(tmp_path):
    corpus = vae_training.MelodyCorpus(build_lines())
    settings_ = Settings(steps=4, batch=4)
    whole = gan_training.GanLearner(corpus, gan_nets.GanConfig(16, 8), settings_)
    for _ in range(4):
        figures = whole.advance()
    assert set(figures) == {"loss", "rating", "slope"}
    part = gan_training.GanLearner(corpus, gan_nets.GanConfig(16, 8), settings_)
    for _ in range(2):
        part.advance()
    part.save(tmp_path / "state.safetensors")
    rest = gan_training.GanLearner(corpus, gan_nets.GanConfig(16, 8), settings_)
    rest.load(tmp_path / "state.safetensors")
    for _ in range(2):
        rest.advance()
    for one, two in zip(
        whole.average.state_dict().values(), rest.average.state_dict().values(), strict=True
    ):
        assert torch.equal(one, two)


def test_the_gan_needs_four_quarters():
    waltz = [encode_line([(n * 4, 4, 60 + n % 5) for n in range(30)], 0, 1)]
    with pytest.raises(InvalidInputError, match="4/4"):
        gan_training.GanLearner(
            vae_training.MelodyCorpus(waltz), gan_nets.GanConfig(16, 8), Settings(steps=1)
        )


def test_a_drummer_follows_taps_strictly():
    torch.manual_seed(0)
    player = DrumPlayer(drum_nets.DrumNet(drum_nets.DrumConfig(16, 8)).eval(), {})
    taps = encode_notes([Note(n, 0.1, 38) for n in (0, 0.75, 1.5, 3)], 16)
    loop = player.compose(DrumWish(bars=1), draw_latent(8, 0), 0, taps)
    assert (loop.hits.any(1) == taps.hits.any(1)).all()
    assert (loop.force[loop.hits > 0] > 0).all() and not loop.force[loop.hits == 0].any()
    machine = player.play(to_machine(loop), DrumWish(human=0.0), 1)
    assert not machine.push.any()


def test_clips_that_cannot_be_read_are_told():
    with pytest.raises(InvalidInputError, match="5/4"):
        read_clip(Piece((Part("x", 0, (Note(0, 1, 60),)),), metre=(5, 4)), 2)
    silent = Piece((Part("x", 0, (Note(90, 1, 60),)),))
    with pytest.raises(InvalidInputError, match="silent"):
        read_clip(silent, 2)


@pytest.mark.parametrize("family", [vae_nets, drum_nets, gan_nets])
def test_other_families_are_refused(family, weights):
    with pytest.raises(CheckpointError, match="family"):
        family.build_net({"family": "folk"})
    with pytest.raises(CheckpointError, match="family"):
        name = "drums" if family is not drum_nets else "gan"
        from studio_training import load_weights

        family.build_net(*load_weights(weights / name))


def test_vae_generator(weights, score, tmp_path):
    check_generator(Vae, checkpoint=weights / "melody").assert_ok()
    params = {"task": "interpolate", "bars": 2, "count": 3}
    (made,) = make(Vae, weights / "melody", tmp_path, params=params, clips=[score, score])
    assert "3 steps" in made.title
    (varied,) = make(Vae, weights / "melody", tmp_path, params={"task": "vary"}, clips=[score])
    assert varied.title.endswith("varied") and set(varied.metrics) == {
        "density",
        "range",
        "syncopation",
        "interval",
    }
    with pytest.raises(InvalidInputError, match="two scores"):
        make(Vae, weights / "melody", tmp_path, params=params, clips=[score])
    with pytest.raises(InvalidInputError, match="needs a score"):
        make(Vae, weights / "melody", tmp_path, params={"task": "vary"})


def test_vae_generator_for_drums(weights, loop_file, score, tmp_path):
    params = {"task": "interpolate", "bars": 2, "count": 2}
    (made,) = make(Vae, weights / "drums", tmp_path, params=params, clips=[loop_file, loop_file])
    assert {channel for *_, channel in read_notes(made)} <= {9}
    with pytest.raises(InvalidInputError, match="no drums"):
        make(Vae, weights / "drums", tmp_path, params=params, clips=[score, score])


def test_sliders_move_the_latent_vector(weights):
    writer = load_writer(weights / "melody")
    z = draw_latent(8, 0)
    plain = writer.write(z, MelodyWish(bars=2, temperature=0.0), 0)
    moved = writer.write(z, MelodyWish(bars=2, temperature=0.0, attributes=(("density", 4.0),)), 0)
    assert isinstance(writer, MelodyWriter) and not np.array_equal(plain, moved)
    assert REST == 1


@pytest.fixture(scope="module")
def measure_shipped():
    """`measure_shipped(*attributes)`: means of six shipped melodies, in the order of MELODY."""
    writer = load_writer(PLACE / "melody")

    @cache
    def measure(*attributes):
        wish = MelodyWish(bars=4, temperature=0.6, attributes=attributes, in_scale=True)
        clips = [writer.write(writer.draw(wish, seed), wish, seed) for seed in range(6)]
        return np.mean([measure_melody(clip, 16) for clip in clips], axis=0)

    return measure


@pytest.mark.parametrize("name", ["density", "range", "syncopation", "interval"])
def test_each_slider_of_the_shipped_melodies_does_what_it_says(name, measure_shipped):
    made = measure_shipped((name, -2.0)), measure_shipped(), measure_shipped((name, 2.0))
    low, middle, high = (means[MELODY.index(name)] for means in made)
    assert high > 1.1 * middle and high > low
    assert name == "syncopation" or low < 0.95 * middle


def test_something_new_is_drawn_where_the_net_is_at_home(tmp_path):
    corpus = vae_training.MelodyCorpus(build_lines(12, 5), farthest=0)
    torch.manual_seed(0)
    net = vae_nets.MelodyVae(vae_nets.VaeConfig(16, 8)).eval()
    prior = fit_prior(net, corpus)
    (_, _, windows), *_ = corpus.groups
    z = net.encode(windows, torch.zeros(len(windows), dtype=torch.long))[0]
    drawn = torch.cat([prior.draw(0, seed) for seed in range(400)])
    torch.testing.assert_close(drawn.mean(0), z.mean(0), atol=0.2, rtol=0)
    assert torch.equal(prior.draw(0, 3), prior.draw(0, 3))
    assert torch.allclose(prior.vary(z[:1], 0, 0.0, 1), z[:1], atol=1e-6)
    assert torch.allclose(prior.vary(z[:1], 0, 1.0, 1), prior.draw(0, 1), atol=1e-6)
    tensors = {**net.state_dict(), **prior.to_tensors()}
    save_weights(tmp_path, tensors, vae_nets.to_config(net), "", ["music.vae"])
    again = load_writer(tmp_path).prior
    torch.testing.assert_close(again.mean, prior.mean, atol=1e-3, rtol=1e-3)
    tensors["prior.mean"] = torch.zeros(3)
    save_weights(tmp_path, tensors, vae_nets.to_config(net), "", ["music.vae"])
    with pytest.raises(CheckpointError, match="prior"):
        load_writer(tmp_path)


def test_new_melodies_of_the_shipped_weights_keep_to_their_key():
    writer = load_writer(PLACE / "melody")
    wish = MelodyWish(bars=2, temperature=0.6, in_scale=True)
    tokens = np.concatenate([writer.write(writer.draw(wish, s), wish, s) for s in range(8)])
    degrees = (tokens[tokens >= FIRST] - FIRST + LOWEST) % 12
    assert np.isin(degrees, (0, 2, 4, 5, 7, 9, 11)).mean() > 0.85
    assert len(set(degrees.tolist())) >= 5


def test_leaning_changes_which_note_comes_and_not_whether_one_does():
    torch.manual_seed(0)
    logits = torch.randn(5, VOCABULARY)
    past = [torch.full((5,), FIRST + 20), torch.zeros(5, dtype=torch.long)]
    leaps = (torch.arange(FIRST, VOCABULARY) - FIRST - 20).abs().clamp(max=12)
    before, after = logits.softmax(-1), Leaning(interval=1.5).tilt(logits, past, 16).softmax(-1)
    assert torch.allclose(before[:, FIRST:].sum(-1), after[:, FIRST:].sum(-1), atol=1e-5)
    assert ((after[:, FIRST:] * leaps).sum(-1) > (before[:, FIRST:] * leaps).sum(-1)).all()
    assert torch.equal(Leaning().tilt(logits, past, 16), logits)
    silence = [torch.zeros(5, dtype=torch.long)] * 2
    assert torch.equal(
        Leaning(interval=1.5).tilt(logits, silence, 16)[:, :FIRST], logits[:, :FIRST]
    )
    before, after = logits.softmax(-1), Leaning(density=1.0).tilt(logits, past, 16).softmax(-1)
    assert (after[:, FIRST:].sum(-1) > before[:, FIRST:].sum(-1)).all()
    in_scale = Leaning(in_scale=True).tilt(logits, past, 16)
    lowered = (in_scale < logits)[0, FIRST:].nonzero()[:, 0] + LOWEST
    assert set((lowered % 12).tolist()) == {1, 3, 6, 8, 10}


def test_leaning_puts_notes_against_the_beat():
    logits = torch.zeros(1, VOCABULARY)
    note, hold = torch.tensor([FIRST + 9]), torch.tensor([HOLD])
    lean = Leaning(syncopation=1.0)

    def get_share(past):
        return float(lean.tilt(logits, past, 16).softmax(-1)[0, FIRST:].sum())

    plain = float(logits.softmax(-1)[0, FIRST:].sum())
    assert get_share([note, hold]) > plain, "half a beat"
    assert get_share([note, hold, note, hold]) < plain, "the beat after a note against it"
    assert get_share([note, hold, hold, hold]) == pytest.approx(plain), "the beat after none"
    assert get_share([note]) == pytest.approx(plain)


def test_groove_generator(weights, score, loop_file, tmp_path):
    check_generator(Groove, checkpoint=weights / "drums").assert_ok()
    (made,) = make(Groove, weights / "drums", tmp_path, score=[score], params={"strict": True})
    notes = read_notes(made)
    drums = {start for start, _, _, channel in notes if channel == 9}
    assert {round(start * 4) for start in drums} == {n * 2 for n in range(32)}
    assert sum(channel != 9 for *_, channel in notes) == 32, "the melody stays"
    (played,) = make(
        Groove, weights / "drums", tmp_path, score=[loop_file], params={"task": "groove"}
    )
    before = build_loops()[0]
    assert len(read_notes(played)) == int(before.hits.sum())
    assert len({velocity for _, _, velocity, _ in read_notes(played)}) > 5
    with pytest.raises(InvalidInputError, match="no drums"):
        make(Groove, weights / "drums", tmp_path, score=[score], params={"task": "groove"})


def test_humanising_keeps_every_note(weights, score, tmp_path):
    (made,) = make(Groove, weights / "drums", tmp_path, score=[score], params={"task": "humanise"})
    notes = sorted(read_notes(made))
    assert [pitch for _, pitch, _, _ in notes] == [
        note.pitch for note in build_melody().parts[0].notes
    ]
    assert 0 < max(abs(start - n / 2) for n, (start, *_) in enumerate(notes)) < 0.1
    (still,) = make(
        Groove, weights / "drums", tmp_path, score=[score], params={"task": "humanise", "human": 0}
    )
    assert [start for start, *_ in sorted(read_notes(still))] == [n / 2 for n in range(32)]


def test_gan_generator(weights):
    check_generator(Gan, checkpoint=weights / "gan").assert_ok()
