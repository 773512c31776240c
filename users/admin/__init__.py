from .people import PersonAdmin
from .tokens import ApiTokenAdmin, LoginTryAdmin

__all__ = ["ApiTokenAdmin", "LoginTryAdmin", "PersonAdmin"]
