"""MusicGen with a tiny random model: what is tested is our use of it, not its music."""

from importlib.util import find_spec

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


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A MusicGen of some 100,000 random weights, saved as transformers saves one."""
    import torch
    from transformers import (
        EncodecFeatureExtractor,
        MusicgenConfig,
        MusicgenForConditionalGeneration,
        MusicgenProcessor,
        T5Tokenizer,
    )

    torch.manual_seed(0)
    pieces = ["<pad>", "</s>", "<unk>", "▁", *"abcdefghijklmnopqrstuvwxyz "]
    tokenizer = T5Tokenizer(vocab=[(piece, -1.0) for piece in pieces], extra_ids=0)
    config = MusicgenConfig(
        text_encoder={
            "model_type": "t5",
            "vocab_size": len(pieces),
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
            "model_type": "musicgen_decoder",
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
    )
    model = MusicgenForConditionalGeneration(config)
    for name in ("decoder_start_token_id", "pad_token_id", "bos_token_id"):
        setattr(model.generation_config, name, 32)
    for layer in model.audio_encoder.quantizer.layers:  # they begin as zeros: all would be silent
        layer.codebook.embed.normal_()
    with torch.no_grad():  # as initialised, words would hardly move what is sampled
        for part in (model.text_encoder, model.decoder):
            for weight in part.parameters():
                weight.mul_(6 if weight.ndim == 2 else 1)
    path = tmp_path_factory.mktemp("musicgen")
    model.save_pretrained(path)
    extractor = EncodecFeatureExtractor(feature_size=1, sampling_rate=32000)
    MusicgenProcessor(extractor, tokenizer).save_pretrained(path)
    return path


def compose(folder, tmp_path, seed=1, sound=None, **params):
    steps = []
    assets = [InputAsset("x", MediaType.AUDIO, sound, {"main": sound})] if sound else []
    job = JobContext(
        (seed,),
        {"sound": assets} if assets else {},
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
