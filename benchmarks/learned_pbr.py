"""Learned maps against classical ones, on materials that neither was fitted to in this run.

    STUDIO_DATA=FOLDER python benchmarks/learned_pbr.py [--json] [--dry] [--steps N] [--keep FOLDER]

`STUDIO_DATA` holds `textures/pbr/<set>/albedo.jpg`, `normal_gl.jpg`, `roughness.jpg` and, of most,
`height.jpg`. A small U-Net on a torus learns albedo to height, normals and roughness from three
quarters of the sets and is measured on the others, four times over, so that every set is measured
by a net that has not seen it. The baseline is `textures.pbr` with the preset its name asks for (and
those presets were tuned on these very sets, which favours it). With `--keep` each of the four
nets and its progress stay in a folder: cut off, the same command goes on.
"""

import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from machine import Row, report
from PIL import Image
from scipy import ndimage
from torch import Tensor, nn

SIDE, WINDOW, BATCH, STEPS = 256, 64, 8, 700
FOLDS, ROUGH_SHARE, SMOOTH = 4, 2.0, 2.0
SPENT = "seconds.txt"
"""Of the processor, by all runs on a folder that was kept."""
WORDS = {
    "bark": "wood",
    "brick": "brick",
    "facade": "concrete",
    "ground": "ground",
    "rusty": "metal",
    "metal": "metal",
    "onyx": "ceramic",
    "rock": "stone",
    "factory": "metal",
}
"""Preset for a word in a set's name, as `textures.pbr` would choose or a person would."""
NOTE = (
    "{sets} PBR sets at {side} px, four folds, a U-Net of {weights} weights, {steps} steps each; "
    "{minutes:.1f} CPU minutes in all. Medians over the sets, all measured by a net that has not "
    "seen them. Heights by correlation, which does not ask how deep; slopes are correlations of "
    "the normals' x and y, smoothed by 2 px. The presets of the baseline were tuned on these sets."
)
Maps = dict[str, Tensor]


def load_sets(folder: Path) -> dict[str, Maps]:
    """Load all sets: maps (C, SIDE, SIDE); normals -1..1, others 0..1."""
    sets = {}
    for place in sorted(path for path in folder.iterdir() if path.is_dir()):
        maps = {}
        for name in ("albedo", "normal_gl", "roughness", "height"):
            path = place / f"{name}.jpg"
            if path.exists():
                with Image.open(path) as image:
                    mode = "RGB" if name in ("albedo", "normal_gl") else "L"
                    small = image.convert(mode).resize((SIDE, SIDE), Image.Resampling.BOX)
                array = np.asarray(small, np.float32).reshape(SIDE, SIDE, -1) / 255
                maps[name] = torch.from_numpy(array.transpose(2, 0, 1).copy())
        maps["normal_gl"] = nn.functional.normalize(2 * maps["normal_gl"] - 1, dim=0)
        sets[place.name] = maps
    return sets


def stack_targets(maps: Maps) -> tuple[Tensor, Tensor]:
    """Return targets (4, SIDE, SIDE) and their weights (4,): normals x, y, roughness, height."""
    height = maps.get("height", torch.zeros(1, SIDE, SIDE))
    spread = height.std().clamp_min(0.02)
    targets = torch.cat(
        [maps["normal_gl"][:2], maps["roughness"], 0.2 * (height - height.mean()) / spread]
    )
    return targets, torch.tensor([1.0, 1.0, ROUGH_SHARE, float("height" in maps)])


def build_net() -> nn.Module:
    """Build the net: albedo in -1..1 in, four maps in -1..1 out."""
    from studio_gan.translator import Translator, TranslatorConfig

    net = Translator(3, 4, TranslatorConfig(channels=16, blocks=3))
    net.edge = "circular"
    return net


