"""Django's admin with this site's name, and with the messages of the login guard."""

from django.contrib.admin import AdminSite

from users.forms import StaffSignInForm


class CountersignSite(AdminSite):
    site_header = "Countersign"
    site_title = "Countersign"
    index_title = "Projects and reviews"
    # Lists need the width; the header links to the lists that matter (templates/admin/base_site.html).
    enable_nav_sidebar = False
    login_form = StaffSignInForm
    empty_value_display = "—"
