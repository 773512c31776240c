"""Every REST route of our own, written with the trailing slash (a middleware accepts both forms)."""

from typing import Any

from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from .views import (
    annotations,
    assignments,
    bulk_annotations,
    bulk_members,
    comments,
    corrections,
    dead_ends,
    disputes,
    editor_options,
    export_snapshots,
    exports,
    import_results,
    imports,
    inbox,
    jobs,
    label_configs,
    members,
    model_versions,
    project_copies,
    projects,
    queue,
    reassignment,
    restore,
    reviews,
    sign_ins,
    task_answers,
    tasks,
    tokens,
    trash,
    uploads,
    users,
)
from .views.media import views as media
from .views.unknown_route import UnknownRoute

router = SimpleRouter()
# What is asked for most comes first.
router.register("annotations", annotations.AnnotationViewSet)
router.register("tasks", tasks.TaskViewSet)
router.register("users", users.UserViewSet)
router.register("projects/roles", members.RoleViewSet)
router.register("projects", projects.ProjectViewSet)
router.register("drafts", tasks.DraftViewSet)
router.register("predictions", tasks.PredictionViewSet)
router.register("annotation-reviews", reviews.ReviewViewSet)
router.register("annotation-history", reviews.HistoryViewSet)
router.register("comments", comments.CommentViewSet)
router.register("jobs", jobs.JobViewSet)

Actions = dict[str, Any]  # HTTP method → name of the viewset's method
LIST: Actions = {"get": "list"}
LIST_AND_CREATE: Actions = {"get": "list", "post": "create"}
ONE_TO_DELETE: Actions = {"get": "retrieve", "delete": "destroy"}
LIST_CREATE_DELETE: Actions = {**LIST_AND_CREATE, "delete": "destroy"}
MEMBERS: Actions = {**LIST_CREATE_DELETE, "patch": "partial_update"}

