"""Pictures with a teacher's answer: what the mean of a net's eight turns knows, for one turn.

The mean over turns (EDSR+, arXiv 1707.02921) is nearer to the truth than any one of them, and gives
an answer to small pictures of which no large one exists: there are many times as many of those.
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from studio_upscale.corpus import (
    Bytes,
    Group,
    Pair,
    Views,
    build_group,
    find_pictures,
    load_picture,
    shrink,
)
from studio_upscale.enlarge import Style, enlarge
from studio_upscale.network import EnlargingNet
from studio_upscale.shipped import SHIFTS, find_classes, load_photos
from studio_upscale.weights import WEIGHTS, load_network

LOG: Final = logging.getLogger("studio_upscale.distil")
KNOWN_ZOOMS: Final = (1.0, 0.9, 0.8, 0.7, 0.62, 0.55, 0.48, 0.42, 0.37)
"""At which photographs are reduced, their truth mixed into the answer."""
KNOWN_PHOTOS: Final = 14
"""Of which that is done: a teacher has most to say of what it has not learnt from."""
LONE_ZOOMS: Final = (0.36,)
"""At which photographs are small pictures themselves; at full size a camera's are too soft."""
EACH_CLASS: Final = 1
"""Small albedos of a class, which hold no patch when they are reduced."""
KNOWN, LONE, ALBEDOS = 0.65, 0.35, 0.2
"""Shares of a batch, beside those of a mix, which are 1 together."""


@dataclass(frozen=True)
class Teacher:
    """A net whose mean over eight turns is learnt from.

    Attributes:
        network: enlarges.
        cache: folder for its answers, which take 80 us a small pixel: a run that was cut off goes
            on with them.
        weight: of its answer against the truth, 0..1.
    """

    network: EnlargingNet
    cache: Path
    weight: float = 0.7

    def answer(self, low: Bytes) -> Bytes:
        """Enlarge (H, W, 3), or recall how it was enlarged before."""
        name = hashlib.sha256(repr(low.shape).encode() + low.tobytes()).hexdigest()[:24]
        path = self.cache / f"{name}.npy"
        if path.exists():
            return np.asarray(np.load(path, allow_pickle=False), np.uint8)
        made = enlarge(self.network, low, self.network.config.scale, Style(ensemble=True))
        self.cache.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".part")
        with draft.open("wb") as file:
            np.save(file, made, allow_pickle=False)
        draft.replace(path)
        return made

    def teach(self, group: Group) -> Group:
        """Put its answers, with what `weight` leaves of the truth, in place of the truth."""
        LOG.info("asking the teacher about %s: %d pictures", group.name, len(group.pairs))
        pairs = [Pair(self._mix(self.answer(p.low), p.high), p.low) for p in group.pairs]
        return Group(f"taught {group.name}", tuple(pairs), group.share)

    def teach_alone(self, name: str, images: Sequence[Image.Image], share: float) -> Group:
        """Answer small pictures of which there is no truth."""
        LOG.info("asking the teacher about %s: %d pictures", name, len(images))
        lows = [np.asarray(image.convert("RGB")) for image in images]
        return Group(name, tuple(Pair(self.answer(low), low) for low in lows), share)

    def _mix(self, answer: Bytes, truth: Bytes) -> Bytes:
        mixed = self.weight * answer.astype(np.float32) + (1 - self.weight) * truth
        return np.asarray(np.rint(mixed), np.uint8)


def load_teacher(weights: Path, folder: Path, weight: float) -> Teacher:
    """Load a folder of weights as a teacher that keeps its answers below `folder`."""
    version = hashlib.sha256((weights / WEIGHTS).read_bytes()).hexdigest()[:12]
    return Teacher(load_network(weights), folder / f"answers-{version}", weight)


def build_taught_groups(data: Path, teacher: Teacher) -> list[Group]:
    """Ask about all there is; `data` is as for `shipped.build_groups`."""
    photos, scale = load_photos(data), teacher.network.config.scale
    known = build_group("photos", photos[:KNOWN_PHOTOS], KNOWN, scale, Views(KNOWN_ZOOMS, SHIFTS))
    small = [shrink(photo, zoom) for photo in photos for zoom in LONE_ZOOMS]
    albedos = [
        load_picture(path)
        for folder in find_classes(data)
        for path in find_pictures(folder)[:EACH_CLASS]
    ]
    return [
        teacher.teach(known),
        teacher.teach_alone("lone photos", small, LONE),
        teacher.teach_alone("lone albedos", albedos, ALBEDOS),
    ]
