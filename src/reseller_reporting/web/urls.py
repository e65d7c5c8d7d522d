"""Every address. Pages of one subject get a module of their own and an `include` here."""

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LogoutView
from django.urls import include, path
from django.views.i18n import set_language

from reseller_reporting.web import (
    audit_pages,
    compare_page,
    connection_pages,
    log_in_pages,
    pages,
    password_pages,
    progress_page,
    report_pages,
    run_pages,
    second_step_pages,
    user_pages,
)

handler500 = "reseller_reporting.web.pages.failed"

urlpatterns = [
    path("", report_pages.home, name="home"),
    path("report/accounts", report_pages.accounts, name="choose_accounts"),
    path("report/accounts/ids", report_pages.account_ids, name="account_ids"),
    path("report/accounts/read", report_pages.read_accounts, name="read_accounts"),
    path("report/groups", report_pages.keep_group, name="keep_group"),
    path("report/groups/<int:number>/delete", report_pages.drop_group, name="drop_group"),
    path("reports/", run_pages.runs, name="runs"),
    path("reports/compare", compare_page.compare, name="compare"),
    path("reports/<uuid:run_id>/", run_pages.run, name="run"),
    path("reports/<uuid:run_id>/progress", progress_page.progress, name="run_progress"),
    path("reports/<uuid:run_id>/cancel", progress_page.cancel, name="cancel_run"),
    path("reports/<uuid:run_id>/retry", progress_page.retry, name="retry_run"),
    path("reports/<uuid:run_id>/send", run_pages.send, name="send_run"),
    path("reports/<uuid:run_id>/delete", run_pages.delete, name="delete_run"),
    path("reports/<uuid:run_id>/undelete", run_pages.undelete, name="undelete_run"),
    path("reports/<uuid:run_id>/zip", run_pages.download_zip, name="download_zip"),
    path("reports/<uuid:run_id>/files/<path:name>", run_pages.download, name="download"),
    path("connection/", connection_pages.connection, name="connection"),
    path("connection/test/<uuid:job_id>", connection_pages.tried, name="connection_tried"),
    path("connection/reseller", connection_pages.choose_reseller, name="choose_reseller"),
    path("users/", user_pages.users, name="users"),
    path("users/accounts", user_pages.accounts, name="user_accounts"),
    path("users/<int:number>/", user_pages.user, name="user"),
    path("users/<int:number>/password", user_pages.new_password, name="new_password"),
    path("users/<int:number>/active", user_pages.set_active, name="set_active"),
    path("audit/", audit_pages.events, name="audit"),
    path("users/<int:number>/second-step", user_pages.reset_second_step, name="reset_second_step"),
    path("login/", log_in_pages.LogIn.as_view(), name="login"),
    path("login/code/", log_in_pages.SecondStep.as_view(), name="second_step"),
    path("login/kazoo/", log_in_pages.KazooLogIn.as_view(), name="kazoo_login"),
    path("login/kazoo/<slug:key>/", log_in_pages.KazooLogIn.as_view(), name="kazoo_login_of"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("password/", password_pages.ChangePassword.as_view(), name="password_change"),
    path("password/forgot/", password_pages.forgot, name="password_forgot"),
    path("password/reset/<uidb64>/<token>/", password_pages.ResetPassword.as_view(), name="password_reset"),
    path("second-step/", second_step_pages.second_step, name="own_second_step"),
    path("second-step/off", second_step_pages.switch_off, name="second_step_off"),
    path("language/", login_not_required(set_language), name="set_language"),
    path("api/v1/", include("reseller_reporting.api.urls")),
    path("healthz", pages.healthz, name="healthz"),
    path("readyz", pages.readyz, name="readyz"),
    path("metrics", pages.prometheus, name="metrics"),
]
