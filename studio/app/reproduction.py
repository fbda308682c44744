"""Running a recipe again, and saying how close the result is."""

from collections.abc import Callable

from PIL import ImageChops

from studio.app.asset import Asset, Reproduction
from studio.app.submission import Tray, build_request
from studio.codecs import load_image
from studio.errors import StudioError
from studio.media import MediaType
from studio.registry import Registry
from studio.scheduler.job import JobRequest
from studio.spec import GeneratorSpec
from studio.store import AssetRecord, Store

TOLERANCE = 2 / 255
"""Largest difference of a pixel (0..1) that still counts as the same picture."""


class Reproducer:
    """Rebuilds requests from records, runs them into the trash, compares.

    Args:
        run: runs a request and returns its assets, or raises.
    """

    def __init__(
        self, store: Store, registry: Registry, run: Callable[[JobRequest], list[Asset]]
    ) -> None:
        self._store = store
        self._registry = registry
        self._run = run

    def reproduce(self, record: AssetRecord) -> Reproduction:
        """Run the recipe of `record` again; every obstacle is a verdict, not an error."""
        try:
            spec, request = self._rebuild(record)
            assets = self._run(request)
        except StudioError as error:
            return Reproduction("impossible", reason=str(error))
        # The low half of the index is the place in the group that answered the seed.
        index = (record.output_index or 0) & 0xFFFF
        again = assets[min(index, len(assets) - 1)]
        return self._compare(record, again, self._explain(record, spec))

    def _rebuild(self, record: AssetRecord) -> tuple[GeneratorSpec, JobRequest]:
        recipe = record.recipe
        if recipe is None:
            raise StudioError(
                "asset {asset} was imported; it has no recipe to run again", asset=record.id
            )
        spec = self._registry.get(recipe.generator)
        inputs: dict[str, list[AssetRecord]] = {name: [] for name in recipe.inputs}
        for edge in self._store.get_lineage(record.id).edges:
            if edge.child == record.id:
                inputs.setdefault(edge.slot, []).append(self._store.get(edge.parent))
        for slot, hashes in recipe.inputs.items():
            found = [spec.identify_input(item.payload_hash, item.title) for item in inputs[slot]]
            if found != hashes:
                raise StudioError(
                    "asset {asset}: what was given as '{slot}' has left the library or was renamed",
                    asset=record.id,
                    slot=slot,
                )
        fresh = recipe.model_copy(update={"plugin_version": spec.plugin_version})
        tray = Tray(trashed=True, tags=("reproduction",))
        return spec, build_request(spec, fresh, inputs, (recipe.seed,), tray)

    def _explain(self, record: AssetRecord, spec: GeneratorSpec) -> str:
        if record.plugin_version != spec.plugin_version:
            return (
                f"{spec.plugin} was {record.plugin_version} then and is {spec.plugin_version} now"
            )
        return ""

    def _compare(self, record: AssetRecord, again: Asset, reason: str) -> Reproduction:
        if again.payload_hash == record.payload_hash:
            return Reproduction("bit-equal", 0.0, asset=again.id)
        changed = sorted(
            f"{name} {record.versions.get(name)} -> {version}"
            for name, version in again.record.versions.items()
            if record.versions.get(name) != version
        )
        reason = reason or ", ".join(changed)
        if record.device != again.record.device:
            reason = reason or f"made on {record.device}, run again on {again.record.device}"
        distance = _measure_distance(record, again)
        if distance is not None and distance <= TOLERANCE:
            return Reproduction("within tolerance", distance, reason, again.id)
        return Reproduction("different", distance, reason, again.id)


def _measure_distance(record: AssetRecord, again: Asset) -> float | None:
    """Return the largest difference of a pixel, 0..1; None if pixels cannot be compared."""
    if record.kind not in (MediaType.IMAGE, MediaType.TEXTURE):
        return None
    if set(record.files) != set(again.files):
        return None
    worst = 0.0
    for name, path in record.files.items():
        if path.suffix != ".png":
            continue
        one, two = load_image(path).convert("RGBA"), again.image(name).convert("RGBA")
        if one.size != two.size:
            return None
        # The histogram of four channels of 256 bins; the last bin in use is the largest step.
        counts = ImageChops.difference(one, two).histogram()
        worst = max(worst, *((i % 256) / 255 for i, count in enumerate(counts) if count))
    return worst
