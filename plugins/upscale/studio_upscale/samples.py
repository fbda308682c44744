"""What a net makes of a few patches while it learns, beside what it should make."""

import numpy as np
import torch
from PIL import Image

from studio_upscale.corpus import Corpus
from studio_upscale.network import EnlargingNet
from studio_upscale.trainer import to_tensor

COUNT = 4
GAP = 4  # pixels between patches


def show_samples(network: EnlargingNet, corpus: Corpus) -> Image.Image:
    """Return a picture of three rows: small patches, enlarged ones, and the truth."""
    low, high = corpus.draw(0, 0, COUNT)
    with torch.no_grad():
        made = network(to_tensor(low)).clamp(0, 1)
    learnt = (made.permute(0, 2, 3, 1).numpy() * 255).round().astype(np.uint8)
    side = high.shape[1]
    sheet = Image.new("RGB", (COUNT * (side + GAP) - GAP, 3 * (side + GAP) - GAP), "grey")
    for row, patches in enumerate((low, learnt, high)):
        for column, patch in enumerate(patches):
            picture = Image.fromarray(patch).resize((side, side), Image.Resampling.NEAREST)
            sheet.paste(picture, (column * (side + GAP), row * (side + GAP)))
    return sheet
