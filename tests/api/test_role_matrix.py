"""The tenant matrix: every address of the API with every role; what is not yours is not found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reseller_reporting.control.scoping import within

if TYPE_CHECKING:
    from api_site import ApiSite

ROLES = (
    "operator",
    "reseller_admin",
    "reseller_viewer",
    "branch_admin",
    "branch_viewer",
    "customer_admin",
    "other_admin",
    "stranger",
)
# What each of ROLES is answered.
MATRIX: dict[tuple[str, str], tuple[int, ...]] = {
    ("GET", "/me"): (200, 200, 200, 200, 200, 200, 200, 401),
    ("GET", "/accounts"): (200, 200, 200, 200, 200, 200, 200, 401),
    ("GET", "/accounts/tree"): (200, 200, 200, 200, 200, 200, 200, 401),
    ("GET", "/accounts/{acme}"): (200, 200, 200, 404, 404, 404, 404, 401),
    ("GET", "/accounts/{leaf}"): (200, 200, 200, 200, 200, 200, 404, 401),
    ("POST", "/accounts/read"): (202, 202, 403, 202, 403, 403, 202, 401),
    ("GET", "/groups"): (200, 200, 200, 200, 200, 200, 200, 401),
    ("GET", "/runs"): (200, 200, 200, 200, 200, 200, 200, 401),
    ("GET", "/runs/{run}"): (200, 200, 200, 200, 200, 200, 404, 401),
    ("GET", "/runs/{run}/progress"): (200, 200, 200, 404, 404, 404, 404, 401),
    ("GET", "/runs/{run}/events"): (200, 200, 200, 404, 404, 404, 404, 401),
    ("GET", "/jobs/{job}"): (200, 200, 200, 404, 404, 404, 404, 401),
    ("GET", "/jobs/{job}/customers"): (200, 200, 200, 404, 404, 404, 404, 401),
    ("GET", "/jobs/{job}/events"): (200, 200, 200, 404, 404, 404, 404, 401),
    ("POST", "/runs/{run}/retry"): (202, 202, 403, 404, 403, 403, 404, 401),
    ("POST", "/runs/{run}/cancel"): (202, 202, 403, 404, 403, 403, 404, 401),
    ("GET", "/runs/{run}/mail"): (200, 200, 403, 404, 403, 403, 404, 401),
    ("DELETE", "/runs/{run}"): (200, 200, 403, 404, 403, 403, 404, 401),
    ("POST", "/runs/{run}/restore"): (200, 200, 403, 404, 403, 403, 404, 401),
    ("GET", "/runs/{run}/files"): (200, 200, 200, 200, 200, 200, 404, 401),
    ("GET", "/runs/{run}/files.zip"): (200, 200, 200, 200, 200, 200, 404, 401),
    ("GET", "/runs/{run}/files/{file:accounts/acme.xlsx}"): (200, 200, 200, 404, 404, 404, 404, 401),
    ("GET", "/runs/{run}/files/{file:accounts/branch.xlsx}"): (200, 200, 200, 200, 200, 404, 404, 401),
    ("GET", "/runs/{run}/files/{file:customer/branch.xlsx}"): (200, 200, 200, 200, 200, 200, 404, 401),
    ("GET", "/runs/{run}/files/{file:customer/leaf.xlsx}"): (200, 200, 200, 200, 200, 200, 404, 401),
    ("GET", "/runs/{run}/files/{file:customer/shop.xlsx}"): (200, 200, 200, 404, 404, 404, 404, 401),
    ("GET", "/runs/{run}/summary"): (200, 200, 200, 404, 404, 404, 404, 401),
    ("GET", "/runs/{run}/countries"): (200, 200, 200, 404, 404, 404, 404, 401),
    ("GET", "/runs/{run}/legs/{branch}"): (200, 200, 200, 200, 200, 409, 404, 401),
    ("GET", "/runs/{run}/legs/{shop}"): (409, 409, 409, 404, 404, 404, 404, 401),
    ("GET", "/runs/{run}/legs/{acme}?format=parquet"): (200, 200, 200, 404, 404, 404, 404, 401),
    ("GET", "/runs/{run}/legs/{leaf}?format=parquet"): (200, 200, 200, 200, 200, 200, 404, 401),
    ("GET", "/runs/{run}/files/{file:.legs/acme.parquet}"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("GET", "/runs/{run}/files/{file:.legs/leaf.parquet}"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("GET", "/runs/{run}/files/{file:reseller.xlsx}"): (200, 200, 200, 404, 404, 404, 404, 401),
    ("GET", "/connection"): (200, 200, 403, 403, 403, 403, 200, 401),
    ("POST", "/connection/test"): (202, 202, 403, 403, 403, 403, 202, 401),
    ("GET", "/users"): (200, 200, 403, 200, 403, 403, 200, 401),
    ("GET", "/users/{viewer}"): (200, 200, 403, 404, 403, 403, 404, 401),
    ("GET", "/users/{operator}"): (200, 404, 403, 404, 403, 403, 404, 401),
    ("GET", "/audit"): (200, 200, 403, 200, 403, 403, 200, 401),
    ("GET", "/resellers"): (200, 403, 403, 403, 403, 403, 403, 401),
    ("GET", "/keys"): (200, 200, 200, 200, 200, 200, 200, 401),
    ("DELETE", "/keys/1"): (404, 404, 204, 404, 404, 404, 404, 401),
    ("GET", "/nowhere"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("GET", "/openapi.json"): (200, 200, 200, 200, 200, 200, 200, 401),
    ("GET", "/docs"): (200, 200, 200, 200, 200, 200, 200, 401),
}


def addressed(api: ApiSite, path: str) -> str:
    from api_site import ACME, BRANCH, LEAF, SHOP

    for name, row in api.files.items():
        path = path.replace(f"{{file:{name}}}", str(row.pk))
    path = path.replace("{viewer}", str(api.person("reseller_viewer").pk))
    path = path.replace("{operator}", str(api.person("operator").pk))
    accounts = {"acme": ACME, "branch": BRANCH, "leaf": LEAF, "shop": SHOP}
    for name, value in (*accounts.items(), ("run", api.run.pk), ("job", api.job.pk)):
        path = path.replace(f"{{{name}}}", str(value))
    return path


@pytest.mark.parametrize("number", range(len(ROLES)), ids=ROLES)
def test_each_role_is_answered_what_the_matrix_says(api: ApiSite, number: int) -> None:
    api.key("reseller_viewer")  # Key 1 is another one's.
    caller = api.of(ROLES[number])
    found = {}
    for method, path in MATRIX:
        answer = caller(method, addressed(api, path))
        if answer.streaming:
            b"".join(answer.streaming_content)
        found[method, path] = answer.status_code
    assert found == {each: answers[number] for each, answers in MATRIX.items()}


def test_every_operation_stands_in_the_matrix_or_has_tests_of_its_own(api: ApiSite) -> None:
    import re

    schema = api.of("operator").get("/openapi.json").json()
    stated = {
        (method.upper(), path.removeprefix("/api/v1")) for path, each in schema["paths"].items() for method in each
    }
    covered = {(method, re.sub(r"\{[^}]*\}|(?<=/)1$", "{}", path)) for method, path in MATRIX} | ELSEWHERE
    assert {(method, re.sub(r"\{[^}]*\}", "{}", path)) for method, path in stated} <= covered


# With a test of each role in the module of their subject.
ELSEWHERE = {
    ("PUT", "/connection"),
    ("POST", "/resellers"),
    ("POST", "/runs"),
    ("POST", "/runs/{}/mail"),
    ("POST", "/groups"),
    ("PUT", "/groups/{}"),
    ("DELETE", "/groups/{}"),
    ("POST", "/users"),
    ("PATCH", "/users/{}"),
    ("POST", "/users/{}/password"),
    ("DELETE", "/users/{}/second-step"),
    ("POST", "/keys"),
}


def test_each_scope_opens_its_operations_and_no_others(api: ApiSite) -> None:
    schema = api.of("operator").get("/openapi.json").json()
    narrow = api.of("operator", [])
    for path, each in schema["paths"].items():
        for method, stated in each.items():
            if "x-scope" not in stated:
                continue
            asked = path.removeprefix("/api/v1")
            for name in ("run_id", "job_id"):
                asked = asked.replace(f"{{{name}}}", str(api.run.pk))
            asked = asked.replace("{account_id}", "1").replace("{", "").replace("}", "").replace("_id", "")
            answer = narrow(method.upper(), asked, {} if method in ("post", "put", "patch") else None)
            assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing"), (method, path)
            assert stated["x-scope"] in answer.json()["detail"]
    reader = api.of("reseller_admin", ["runs:read"])
    assert reader.get("/runs").status_code == 200
    assert reader.post("/runs", {}).status_code == 403
    assert reader.get(f"/runs/{api.run.pk}/files").status_code == 403


def test_a_scope_never_gives_more_than_the_role(api: ApiSite) -> None:
    answer = api.of("reseller_viewer", ["runs:write"]).post("/runs", {})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


def test_a_branch_is_told_no_sums_of_others(api: ApiSite) -> None:
    for name in ("branch_admin", "branch_viewer", "customer_admin"):
        told = api.of(name).get(f"/runs/{api.run.pk}").json()
        assert (told["totals"], told["order"], told["accounts_count"], told["job_id"]) == (None, None, None, None)
        listed = api.of(name).get("/runs").json()["items"]
        assert [each["totals"] for each in listed] == [None]
    assert api.of("reseller_viewer").get(f"/runs/{api.run.pk}").json()["totals"] == {"calls": 15}


def test_a_customer_gets_their_own_customer_edition_alone(api: ApiSite) -> None:
    import io
    import zipfile

    client = api.of("customer_admin")
    names = [each["name"] for each in client.get(f"/runs/{api.run.pk}/files").json()["items"]]
    assert names == ["customer/branch.xlsx", "customer/leaf.xlsx"]
    zipped = b"".join(client.get(f"/runs/{api.run.pk}/files.zip").streaming_content)
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
        assert archive.namelist() == names


def test_an_operator_sees_the_reseller_that_they_chose(api: ApiSite) -> None:
    operator = api.of("operator")
    other = str(api.site.other.pk)
    assert operator.get(f"/runs/{api.run.pk}", X_Reseller=other).status_code == 404
    assert operator.get("/runs", X_Reseller=other).json()["count"] == 0
    admin = api.of("reseller_admin")
    assert admin.get(f"/runs/{api.run.pk}", X_Reseller=other).status_code == 200


def test_deleted_runs_are_there_for_those_alone_who_may_bring_them_back(api: ApiSite) -> None:
    from reseller_reporting.control.models import Run

    with within(api.site.reseller):
        Run.objects.update(deleted_at=api.run.created_at)
    assert api.of("reseller_admin").get(f"/runs/{api.run.pk}").status_code == 200
    for name in ("reseller_viewer", "branch_admin", "customer_admin"):
        assert api.of(name).get(f"/runs/{api.run.pk}").status_code == 404, name
    assert api.of("reseller_admin").get(f"/runs/{api.run.pk}/files").json()["count"] == 0
