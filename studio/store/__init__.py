"""The asset store: blobs, assets, search, bundles."""
