"""What the server refuses, besides what the home refuses; each class has its HTTP status."""

from typing import ClassVar

from studio.errors import StudioError


class ServerError(StudioError):
    """A request that the server itself refuses."""

    status: ClassVar[int] = 400


class LoginError(ServerError):
    """Nobody is logged in, or the password is wrong."""

    status = 401


class ForbiddenError(ServerError):
    """This is not for whoever asks."""

    status = 403


class NotFoundError(ServerError):
    """There is no such thing, or none that whoever asks may see."""

    status = 404


class ConflictError(ServerError):
    """It cannot be done as things stand."""

    status = 409


class TooLargeError(ServerError):
    """More than the server takes."""

    status = 413


class TooManyError(ServerError):
    """Too often; later it is all right again."""

    status = 429
