"""`textures.export`: a material -> an archive that a game engine takes."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from studio.generator import Artifact, Generator, Input, JobContext
from studio.media import MediaType
from studio.params import Params
from studio_textures.export import export_material, zip_folder
from studio_textures.export_maps import ExportSettings, safe_name
from studio_textures.pictures_io import load_maps

Engine = Literal["generic", "gltf", "godot", "unity_urp", "unity_hdrp", "unreal", "materialx"]


class ExportParams(Params):
    """Params of `textures.export`."""

    engine: Engine = Field("generic", description="whose file names, packing and material files")
    size: Literal[0, 64, 128, 256, 512, 1024, 2048, 4096, 8192] = Field(
        0,
        description="longest side, a power of two; 0 takes the one nearest to the material's",
        json_schema_extra={"unit": "px"},
    )
    name: str = Field("", max_length=64, description="of the files; empty takes the asset's title")
    tiling: int = Field(
        2, ge=1, le=16, description="copies of the tile across the engine's material"
    )
    relief: float = Field(
        0.04,
        ge=0,
        le=0.5,
        description="depth of the relief in widths of the tile, for parallax and displacement",
        json_schema_extra={"advanced": True},
    )


class Export(Generator):
    """Writes a material the way an engine wants it: names, packing, normals, colour spaces."""

    id: ClassVar[str] = "textures.export"
    title: ClassVar[str] = "Export for an engine"
    summary: ClassVar[str] = "Godot, Unity, Unreal, glTF, MaterialX or plain maps, as one archive"
    output: ClassVar[MediaType] = MediaType.ARCHIVE
    inputs: ClassVar[tuple[Input, ...]] = (
        Input("material", (MediaType.TEXTURE,), summary="what to export"),
    )
    Params: ClassVar[type[Params]] = ExportParams
    seeded: ClassVar[bool] = False
    reads_titles: ClassVar[bool] = True

    def generate(self, params: ExportParams, job: JobContext) -> Iterator[Artifact]:
        """Yield one zip with a folder of the material's name."""
        source = job.inputs["material"][0]
        maps = load_maps(source)
        name = safe_name(params.name or source.title or source.id)
        settings = ExportSettings(
            size=params.size or None, tiling=params.tiling, relief=params.relief
        )
        for index, _ in enumerate(job.seeds):
            job.step(index, len(job.seeds))
            folder = job.scratch / f"export{index}"
            files = export_material(maps, name, params.engine, folder / name, settings)
            archive = zip_folder(folder, job.scratch / f"{name}_{params.engine}_{index}.zip")
            job.step(index + 1, len(job.seeds))
            yield Artifact(
                archive,
                MediaType.ARCHIVE,
                metrics={"files": len(files)},
                info={"engine": params.engine, "files": [path.name for path in files]},
                title=f"{source.title or name} {params.engine}",
            )
