"""The capability table as a Django permission and as a DRF permission class."""

from django.contrib.auth.backends import BaseBackend
from rest_framework.permissions import IsAuthenticated

from users.sentences import sentence as _

from .roles import may, may_somewhere

REVIEW_ANNOTATION = "tasks.review_annotation"


class RoleBackend(BaseBackend):
    """`user.has_perm("tasks.review_annotation", annotation)` asks the capability table."""

    def has_perm(self, user_obj, perm: str, obj=None) -> bool:
        if perm != REVIEW_ANNOTATION or not user_obj.is_active or user_obj.is_anonymous:
            return False
        if obj is None:
            return may_somewhere(user_obj, "review_annotation")
        return may(user_obj, "review_annotation", obj.project_id)


class CanReviewAnnotation(IsAuthenticated):
    """Who may review at all. Whether this annotation may be reviewed now is decided by the workflow."""

    code = "not_a_reviewer"
    message = _(
        "Your role in this project does not include reviewing. "
        "Ask a manager of the project to make you a reviewer."
    )

    def has_object_permission(self, request, view, obj) -> bool:
        return request.user.has_perm(REVIEW_ANNOTATION, obj)
