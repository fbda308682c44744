"""Media types: what an asset can be."""

from enum import StrEnum


class MediaType(StrEnum):
    """The kinds of asset; the value is what the database, CLI and REST say."""

    IMAGE = "image"
    TEXTURE = "texture"  # a material: named maps (albedo, normal_gl, roughness, ...)
    AUDIO = "audio"
    SCORE = "score"  # symbolic music: MIDI, MusicXML, ABC
    TEXT = "text"
    VIDEO = "video"
    CHECKPOINT = "checkpoint"  # weights + config
    REPORT = "report"  # JSON figures, possibly with pictures
    ARCHIVE = "archive"  # a zip of files for another program


SUFFIXES: dict[str, MediaType] = {
    ".png": MediaType.IMAGE,
    ".jpg": MediaType.IMAGE,
    ".jpeg": MediaType.IMAGE,
    ".webp": MediaType.IMAGE,
    ".bmp": MediaType.IMAGE,
    ".tif": MediaType.IMAGE,
    ".tiff": MediaType.IMAGE,
    ".tga": MediaType.IMAGE,
    ".gif": MediaType.IMAGE,
    ".wav": MediaType.AUDIO,
    ".flac": MediaType.AUDIO,
    ".mp3": MediaType.AUDIO,
    ".ogg": MediaType.AUDIO,
    ".mid": MediaType.SCORE,
    ".midi": MediaType.SCORE,
    ".musicxml": MediaType.SCORE,
    ".mxl": MediaType.SCORE,
    ".abc": MediaType.SCORE,
    ".txt": MediaType.TEXT,
    ".md": MediaType.TEXT,
    ".mp4": MediaType.VIDEO,
    ".webm": MediaType.VIDEO,
    ".safetensors": MediaType.CHECKPOINT,
    ".json": MediaType.REPORT,
    ".zip": MediaType.ARCHIVE,
}
"""File name ending (lower case) -> the media type an imported file of that name gets."""
