"""The start page, signing in, and one's own settings."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.generic.edit import FormView

from crowd.visits import default_campaign
from jobs.registry import label_of
from tasks.models import Project
from tasks.services.jobs import visible_jobs
from users.client_address import client_address
from users.forms import OwnPasswordForm, ProfileForm, ResetForm, SignInForm, told_to_wait
from users.models import User
from users.requests import user_of

from .counts import Row, rows_of
from .sign_ins import sign_ins_of

MAX_PROJECTS = 50


class TellsToWait(FormView):
    def form_invalid(self, form: Any) -> HttpResponse:
        return told_to_wait(super().form_invalid(form), form)


class SignIn(TellsToWait, auth_views.LoginView):
    form_class = SignInForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"sign_on": bool(settings.OIDC_ISSUER)}


class PasswordReset(TellsToWait, auth_views.PasswordResetView):
    form_class = ResetForm  # type: ignore[assignment]

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"address": client_address(self.request)}


class PasswordChange(TellsToWait, auth_views.PasswordChangeView):
    form_class = OwnPasswordForm


def root(request: HttpRequest) -> HttpResponse:
    """The public campaign of the site if there is one, also for who is signed in; else the start page."""
    return redirect("/review") if default_campaign() else index(request)


# Open to everybody; only people who are signed in see projects.
def index(request: HttpRequest) -> HttpResponse:
    context = {
        "rows": project_rows(request.user) if request.user.is_authenticated else [],
        "max_projects": MAX_PROJECTS,
        "campaign": default_campaign(),
        "label_studio": settings.LABEL_STUDIO_PAGE,
        "links": settings.START_PAGE_LINKS,
        "hint": settings.START_PAGE_HINT,
    }
    return render(request, "index.html", context)


def project_rows(user: User) -> list[Row]:
    """The newest projects of `user`, with their totals and the work that waits there for this person."""
    return rows_of(Project.objects.visible_to(user)[:MAX_PROJECTS], user)


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=user_of(request))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect("profile")
    return render(request, "profile.html", {"form": form} | sign_ins_of(user_of(request), request))


@never_cache
@login_required
def job_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """A fragment for any page that shows a job. It requests itself again until the job has ended."""
    job = get_object_or_404(visible_jobs(user_of(request)), pk=pk)
    return render(request, "jobs/progress.html", {"job": job, "label": label_of(job)})
