from .people import PersonAdmin
from .sign_ins import LoginTryAdmin, PasswordResetRequestAdmin, SessionAdmin
from .tokens import ApiTokenAdmin

__all__ = [
    "ApiTokenAdmin",
    "LoginTryAdmin",
    "PasswordResetRequestAdmin",
    "PersonAdmin",
    "SessionAdmin",
]
