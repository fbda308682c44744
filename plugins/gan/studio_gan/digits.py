"""The classic first GAN: handwritten digits, which ship with scikit-learn."""

from pathlib import Path

import numpy as np
from PIL import Image

from studio.errors import InvalidParamsError

SIDE, ALL = 28, 1797


def write_digits(folder: Path, count: int = ALL) -> Path:
    """Write the first digits of scikit-learn, 8x8 enlarged to 28x28, into a folder a digit.

    Raises:
        InvalidParamsError: scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise InvalidParamsError(
            "examples: the digits come with scikit-learn; install it (pip install scikit-learn), "
            "or give a folder"
        ) from error
    data = load_digits()
    rows = zip(data.images[:count], data.target[:count], strict=True)
    for number, (pixels, digit) in enumerate(rows):
        place = folder / str(digit) / f"{number:04}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        small = Image.fromarray(np.asarray(pixels * 255 / 16, dtype=np.uint8))
        small.resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(place)
    return folder
