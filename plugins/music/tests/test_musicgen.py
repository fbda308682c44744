"""MusicGen with a tiny random model: what is tested is our use of it, not its music."""

import json
from importlib.util import find_spec
from types import SimpleNamespace

import numpy as np
import pytest
from studio_music.musicgen import Musicgen

from studio.errors import CheckpointError, InvalidInputError
from studio.generator import Checkpoint, InputAsset, JobContext
from studio.media import MediaType
from studio.testing import check_generator

pytestmark = [
    pytest.mark.skipif(find_spec("transformers") is None, reason="transformers is not installed"),
    pytest.mark.filterwarnings("ignore"),  # transformers warns of itself
]


PIECES = ["<pad>", "</s>", "<unk>", "▁", *"abcdefghijklmnopqrstuvwxyz "]


def build_config(kind, **more):
    """Some 100,000 weights."""
    return kind(
        text_encoder={
            "model_type": "t5",
            "vocab_size": len(PIECES),
            "d_model": 16,
            "d_kv": 8,
            "d_ff": 32,
            "num_layers": 1,
            "num_heads": 2,
        },
        audio_encoder={
            "model_type": "encodec",
            "sampling_rate": 32000,
            "target_bandwidths": [1.0],
            "num_filters": 4,
            "hidden_size": 16,
            "codebook_size": 32,
            "codebook_dim": 16,
            "upsampling_ratios": [8, 5, 4, 4],
            "num_lstm_layers": 1,
            "use_conv_shortcut": False,
            "audio_channels": 1,
        },
        decoder={
            "vocab_size": 32,
            "hidden_size": 16,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "ffn_dim": 32,
            "num_codebooks": 4,
            "pad_token_id": 32,
            "bos_token_id": 32,
            "audio_channels": 1,
        },
        **more,
    )


