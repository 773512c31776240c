"""What each role may do."""

from users.capabilities import CAPABILITIES, Role, role_can

# Each letter a role that may: O owner, A administrator, M manager, R reviewer, N annotator.
MAY = {
    "view_project": "OAMRN",
    "annotate": "OAMRN",
    "comment": "OAMRN",
    "view_all_annotations": "OAMR",
    "review_annotation": "OAMR",
    "edit_any_annotation": "OAMR",
    "set_ground_truth": "OAMR",
    "export": "OAMR",
    "manage_project": "OAM",
    "import": "OAM",
    "delete_reviewed": "OAM",
    "undo_any_review": "OAM",
    "set_completed_by": "OAM",
    "manage_members": "OAM",
    "manage_webhooks": "OAM",
    "manage_site": "OA",
}
LETTERS = {"O": Role.OWNER, "A": Role.ADMIN, "M": Role.MANAGER, "R": Role.REVIEWER, "N": Role.ANNOTATOR}


def test_the_capability_table():
    assert {
        name: "".join(x for x, role in LETTERS.items() if role_can(role, name)) for name in CAPABILITIES
    } == MAY


def test_nobody_without_a_role_may_anything():
    assert not any(role_can(None, name) for name in CAPABILITIES)
