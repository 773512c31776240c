from django.apps import AppConfig
from django.contrib.admin import apps as admin


class ReviewsiteConfig(AppConfig):
    default = True
    name = "reviewsite"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from .signon import groups

        # A malformed OIDC_GROUP_ROLES should fail at the start, not at the first sign-on.
        groups.group_roles()


class CountersignAdminConfig(admin.AdminConfig):
    """Takes the place of django.contrib.admin in INSTALLED_APPS."""

    # AdminConfig sets this to True, and "reviewsite" alone must mean the config above.
    default = False
    default_site = "reviewsite.admin_site.CountersignSite"
