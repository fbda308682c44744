"""`music.adaptive`: game music that follows the game, as loops, bridges, stems and a cue sheet."""

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final, Literal

from pydantic import Field, field_validator

from studio.generator import Artifact, Footprint, Generator, JobContext
from studio.media import MediaType
from studio.params import Params
from studio_music.moods import STATES, State

TONICS: Final = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
CROSSFADE: Final = 0.08
"""Seconds: what the cue sheet proposes for leaving a state in the middle of its loop."""
LOUDNESS: Final = -15.0
"""LUFS of the loudest state."""


class AdaptiveParams(Params):
    """Params of `music.adaptive`."""

    states: list[State] = Field(
        list(STATES), min_length=1, max_length=4, description="states of the game, each once"
    )
    style: Literal["orchestral", "synth", "chip", "folk"] = Field(
        "orchestral", description="instruments"
    )
    key: Literal["any", "C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"] = Field(
        "any", description="tonic; any leaves it to chance"
    )
    mode: Literal["minor", "major"] = Field("minor", description="of the pack")
    bpm: float = Field(
        112,
        ge=60,
        le=200,
        description="tempo; it is moved by less than 0.1 % so that a beat is a whole number of "
        "samples",
        json_schema_extra={"unit": "quarters a minute"},
    )
    bars: Literal[4, 8, 16] = Field(8, description="length of a loop")
    format: Literal["ogg", "wav"] = Field("ogg", description="kind of the sound files")
    stems: bool = Field(True, description="also melody, chords, bass and drums on their own")
    transitions: bool = Field(True, description="also a bar of music from each state to each other")
    room: Literal["room", "chamber", "hall"] = Field("chamber", description="where it sounds")
    sample_rate: Literal[22050, 44100, 48000] = Field(
        44100, description="samples a second", json_schema_extra={"unit": "Hz", "advanced": True}
    )

    @field_validator("states")
    @classmethod
    def check_states(cls, states: list[State]) -> list[State]:
        """Refuse a state that is there twice."""
        if len(set(states)) != len(states):
            raise ValueError("name each state once")
        return states


class Adaptive(Generator):
    """Composes states in one key and tempo from one theme, and plays them as seamless loops."""

    id: ClassVar[str] = "music.adaptive"
    title: ClassVar[str] = "Adaptive game music"
    summary: ClassVar[str] = "Calm, tension, combat, victory: exact loops, stems, cue sheet"
    output: ClassVar[MediaType] = MediaType.ARCHIVE
    Params: ClassVar[type[Params]] = AdaptiveParams
    testing_params: ClassVar[dict[str, object]] = {
        "states": ["calm", "victory"],
        "bars": 4,
        "bpm": 180,
        "sample_rate": 22050,
        "format": "wav",
        "room": "room",
        "stems": False,
        "transitions": False,
    }

    @classmethod
    def footprint(cls, params: Any) -> Footprint:
        """All states in memory at once."""
        return Footprint(host_bytes=900 << 20)

    def generate(
        self, params: AdaptiveParams, job: JobContext
    ) -> Iterator[Artifact | Sequence[Artifact]]:
        """Yield for each seed the archive, a walk through the states, and their score."""
        for index, seed in enumerate(job.seeds):
            yield _make(params, job, index, seed)


def _make(params: AdaptiveParams, job: JobContext, index: int, seed: int) -> list[Artifact]:
    from studio.codecs.zips import write_zip
    from studio_music.game_music import Pack, compose_medley
    from studio_music.loops import fit_tempo, join
    from studio_music.midi import build_midi

    bpm, quarter = fit_tempo(params.bpm, params.sample_rate)
    tonic = random.Random(f"{seed} key").randrange(12)
    tonic = tonic if params.key == "any" else TONICS.index(params.key)
    pack = Pack(seed, tonic, params.mode, bpm, params.bars, params.style)
    name = f"{TONICS[tonic]} {params.mode}"
    folder = job.scratch / f"pack{index}"
    folder.mkdir()
    writer = _Writer(params, pack, quarter, folder)
    total = len(params.states) + 2
    for done, state in enumerate(params.states):
        job.step(index * total + done, total * len(job.seeds))
        writer.play_state(state)
    job.step(index * total + total - 2, total * len(job.seeds))
    if params.transitions:
        writer.play_bridges()
    members = writer.save()
    archive = write_zip(job.scratch / f"pack{index}.zip", members)
    walk = join([writer.mixes[state] for state in params.states], 2 if params.bars == 4 else 1)
    title = f"Game music in {name}"
    facts = {"key": name, "bpm": round(bpm, 4), "samples_per_bar": 4 * quarter}
    made = [
        Artifact(archive, MediaType.ARCHIVE, info=facts, title=title),
        Artifact(
            ((walk * writer.gain).T, params.sample_rate),
            MediaType.AUDIO,
            info=facts,
            title=f"{title} walk",
        ),
        Artifact(
            build_midi(compose_medley(pack, tuple(params.states))),
            MediaType.SCORE,
            info=facts,
            title=f"{title} score",
        ),
    ]
    job.step((index + 1) * total, total * len(job.seeds))
    return made


