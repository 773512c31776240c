"""The few plain pages: where to go, signing in, one's own settings, the API's documentation."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from tasks.models import Project
from users.forms import ProfileForm, ResetForm, SignInForm
from users.models import User

from .counts import Row, rows_of

SHOWN_PROJECTS = 50


class SignIn(auth_views.LoginView):
    form_class = SignInForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs):
        return super().get_context_data(**kwargs) | {"sign_on": bool(settings.OIDC_ISSUER)}


class Reset(auth_views.PasswordResetView):
    form_class = ResetForm


def index(request: HttpRequest) -> HttpResponse:
    rows = projects_of(request.user) if request.user.is_authenticated else []
    offered = {"label_studio": settings.LABEL_STUDIO_PAGE, "links": settings.START_PAGE_LINKS}
    return render(request, "index.html", {"rows": rows, "shown": SHOWN_PROJECTS} | offered)


def projects_of(user: User) -> list[Row]:
    """The newest projects of `user`, each with what it adds up to and what waits there for them."""
    return rows_of(Project.objects.visible_to(user)[:SHOWN_PROJECTS], user)


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect("profile")
    return render(request, "profile.html", {"form": form})