def save_tiny(model, path):
    """Save a model of random weights as transformers saves one."""
    import torch
    from transformers import T5Tokenizer

    for name in ("decoder_start_token_id", "pad_token_id", "bos_token_id"):
        setattr(model.generation_config, name, 32)
    for layer in model.audio_encoder.quantizer.layers:  # they begin as zeros: all would be silent
        layer.codebook.embed.normal_()
    with torch.no_grad():  # as initialised, words would hardly move what is sampled
        for part in (model.text_encoder, model.decoder):
            for weight in part.parameters():
                weight.mul_(6 if weight.ndim == 2 else 1)
        if hasattr(model, "audio_enc_to_dec_proj"):
            model.audio_enc_to_dec_proj.weight.mul_(100)
    model.save_pretrained(path)
    return T5Tokenizer(vocab=[(piece, -1.0) for piece in PIECES], extra_ids=0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A MusicGen."""
    import torch
    from transformers import (
        EncodecFeatureExtractor,
        MusicgenConfig,
        MusicgenForConditionalGeneration,
        MusicgenProcessor,
    )

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("musicgen")
    model = MusicgenForConditionalGeneration(build_config(MusicgenConfig))
    tokenizer = save_tiny(model, path)
    extractor = EncodecFeatureExtractor(feature_size=1, sampling_rate=32000)
    MusicgenProcessor(extractor, tokenizer).save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def melody_folder(tmp_path_factory):
    """A MusicGen that follows a tune."""
    import torch
    from transformers import MusicgenMelodyConfig, MusicgenMelodyForConditionalGeneration

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("musicgen-melody")
    config = build_config(MusicgenMelodyConfig, num_chroma=12, chroma_length=20)
    tokenizer = save_tiny(MusicgenMelodyForConditionalGeneration(config), path)
    tokenizer.save_pretrained(path)
    (path / "preprocessor_config.json").write_text(json.dumps({"n_fft": 8192, "hop_length": 2048}))
    return path


def compose(folder, tmp_path, seed=1, sound=None, slot="sound", **params):
    steps = []
    assets = [InputAsset("x", MediaType.AUDIO, sound, {"main": sound})] if sound else []
    job = JobContext(
        (seed,),
        {slot: assets} if assets else {},
        tmp_path,
        lambda *step: steps.append(step[:2]),
        lambda: False,
    )
    generator = Musicgen(Checkpoint("tiny", folder, ""), "cpu")
    made = list(generator.generate(Musicgen.Params(seconds=0.5, **params), job))
    generator.close()
    return made[0].payload, steps


def test_contract(folder):
    check_generator(Musicgen, checkpoint=folder, seeds=(1, 2)).assert_ok()


def test_seeds_and_progress(folder, tmp_path):
    (one, rate), steps = compose(folder, tmp_path)
    assert rate == 32000 and one.shape == (16000,) and np.abs(one).max() <= 1
    assert len(steps) > 20 and steps[-1][0] == steps[-1][1]
    assert np.array_equal(one, compose(folder, tmp_path)[0][0])
    assert not np.array_equal(one, compose(folder, tmp_path, seed=2)[0][0])
    assert not np.array_equal(one, compose(folder, tmp_path, prompt="drums")[0][0])


def test_it_goes_on_from_a_sound(folder, tmp_path):
    import soundfile

    tone = np.sin(np.arange(44100) * 0.05).astype(np.float32) * 0.5
    soundfile.write(tmp_path / "tone.wav", np.stack([tone, tone], 1), 44100)
    (made, rate), _ = compose(folder, tmp_path, sound=tmp_path / "tone.wav", continue_from=0.5)
    assert rate == 32000 and 0.8 * 16000 <= len(made) <= 16000
    (tmp_path / "text.wav").write_text("no sound")
    with pytest.raises(InvalidInputError):
        compose(folder, tmp_path, sound=tmp_path / "text.wav")


def test_what_is_no_musicgen_is_refused(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(CheckpointError, match="no MusicGen"):
        Musicgen(Checkpoint("x", tmp_path, ""), "cpu")


def play(path, *pitches):
    """Half a second of each pitch, Hz."""
    import soundfile

    time = np.arange(16000) / 32000
    wave = np.concatenate([np.sin(2 * np.pi * pitch * time) for pitch in pitches])
    soundfile.write(path, wave * 0.5, 32000)
    return path


def test_the_tune_is_heard():
    from studio_music.chroma import ChromaSizes, find_chroma

    scale = [261.63 * 2 ** (step / 12) for step in (0, 4, 7, 9)]
    time = np.arange(32000) / 32000
    wave = np.concatenate([np.sin(2 * np.pi * pitch * time) for pitch in scale])
    chroma = find_chroma(wave.astype(np.float32), ChromaSizes())[0]
    heard = chroma.argmax(1).tolist()
    assert chroma.sum(1).eq(1).all()
    assert [heard[round((second + 0.5) * 32000 / 4096)] for second in range(4)] == [0, 4, 7, 9]
    assert find_chroma(wave[:100].astype(np.float32), ChromaSizes()).shape[2] == 12


def test_it_follows_a_tune(melody_folder, tmp_path):
    tune = play(tmp_path / "tune.wav", 262, 330, 392)
    other = play(tmp_path / "other.wav", 220, 277, 247)
    plain, _ = compose(melody_folder, tmp_path)
    first, _ = compose(melody_folder, tmp_path, sound=tune, slot="melody")
    second, _ = compose(melody_folder, tmp_path, sound=other, slot="melody")
    assert first[0].shape == (16000,)
    assert not np.array_equal(plain[0], first[0])
    assert not np.array_equal(first[0], second[0])


def test_a_model_that_cannot_begin_so_says_which_can(folder, melody_folder, tmp_path):
    tune = play(tmp_path / "tune.wav", 262)
    with pytest.raises(InvalidInputError, match="follows no tune; take"):
        compose(folder, tmp_path, sound=tune, slot="melody")
    with pytest.raises(InvalidInputError, match="goes on from no sound; take"):
        compose(melody_folder, tmp_path, sound=tune)


@pytest.mark.parametrize("channels", [1, 2])
def test_the_codes_so_far_are_undelayed(channels):
    """What is decoded are columns of the delayed table, each codebook at its own place."""
    import torch
    from studio_music.musicgen_stream import Listener

    class Codec:
        def decode(self, codes, scales):
            assert codes.shape[:2] == (1, 1) and scales == [None]
            return SimpleNamespace(audio_values=codes[0, 0].sum(0)[None, None].float() / 1e6)

    decoder = SimpleNamespace(audio_channels=channels, num_codebooks=4)
    codec = SimpleNamespace(sampling_rate=50, frame_rate=50)
    model = SimpleNamespace(
        config=SimpleNamespace(decoder=decoder, audio_encoder=codec), audio_encoder=Codec()
    )
    listener = Listener(model, opening=10)
    table = torch.zeros(4, 600, dtype=torch.long)
    for book in range(4):
        first = 1 + book // channels
        table[book, first:] = torch.arange(600 - first)
    heard = [listener.hear(table[:, :n]) for n in range(5, 600)]
    sounds = [sound for sound in heard if sound is not None]
    assert len(sounds) == 2, "one for each four seconds"
    frames = np.arange(10, 410)
    expected = frames * (4 // channels) / 1e6
    assert sounds[-1].shape == ((400,) if channels == 1 else (400, 2))
    assert np.allclose(sounds[-1] if channels == 1 else sounds[-1][:, 1], expected)
    assert np.array_equal(sounds[0], sounds[-1][:200])


def test_it_is_heard_while_it_is_made(folder, tmp_path, monkeypatch):
    from studio_music import musicgen_stream

    monkeypatch.setattr(musicgen_stream, "EVERY", 0.1)
    monkeypatch.setattr(musicgen_stream, "BEFORE", 0.5)
    previews = []
    job = JobContext(
        (1,),
        {},
        tmp_path,
        lambda done, total, preview: previews.append(preview),
        lambda: False,
    )
    generator = Musicgen(Checkpoint("tiny", folder, ""), "cpu")
    (made,) = generator.generate(Musicgen.Params(seconds=0.5), job)
    sounds = [preview for preview in previews if preview is not None]
    lengths = [len(samples) for samples, _ in sounds]
    assert {rate for _, rate in sounds} == {32000} and len(sounds) == 5
    assert lengths == sorted(set(lengths)) and lengths[0] == 3200
    whole, heard = made.payload[0], sounds[-1][0]
    # The codec looks a little ahead: only the end of a piece may differ from the whole.
    assert np.corrcoef(heard, whole[: len(heard)])[0, 1] > 0.9
