"""The asset store: blobs, assets, lineage, search, trash, bundles, and a check of it all."""

from studio.store.blobs import BlobRef, BlobStore
from studio.store.bundle import export_bundle
from studio.store.face import Store
from studio.store.files import Disk
from studio.store.fsck import FsckReport, Problem, check_store
from studio.store.records import AssetRecord, Edge, Lineage, NewAsset, Page, SearchQuery
from studio.store.unbundle import import_bundle

__all__ = [
    "AssetRecord",
    "BlobRef",
    "BlobStore",
    "Disk",
    "Edge",
    "FsckReport",
    "Lineage",
    "NewAsset",
    "Page",
    "Problem",
    "SearchQuery",
    "Store",
    "check_store",
    "export_bundle",
    "import_bundle",
]
