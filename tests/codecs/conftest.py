import pytest

from studio.recipe import CheckpointRef, Recipe


@pytest.fixture
def recipe() -> Recipe:
    return Recipe(
        generator="textures.from_image",
        plugin="textures",
        plugin_version="1.2.0",
        params={
            "prompt": 'a "mossy" wall, überall ♪',
            "negative_prompt": "blurry",
            "num_inference_steps": 20,
            "guidance_scale": 7.5,
            "z": 3,
            "size": 512,
        },
        inputs={"image": ["ab" * 32]},
        checkpoint=CheckpointRef(name="tiny", sha256="cd" * 32),
        seed=42,
    )