def build_trainer(sets: Sequence[Maps], steps: int, seed: int) -> Any:
    """Build a trainer on windows of sets: rolled, mirrored, brightened and tinted."""
    from studio_training import Settings, Trainer

    pictures = torch.stack([maps["albedo"] for maps in sets])
    targets, weights = map(torch.stack, zip(*map(stack_targets, sets), strict=True))

    def compute(net: nn.Module, rng: torch.Generator) -> dict[str, Tensor]:
        rows = torch.randint(len(sets), (BATCH,), generator=rng)
        places = torch.randint(SIDE, (BATCH, 2), generator=rng)
        coins = torch.rand(BATCH, 2, generator=rng) < 0.5
        gains = 0.7 + 0.6 * torch.rand(BATCH, 3, 1, 1, generator=rng).lerp(
            torch.rand(BATCH, 1, 1, 1, generator=rng), 0.7
        )
        given, wanted = [], []
        for row, (top, left), (flip, flop) in zip(rows, places.tolist(), coins, strict=True):
            both = torch.cat([pictures[row], targets[row]]).roll((-top, -left), (1, 2))
            both = both[:, :WINDOW, :WINDOW]
            if flip:  # what looks right then leans the other way
                both = both.flip(2) * torch.tensor([1, 1, 1, -1, 1, 1, 1])[:, None, None]
            if flop:
                both = both.flip(1) * torch.tensor([1, 1, 1, 1, -1, 1, 1])[:, None, None]
            given.append(both[:3])
            wanted.append(both[3:])
        made = net((torch.stack(given) * gains).clamp(0, 1) * 2 - 1)
        error = (made - torch.stack(wanted)).abs().mean((2, 3))
        return {"loss": (error * weights[rows]).mean()}

    settings = Settings(steps, batch=BATCH, rate=1.5e-3, warmup=30, ema=0.99, seed=seed)
    return Trainer(build_net, settings, compute)


def learn_maps(net: nn.Module, maps: Maps) -> dict[str, np.ndarray[Any, Any]]:
    """Return what the net makes of an albedo: normals (H, W, 3), roughness and height (H, W)."""
    with torch.no_grad():
        made = net(maps["albedo"][None] * 2 - 1)[0].numpy()
    across, down = made[0], made[1]
    size = np.sqrt(np.clip(1 - across**2 - down**2, 0.05, 1))
    normals = np.stack([across, down, size], -1)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    return {"normal": normals, "roughness": np.clip(made[2], 0, 1), "height": made[3]}


def estimate_maps(name: str, maps: Maps) -> dict[str, np.ndarray[Any, Any]]:
    """Return what `textures.pbr` makes of an albedo."""
    from studio_textures.pbr import MaterialSettings, build_material

    preset = next((to for word, to in WORDS.items() if word in name.lower()), "generic")
    albedo = maps["albedo"].permute(1, 2, 0).numpy().copy()
    made = build_material(albedo, MaterialSettings(preset))
    return {
        "normal": made["normal_gl"] * 2 - 1,
        "roughness": made["roughness"][..., 0],
        "height": made["height"][..., 0],
    }


def measure(made: Mapping[str, np.ndarray[Any, Any]], maps: Maps) -> dict[str, float]:
    """Compare maps with true ones."""
    normal = maps["normal_gl"].permute(1, 2, 0).numpy()
    angle = np.degrees(np.arccos(np.clip((made["normal"] * normal).sum(-1), -1, 1)))
    slopes = [_correlate(_calm(made["normal"][..., n]), _calm(normal[..., n])) for n in (0, 1)]
    figures = {
        "normals": float(angle.mean()),
        "slopes": float(np.mean(slopes)),
        "roughness": float(np.abs(made["roughness"] - maps["roughness"][0].numpy()).mean()),
    }
    if "height" in maps:
        figures["height"] = _correlate(made["height"], maps["height"][0].numpy())
    return figures


