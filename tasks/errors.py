"""`Refused`, for the apps above: it lives in the lowest one, which raises it too."""

from users.errors import Refused

__all__ = ["Refused"]