urlpatterns = [
    path("", include(router.urls)),
    # --- people and tokens
    path("current-user/whoami/", users.WhoAmI.as_view(), name="whoami"),
    path("current-user/", users.CurrentUser.as_view(), name="current-user"),
    path("current-user/token/", tokens.OwnKey.as_view(), name="own-key"),
    path("current-user/reset-token/", tokens.ResetKey.as_view(), name="reset-key"),
    path("current-user/tokens/", sign_ins.OwnTokenViewSet.as_view(LIST), name="own-tokens"),
    path(
        "current-user/tokens/<int:pk>/",
        sign_ins.OwnTokenViewSet.as_view({"delete": "destroy"}),
        name="own-token",
    ),
    path(
        "current-user/sessions/",
        sign_ins.OwnSessionViewSet.as_view({"get": "list", "delete": "destroy_others"}),
        name="own-sessions",
    ),
    path(
        "current-user/sessions/<str:pk>/",
        sign_ins.OwnSessionViewSet.as_view({"delete": "destroy"}),
        name="own-session",
    ),
    path("token/", tokens.PersonalTokens.as_view(), name="personal-tokens"),
    path("token/refresh/", tokens.Refresh.as_view(), name="token-refresh"),
    path("token/rotate/", tokens.Rotate.as_view(), name="token-rotate"),
    path("token/blacklist/", tokens.Blacklist.as_view(), name="token-blacklist"),
    path("auth/login/", users.Login.as_view(), name="api-login"),
    path("auth/logout/", sign_ins.Logout.as_view(), name="api-logout"),
    # --- annotations, reviews and tasks
    path("annotations/bulk/", bulk_annotations.BulkAnnotations.as_view(), name="bulk-annotations"),
    path("annotations/bulk-delete/", bulk_annotations.BulkDeletion.as_view(), name="bulk-delete"),
    path("annotations/bulk-review/", reviews.BulkReviews.as_view(), name="bulk-review"),
    path("bulk-reviews/<int:pk>/undo/", reviews.UndoBulkReview.as_view(), name="undo-bulk-review"),
    path(
        "tasks/<int:task_pk>/annotations/",
        annotations.TaskAnnotationViewSet.as_view(LIST_AND_CREATE),
        name="task-annotations",
    ),
    path(
        "tasks/<int:pk>/final/",
        task_answers.FinalAnswerViewSet.as_view({"post": "pick", "delete": "undo"}),
        name="final-answer",
    ),
    path("tasks/<int:task_pk>/drafts/", tasks.TaskDraftViewSet.as_view(LIST_AND_CREATE), name="task-drafts"),
    path(
        "tasks/<int:task_pk>/annotations/<int:annotation_pk>/drafts/",
        tasks.TaskDraftViewSet.as_view(LIST_AND_CREATE),
        name="annotation-drafts",
    ),
    path(
        "projects/<int:project_pk>/annotation-history/",
        reviews.ProjectHistoryViewSet.as_view(LIST),
        name="history-of",
    ),
    path(
        "projects/<int:pk>/import/predictions/",
        import_results.ImportPredictions.as_view(),
        name="import-predictions",
    ),
    path("projects/<int:pk>/imports/", import_results.ImportViewSet.as_view(LIST), name="imports"),
    path(
        "projects/<int:pk>/imports/<int:import_pk>/",
        import_results.ImportStatus.as_view(),
        name="import-status",
    ),
    # --- the people of a project, and who is assigned to what
    path(
        "projects/<int:pk>/annotators/",
        members.MemberViewSet.as_view({"get": "annotators"}, pagination_class=None),
        name="annotators",
    ),
    path(
        "projects/<int:pk>/members/",
        members.MemberViewSet.as_view(MEMBERS, pagination_class=None),
        name="members",
    ),
    path(
        "projects/<int:pk>/members/paginated/",
        members.MemberViewSet.as_view({"get": "paginated"}),
        name="members-paginated",
    ),
    path("projects/<int:pk>/members/bulk/", bulk_members.BulkMembers.as_view(), name="bulk-members"),
    path("projects/<int:pk>/members/export/", bulk_members.MembersTable.as_view(), name="members-table"),
    path("projects/<int:pk>/tasks/assignees/", assignments.BulkAssignees.as_view(), name="bulk-assignees"),
    path(
        "projects/<int:pk>/tasks/<int:task_pk>/assignees/",
        assignments.TaskAssignees.as_view(),
        name="assignees",
    ),
    # --- files in and out
    path("projects/<int:pk>/import/", imports.ImportView.as_view(), name="import"),
    path("projects/<int:pk>/reimport/", imports.ReimportView.as_view(), name="reimport"),
    path("import/file-upload/<int:pk>/", uploads.OneUpload.as_view(), name="file-upload"),
    path(
        "projects/<int:project_pk>/file-uploads/",
        uploads.UploadViewSet.as_view({"get": "list", "delete": "destroy_many"}),
        name="file-uploads",
    ),
    path("projects/<int:pk>/uploads/sign/", uploads.SignUpload.as_view(), name="sign-upload"),
    path("projects/<int:pk>/uploads/sign-many/", uploads.SignUploads.as_view(), name="sign-uploads"),
    path("imports/<int:pk>/", import_results.ImportedView.as_view(), name="imported"),
    # --- restoring what was deleted
    path("projects/<int:pk>/restore/", restore.RestoreProject.as_view(), name="restore-project"),
    path("tasks/<int:pk>/restore/", restore.RestoreTask.as_view(), name="restore-task"),
    path("projects/<int:pk>/trash/", trash.TrashViewSet.as_view(LIST), name="project-trash"),
    path("trash/", trash.TrashViewSet.as_view({"get": "projects"}), name="trash"),
    path("annotations/<int:pk>/restore/", restore.RestoreAnnotation.as_view(), name="restore-annotation"),
    path("projects/<int:pk>/model-versions/", model_versions.ModelVersions.as_view(), name="model-versions"),
    path("projects/<int:pk>/duplicate/", project_copies.Duplicate.as_view(), name="duplicate-project"),
    path("projects/<int:pk>/summary/", project_copies.Summary.as_view(), name="project-summary"),
    # --- configuration
    path(
        "projects/<int:project_pk>/label-configs/",
        label_configs.LabelConfigViewSet.as_view(LIST),
        name="label-configs",
    ),
    path(
        "projects/<int:project_pk>/label-configs/<int:pk>/",
        label_configs.LabelConfigViewSet.as_view({"get": "retrieve"}),
        name="one-label-config",
    ),
    path("projects/<int:pk>/editor-options/", editor_options.EditorOptions.as_view(), name="editor-options"),
    # --- exports
    path("projects/<int:pk>/export/", exports.ExportView.as_view(), name="export"),
    path("projects/<int:pk>/export/formats/", exports.FormatsView.as_view(), name="export-formats"),
    path(
        "projects/<int:project_pk>/exports/",
        export_snapshots.ExportViewSet.as_view(LIST_AND_CREATE),
        name="exports",
    ),
    path(
        "projects/<int:project_pk>/exports/<int:pk>/",
        export_snapshots.ExportViewSet.as_view(ONE_TO_DELETE),
        name="one-export",
    ),
    path(
        "projects/<int:project_pk>/exports/<int:pk>/convert/",
        export_snapshots.ExportViewSet.as_view({"post": "convert"}),
        name="export-convert",
    ),
    path(
        "projects/<int:project_pk>/exports/<int:pk>/download/",
        export_snapshots.ExportViewSet.as_view({"get": "download"}),
        name="export-download",
    ),
    # --- the review queue
    path("projects/<int:pk>/review-queue/next/", queue.NextInQueue.as_view(), name="review-queue-next"),
    path("projects/<int:pk>/leases/", queue.HeldViewSet.as_view(LIST), name="leases"),
    path("leases/<uuid:lease>/renew/", queue.RenewLease.as_view(), name="renew-lease"),
    path("leases/<uuid:lease>/release/", queue.ReleaseLease.as_view(), name="release-lease"),
    # --- corrections and disputes
    path("annotations/<int:pk>/changes/", corrections.Changes.as_view(), name="changes"),
    path(
        "annotations/<int:annotation_pk>/corrections/",
        corrections.AnnotationCorrectionViewSet.as_view(LIST),
        name="annotation-corrections",
    ),
    path("corrections/", corrections.CorrectionViewSet.as_view(LIST), name="corrections"),
    path(
        "corrections/<int:pk>/acknowledge/",
        corrections.CorrectionViewSet.as_view({"post": "acknowledge"}),
        name="acknowledge",
    ),
    path(
        "projects/<int:pk>/corrections/acknowledge/",
        corrections.AcknowledgeAll.as_view(),
        name="acknowledge-all",
    ),
    path(
        "projects/<int:project_pk>/corrections/confusion/",
        corrections.Confusion.as_view(LIST),
        name="confusion",
    ),
    path("projects/<int:pk>/disputes/", disputes.DisputeViewSet.as_view(LIST), name="disputes"),
    path(
        "projects/<int:pk>/disputes/records/",
        disputes.DisputeViewSet.as_view({"get": "records"}, pagination_class=None, filterset_class=None),
        name="dispute-records",
    ),
    # --- what waits, and for whom
    path(
        "projects/<int:pk>/ownerless/",
        reassignment.OwnerlessViewSet.as_view(LIST),
        name="ownerless",
    ),
    path("projects/<int:pk>/reassign/", reassignment.Reassign.as_view(), name="reassign"),
    path("inbox/", inbox.InboxViewSet.as_view(LIST), name="inbox-items"),
    path(
        "inbox/counts/",
        inbox.InboxViewSet.as_view({"get": "counts"}, pagination_class=None),
        name="inbox-counts",
    ),
    path("inbox/waiting/", inbox.WaitingViewSet.as_view(LIST), name="inbox-waiting"),
    path("projects/<int:pk>/dead-ends/", dead_ends.DeadEndViewSet.as_view(LIST), name="dead-ends"),
    path("tasks/<int:pk>/dead-end/", dead_ends.ResolveDeadEnd.as_view(), name="dead-end"),
    path("projects/<int:pk>/progress/", projects.ProjectProgress.as_view(), name="progress"),
    path("tasks/<int:pk>/close/", task_answers.CloseTask.as_view(), name="close-task"),
]
# At the root of the site, where Label Studio's task data looks for it.
media_route = re_path(
    r"^data/upload/(?P<project>[0-9]{1,18})/(?P<name>[A-Za-z0-9._-]{1,255})$",
    media.Media.as_view(),
    name="media",
)
# reviewsite puts it last, after the routes of the apps above this one.
unknown_route = re_path(r"^api/", UnknownRoute.as_view())
