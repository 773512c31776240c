"""A refusal raised by a service, said where the person is looking: at the form's field, or above the list."""

from django.contrib import admin, messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponseRedirect

from ..errors import Refused

BROKEN_RULE = Refused(
    "integrity_error",
    "This would break a rule of the database, so nothing was changed. Is something there twice?",
)


class ToldRefusals(admin.ModelAdmin):
    def changeform_view(self, request, *args, **kwargs):
        """The second round shows the form as it was sent, with what was refused. The first one has been rolled back."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except (Refused, IntegrityError) as error:
            request.refused = error if isinstance(error, Refused) else BROKEN_RULE
            return super().changeform_view(request, *args, **kwargs)

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change=change, **kwargs)
        refused = getattr(request, "refused", None)
        return form if refused is None else _saying(form, refused)

    def delete_view(self, request, object_id, extra_context=None):
        try:
            return super().delete_view(request, object_id, extra_context)
        except Refused as refused:
            return _back_with(request, refused)

    def changelist_view(self, request, extra_context=None):
        """An action of the list is one transaction."""
        if request.method != "POST":
            return super().changelist_view(request, extra_context)
        try:
            with transaction.atomic():
                return super().changelist_view(request, extra_context)
        except Refused as refused:
            return _back_with(request, refused)


def _saying(form: type, refused: Refused) -> type:
    def clean(self):
        cleaned = super(told, self).clean()
        self.add_error(refused.field if refused.field in self.fields else None, refused.detail)
        return cleaned

    told = type(form.__name__, (form,), {"clean": clean})
    return told


def _back_with(request: HttpRequest, refused: Refused) -> HttpResponseRedirect:
    messages.error(request, refused.detail)
    return HttpResponseRedirect(request.get_full_path())
