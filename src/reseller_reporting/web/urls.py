"""Every address. Pages of one subject get a module of their own and an `include` here."""

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LogoutView
from django.urls import include, path
from django.views.i18n import set_language

from reseller_reporting.web import pages

handler500 = "reseller_reporting.web.pages.failed"

urlpatterns = [
    path("", pages.home, name="home"),
    path("login/", pages.LogIn.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("password/", pages.ChangePassword.as_view(), name="password_change"),
    path("language/", login_not_required(set_language), name="set_language"),
    path("api/v1/", include("reseller_reporting.api.urls")),
    path("healthz", pages.healthz, name="healthz"),
    path("readyz", pages.readyz, name="readyz"),
    path("metrics", pages.prometheus, name="metrics"),
]
