"""`Refused`, for the apps above. It is defined in the lowest app, which raises it too."""

from users.errors import Refused

__all__ = ["Refused"]
