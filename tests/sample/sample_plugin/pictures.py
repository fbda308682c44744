"""Pictures of random pixels: fast, and the same for the same seed."""

import json
import random
import time
from typing import Literal

from PIL import Image, ImageChops
from pydantic import Field

from studio.codecs import load_image
from studio.generator import Artifact, BundledCheckpoint, Footprint, Generator, Input
from studio.media import MediaType
from studio.params import Params

PICTURE = (MediaType.IMAGE,)


def make_noise(seed, size, bands="RGB"):
    data = random.Random(seed).randbytes(size * size * len(bands))
    return Image.frombytes("RGB" if len(bands) == 3 else "L", (size, size), data)


class NoiseParams(Params):
    size: int = Field(32, ge=1, le=1024, description="side, pixels")
    colour: Literal["rgb", "grey", "red", "green", "blue"] = Field("rgb", description="tint")
    prompt: str = Field("", max_length=2000, description="kept, not used")
    steps: int = Field(2, ge=1, le=10_000, description="steps per seed")
    delay: float = Field(0.0, ge=0, le=60, description="seconds per step")


class Noise(Generator):
    id = "sample.noise"
    title = "Noise"
    summary = "Random pixels."
    output = MediaType.IMAGE
    Params = NoiseParams

    @classmethod
    def footprint(cls, params):
        return Footprint(host_bytes=64 << 20)

    def generate(self, params, job):
        total = params.steps * len(job.seeds)
        for index, seed in enumerate(job.seeds):
            picture = make_noise(seed, params.size)
            if params.colour == "grey":
                picture = picture.convert("L")
            elif params.colour != "rgb":
                tint = Image.new("RGB", picture.size, params.colour)
                picture = ImageChops.multiply(picture, tint)
            for step in range(1, params.steps + 1):
                time.sleep(params.delay)
                job.step(index * params.steps + step, total, preview=picture)
            job.log.info("made noise of seed %d", seed)
            extrema = picture.convert("L").getextrema()
            yield Artifact(
                picture,
                MediaType.IMAGE,
                metrics={"contrast": (extrema[1] - extrema[0]) / 255},
                info={"colour": params.colour},
                title=f"noise {seed}",
            )


class BlendParams(Params):
    amount: float = Field(0.5, ge=0, le=1, description="share of the second picture")


class Blend(Generator):
    id = "sample.blend"
    title = "Blend"
    summary = "Mixes two pictures; the seed chooses which pixels come from which."
    output = MediaType.IMAGE
    inputs = (Input("first", PICTURE), Input("second", PICTURE))
    Params = BlendParams

    def generate(self, params, job):
        first = load_image(job.inputs["first"][0].path).convert("RGB")
        second = load_image(job.inputs["second"][0].path).convert("RGB").resize(first.size)
        for done, seed in enumerate(job.seeds, 1):
            rng = random.Random(seed)
            count = first.width * first.height
            mask = bytes(255 if rng.random() < params.amount else 0 for _ in range(count))
            job.step(done, len(job.seeds))
            picture = Image.composite(second, first, Image.frombytes("L", first.size, mask))
            yield Artifact(picture, MediaType.IMAGE, title="blend")


class InvertParams(Params):
    pass


class Invert(Generator):
    id = "sample.invert"
    title = "Invert"
    summary = "Turns a picture into its negative; no seed matters."
    output = MediaType.IMAGE
    inputs = (Input("image", PICTURE),)
    Params = InvertParams
    seeded = False

    def generate(self, params, job):
        picture = load_image(job.inputs["image"][0].path).convert("RGB")
        for done, _ in enumerate(job.seeds, 1):
            job.step(done, len(job.seeds))
            yield Artifact(ImageChops.invert(picture), MediaType.IMAGE, title="negative")


class MaterialParams(Params):
    size: int = Field(16, ge=4, le=256, description="side, pixels")


class Material(Generator):
    id = "sample.material"
    title = "Material"
    summary = "A texture of random maps."
    output = MediaType.TEXTURE
    Params = MaterialParams

    def generate(self, params, job):
        for done, seed in enumerate(job.seeds, 1):
            job.step(done, len(job.seeds))
            flat = (params.size, params.size)
            maps = {
                "albedo": make_noise(seed, params.size),
                "normal_gl": Image.new("RGB", flat, (128, 128, 255)),
                "height": make_noise(seed + 1, params.size, "L"),
                "roughness": make_noise(seed + 2, params.size, "L"),
            }
            yield Artifact(maps, MediaType.TEXTURE, metrics={"seam_ratio": 1.0 + seed % 3 / 10})


class WeightsParams(Params):
    weights: str = Field("tiny", description="checkpoint name")
    size: int = Field(8, ge=1, le=256, description="side, pixels")


class Weights(Generator):
    id = "sample.weights"
    title = "Weights"
    summary = "A plain picture in the colour that its checkpoint holds."
    output = MediaType.IMAGE
    Params = WeightsParams
    checkpoint_from = ("weights",)
    checkpoints = (BundledCheckpoint("tiny", "weights/tiny.safetensors", "CC0-1.0", "a blue"),)

    def __init__(self, checkpoint, device):
        super().__init__(checkpoint, device)
        data = checkpoint.path.read_bytes()
        length = int.from_bytes(data[:8], "little")
        start, end = json.loads(data[8 : 8 + length])["colour"]["data_offsets"]
        self.colour = tuple(data[8 + length + start : 8 + length + end])

    def generate(self, params, job):
        for done, seed in enumerate(job.seeds, 1):
            job.step(done, len(job.seeds))
            picture = Image.new("RGB", (params.size, params.size), self.colour)
            picture.putpixel((0, 0), tuple(random.Random(seed).randbytes(3)))
            yield Artifact(picture, MediaType.IMAGE)


class GroupParams(Params):
    size: int = Field(8, ge=1, le=256, description="side, pixels")


class Group(Generator):
    id = "sample.group"
    title = "Group"
    summary = "Two pictures per seed."
    output = MediaType.IMAGE
    Params = GroupParams

    def generate(self, params, job):
        for done, seed in enumerate(job.seeds, 1):
            job.step(done, len(job.seeds))
            picture = make_noise(seed, params.size)
            yield [
                Artifact(picture, MediaType.IMAGE, title="left"),
                Artifact(ImageChops.invert(picture), MediaType.IMAGE, title="right"),
            ]
