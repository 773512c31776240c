from django.urls import include, path

from . import inbox, screens, sign_ins, views

urlpatterns = [
    path("", views.root),
    path("start/", views.index, name="index"),
    path("accounts/login/", views.SignIn.as_view(), name="login"),
    path("accounts/password_reset/", views.PasswordReset.as_view(), name="password_reset"),
    path("accounts/password_change/", views.PasswordChange.as_view(), name="password_change"),
    path("accounts/sign-ins/end/", sign_ins.end, name="end-sign-in"),
    path("accounts/profile/", views.profile, name="profile"),
    path("accounts/", include("django.contrib.auth.urls")),
    path("jobs/<int:pk>/progress/", views.job_progress, name="job-progress"),
    path("inbox/", inbox.page, name="inbox"),
    path("inbox/projects/<int:pk>/", inbox.project_section, name="inbox-project"),
    path("inbox/count/", inbox.count, name="inbox-count"),
    path("projects/<int:pk>/progress/", inbox.progress, name="project-progress"),
    path("projects/<int:pk>/review/", screens.review, name="review-screen"),
    path("projects/<int:pk>/label/", screens.label, name="label-screen"),
    path("projects/<int:pk>/counts/", screens.screen_counts, name="screen-counts"),
]
