"""A client of a server: `StudioClient`, with the methods of `Studio`."""

from studio.client.assets import RemoteAsset, RemoteLibrary
from studio.client.client import RemoteEstimate, StudioClient
from studio.client.connection import Connection, UnreachableError
from studio.client.events import RemoteEvent
from studio.client.jobs import RemoteBatch, RemoteJob, RemoteJobs, RemoteProgress, RemoteRun

__all__ = [
    "Connection",
    "RemoteAsset",
    "RemoteBatch",
    "RemoteEstimate",
    "RemoteEvent",
    "RemoteJob",
    "RemoteJobs",
    "RemoteLibrary",
    "RemoteProgress",
    "RemoteRun",
    "StudioClient",
    "UnreachableError",
]