class _Writer:
    """Plays the states of a pack, then writes all files under one gain."""

    def __init__(self, params: AdaptiveParams, pack: Any, quarter: int, folder: Path) -> None:
        from studio_music.synth_space import build_room

        self.mixes: dict[State, Any] = {}
        self.gain = 1.0
        self._params = params
        self._pack = pack
        self._bar = 4 * quarter
        self._folder = folder
        self._stems: dict[State, dict[str, Any]] = {}
        self._bridges: dict[tuple[State, State], Any] = {}
        self._room = build_room(params.room, params.sample_rate)

    def play_state(self, state: State) -> None:
        """Compose and play a state."""
        from studio_music.game_music import compose_state
        from studio_music.loops import add_segments

        self._stems[state] = self._play(compose_state(self._pack, state), self._params.bars)
        self.mixes[state] = add_segments(self._stems[state])

    def play_bridges(self) -> None:
        """Compose and play the bar between each two states."""
        from studio_music.game_music import compose_bridge
        from studio_music.loops import add_segments

        for start in self._params.states:
            for goal in self._params.states:
                if start != goal:
                    piece = compose_bridge(self._pack, start, goal)
                    self._bridges[start, goal] = add_segments(self._play(piece, 1))

    def save(self) -> dict[str, Path | bytes]:
        """Write the files; returns name in the archive -> file."""
        import numpy as np

        from studio_music.synth_space import PEAK, find_gain

        rate = self._params.sample_rate
        sounds = [s.loop for s in self.mixes.values()] + [s.start for s in self.mixes.values()]
        sounds += [s.start for s in self._bridges.values()]
        peak = max(float(np.abs(sound).max()) for sound in sounds)
        loudest = min(find_gain(mix.loop, rate, LOUDNESS) for mix in self.mixes.values())
        self.gain = min(loudest, PEAK / max(peak, 1e-9))
        members: dict[str, Path | bytes] = {}
        states: dict[str, Any] = {}
        for state, mix in self.mixes.items():
            states[state] = {
                "intensity": STATES.index(state),
                "bars": self._params.bars,
                "samples": mix.samples,
                "mix": self._save_segment(members, f"{state}/{state}", mix),
            }
            if self._params.stems:
                states[state]["stems"] = {
                    stem: self._save_segment(members, f"{state}/stems/{state}_{stem}", segment)
                    for stem, segment in self._stems[state].items()
                }
        bridges = [self._save_bridge(members, start, goal) for start, goal in self._bridges]
        members["cues.json"] = json.dumps(self._build_cues(states, bridges), indent=1).encode()
        members["README.txt"] = README.encode()
        return members

    def _play(self, piece: Any, bars: int) -> dict[str, Any]:
        from studio_music.loops import play_segment

        rate = self._params.sample_rate
        return play_segment(piece, bars * self._bar, self._room, 0.3, rate)

    def _save_segment(
        self, members: dict[str, Path | bytes], name: str, segment: Any
    ) -> dict[str, Any]:
        cue: dict[str, Any] = {}
        for kind, sound in (
            ("start", segment.start),
            ("loop", segment.loop),
            ("tail", segment.tail),
        ):
            if sound.shape[1]:
                cue[kind] = self._save(members, f"{name}_{kind}", sound, kind == "loop")
        return cue

    def _save_bridge(
        self, members: dict[str, Path | bytes], start: State, goal: State
    ) -> dict[str, Any]:
        import numpy as np

        segment = self._bridges[start, goal]
        sound = np.concatenate([segment.start, segment.tail], axis=1)
        file = self._save(members, f"transitions/{start}_to_{goal}", sound, False)
        return {"from": start, "to": goal, **file, "next_at": segment.samples}

    def _save(
        self, members: dict[str, Path | bytes], name: str, sound: Any, is_loop: bool
    ) -> dict[str, Any]:
        from studio_music.loops import save_loop
        from studio_music.render import save_sound

        name = f"{name}.{self._params.format}"
        path = self._folder / name.replace("/", "_")
        if self._params.format == "wav":
            save_loop(sound * self.gain, self._params.sample_rate, path, is_loop)
        else:
            save_sound(sound * self.gain, self._params.sample_rate, path)
        members[name] = path
        return {"file": name, "samples": sound.shape[1]}

    def _build_cues(self, states: dict[str, Any], bridges: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "format": "studio-adaptive-music/1",
            "sample_rate": self._params.sample_rate,
            "bpm": self._pack.bpm,
            "metre": [4, 4],
            "key": f"{TONICS[self._pack.tonic]} {self._pack.mode}",
            "samples_per_beat": self._bar // 4,
            "samples_per_bar": self._bar,
            "leave_at": "loop end, the tail ringing over what follows; or any bar, crossfading",
            "crossfade_seconds": CROSSFADE,
            "states": states,
            "transitions": bridges,
        }


README: Final = """Adaptive game music

cues.json lists all files with their lengths in samples. Every state has the same key, tempo and
bar, so states change at any bar line.

STATE_start  the first time round: begins in silence
STATE_loop   every other time: loops from its first to its last sample (WAV: smpl chunk)
STATE_tail   what rings after the last pass: start it where the loop ends, over what comes next
transitions/A_to_B  a bar between two states; begin B at sample next_at of it

Godot: AudioStreamInteractive, or two AudioStreamPlayers; set Loop in the import of the _loop files.
FMOD: a multi instrument per state with a loop region, transitions quantised to the bar.
Wwise: a music segment per state, entry at 0, exit cue at the loop's length, _tail as post-exit.
Unity: AudioSource.PlayScheduled at dspTime + samples / sample_rate.
"""
