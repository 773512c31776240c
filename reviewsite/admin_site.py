"""Django's own admin, under this site's name and behind the login guard's own words."""

from django.contrib.admin import AdminSite

from users.forms import StaffSignInForm


class CountersignSite(AdminSite):
    site_header = "Countersign"
    site_title = "Countersign"
    index_title = "Projects and reviews"
    # Lists are wide; the header has the few that matter.
    enable_nav_sidebar = False
    login_form = StaffSignInForm
    empty_value_display = "—"
