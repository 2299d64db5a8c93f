"""The admin page: for administrators only; users and imports."""

import re

import pytest


@pytest.fixture
def admin(visit, served, deployment, password):
    email = "admin@example.org"
    deployment.command("create-admin", email, "--password", password)
    visitor = visit(served)
    visitor.login(email)
    return visitor


PATHS = ("/admin/", "/admin/admin_users/", "/admin/admin_imports/")


@pytest.mark.parametrize("path", PATHS)
def test_for_administrators(admin, visitor, path):
    """Others are refused, and visitors are asked to log in."""
    assert admin.get(path).status_code == 200
    assert visitor.follow(path).url.path == "/account/login"
    visitor.register()
    assert visitor.get(path).status_code == 403
    assert "Admin" not in visitor.get("/dashboard/").text


def find(admin, email):
    page = admin.get("/admin/admin_users/", params={"search": email}).text
    assert email in page
    return re.search(r'name="rowid"[^>]*value="(\d+)"|edit/\?id=(\d+)', page)[2]


def edit(admin, number, **values):
    path = f"/admin/admin_users/edit/?id={number}"
    page = admin.get(path).text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]
    form = {"name": "Vera", "role": "member", "timezone": "UTC", "csrf_token": token}
    return admin.post(path, form | values)


def test_lock(admin, listener, password):
    """A locked account is logged out at once and cannot log in; unlocked it can."""
    number = find(admin, listener.email)
    edit(admin, number)  # without “active”: locked
    assert listener.get("/dashboard/").status_code == 302
    answer = listener.login(listener.email)
    assert "This account is locked" in answer.text
    assert listener.api.__self__.token is None
    edit(admin, number, active="y")
    assert listener.login(listener.email).url.path == "/dashboard/"


def test_role(admin, listener):
    """A role that is given counts at once; there are no others."""
    number = find(admin, listener.email)
    edit(admin, number, active="y", role="admin")
    assert listener.get("/admin/").status_code == 200
    edit(admin, number, active="y", role="emperor")
    edit(admin, number, active="y", role="member")
    assert listener.get("/admin/").status_code == 403


def test_own_access_stays(admin):
    """Administrators cannot lock themselves out."""
    number = find(admin, "admin@example.org")
    page = edit(admin, number, role="member", active="y")
    assert "cannot take your own access away" in page.text
    assert admin.get("/admin/").status_code == 200


def test_imports(admin, listener):
    """Imports of all are listed, with what became of them; one can be deleted."""
    listener.take_in("refused-by-admin-test.json", "[1]")
    page = admin.get("/admin/admin_imports/", params={"search": "refused-by-admin-test"}).text
    assert "An entry of the list is no object" in page
    assert listener.email in page
    number = re.search(r'name="id"[^>]*value="(\d+)"', page)[1]
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]
    admin.post("/admin/admin_imports/delete/", {"id": number, "csrf_token": token})
    assert "refused-by-admin-test" not in listener.get("/imports/").text


def test_no_password_hashes(admin):
    """Nothing of a password is shown."""
    page = admin.get("/admin/admin_users/").text
    assert "scrypt" not in page
    assert "password_hash" not in page