def _calm(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.asarray(ndimage.gaussian_filter(values, SMOOTH, mode="wrap"))


def _correlate(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> float:
    if one.std() < 1e-6 or other.std() < 1e-6:
        return 0.0
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def run_folds(sets: Mapping[str, Maps], steps: int, place: Path) -> dict[str, dict[str, Any]]:
    """Train a net a fold; return figures of each set: learned, classical, flat."""
    from studio_training import Run, fit

    names = list(sets)
    before = float((place / SPENT).read_text()) if (place / SPENT).exists() else 0.0
    found: dict[str, dict[str, Any]] = {}
    for fold in range(FOLDS):
        held_out = names[fold::FOLDS]
        learnt = [sets[name] for name in names if name not in held_out]
        trainer = build_trainer(learnt, steps, fold)
        fit(trainer, place / f"fold{fold}", Run(steps))
        (place / SPENT).write_text(str(before + time.process_time()))
        mean = np.mean([float(maps["roughness"].mean()) for maps in learnt])
        for name in held_out:
            made = learn_maps(trainer.average, sets[name])
            plain = {
                "normal": np.broadcast_to([0.0, 0.0, 1.0], (SIDE, SIDE, 3)),
                "roughness": np.full((SIDE, SIDE), mean),
                "height": np.zeros((SIDE, SIDE)),
            }
            old = estimate_maps(name, sets[name])
            found[name] = {
                "learned": measure(made, sets[name]),
                "classical": measure(old, sets[name]),
                "flat": measure(plain, sets[name]),
            }
            _show(sets[name], [old, made]).save(place / f"{name}.png")
    return found


def _show(maps: Maps, made: Sequence[Mapping[str, np.ndarray[Any, Any]]]) -> Image.Image:
    """Lay out albedo and true maps; below them what was made: normals, roughness, height."""
    height = maps.get("height", torch.zeros(1, SIDE, SIDE))[0].numpy()
    true = {
        "normal": maps["normal_gl"].permute(1, 2, 0).numpy(),
        "roughness": maps["roughness"][0].numpy(),
        "height": height,
    }
    rows = []
    for some in (true, *made):
        tall = some["height"] - some["height"].min()
        tall = tall / max(float(tall.max()), 1e-6)
        grey = [np.repeat(plane[..., None], 3, -1) for plane in (some["roughness"], tall)]
        albedo = maps["albedo"].permute(1, 2, 0).numpy()
        rows.append(np.concatenate([albedo, some["normal"] / 2 + 0.5, *grey], 1))
    sheet = np.concatenate(rows, 0)
    return Image.fromarray((np.clip(sheet, 0, 1) * 255).astype(np.uint8))


def list_rows(found: Mapping[str, Mapping[str, Mapping[str, float]]]) -> list[Row]:
    """Return medians and counts of sets on which the net is better."""
    rows = []
    kinds = {"normals": "°", "slopes": "", "height": "", "roughness": ""}
    for figure, unit in kinds.items():
        some = [of for of in found.values() if figure in of["learned"]]
        mine, old, flat = (
            float(np.median([of[kind][figure] for of in some]))
            for kind in ("learned", "classical", "flat")
        )
        sign = 1 if figure in ("slopes", "height") else -1
        better = sum(sign * (of["learned"][figure] - of["classical"][figure]) > 0 for of in some)
        words = "correlation of" if sign > 0 else "error of"
        base = f"classical {old:.3g}, flat {flat:.3g}"
        ratio = mine / old if abs(old) > 1e-6 else None
        rows.append(Row(f"{words} {figure}, learned", mine, unit, "better", base, ratio))
        rows.append(Row(f"sets whose {figure} it makes better, of {len(some)}", better, ""))
    return rows


def main() -> None:
    """Measure and report."""
    data = os.environ.get("STUDIO_DATA")
    if not data:
        sys.exit("set STUDIO_DATA to the folder of the data")
    torch.set_num_threads(1)
    steps = int(sys.argv[sys.argv.index("--steps") + 1]) if "--steps" in sys.argv else STEPS
    sets = load_sets(Path(data) / "textures" / "pbr")
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(sys.argv[sys.argv.index("--keep") + 1] if "--keep" in sys.argv else folder)
        found = run_folds(sets, steps, kept)
        minutes = float((kept / SPENT).read_text()) / 60
    weights = sum(weight.numel() for weight in build_net().parameters())
    note = NOTE.format(
        sets=len(sets),
        side=SIDE,
        weights=weights,
        steps=steps,
        minutes=minutes,
    )
    report("Learned PBR maps", note, list_rows(found))


if __name__ == "__main__":
    main()
