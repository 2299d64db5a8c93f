"""A registration form: checked on the server, shown again with what was typed, then redirected.

bolthead --app examples/registration/app.py run

The accounts live in memory and end with the process, as do the sessions unless SECRET_KEY is set
in the environment.
"""

import os
import re
import secrets

from werkzeug.security import generate_password_hash

from bolthead import Bolthead, flash, redirect, render_template, request, session, url_for

EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")

app = Bolthead(__name__)
app.config.from_mapping(
    SECRET_KEY=os.environ.get("SECRET_KEY") or secrets.token_hex(),
    SESSION_COOKIE_SAMESITE="Lax",
    # A form of five short fields.
    MAX_CONTENT_LENGTH=64_000,
)
accounts: dict[str, dict[str, str]] = {}


@app.get("/")
def show_form():
    return render_template("form.html", values={}, errors={})


@app.post("/")
def register():
    errors = find_errors(request.form)
    if errors:
        return render_template("form.html", values=request.form, errors=errors), 422

    email = request.form["email"].strip().lower()
    account = {
        "name": request.form["name"].strip(),
        "password": generate_password_hash(request.form["password"]),
    }
    # One step looks and stores, so two requests at once cannot both have the address.
    if accounts.setdefault(email, account) is not account:
        errors = {"email": "This address is registered already."}
        return render_template("form.html", values=request.form, errors=errors), 409

    session["email"] = email
    flash(f"Welcome, {account['name']}! Your account is ready.")
    # 303: the browser fetches the next page with GET, and a reload does not register again.
    return redirect(url_for("welcome"), code=303)


@app.get("/welcome")
def welcome():
    email = session.get("email")
    if email not in accounts:
        return redirect(url_for("show_form"))
    return render_template("welcome.html", email=email, account=accounts[email])


def find_errors(form) -> dict[str, str]:
    """Return what is wrong with a form, by field; empty when nothing is."""
    name, email = form.get("name", "").strip(), form.get("email", "").strip()
    password = form.get("password", "")
    checks = (
        ("name", 1 <= len(name) <= 80, "Enter your name, in at most 80 characters."),
        (
            "email",
            len(email) <= 254 and EMAIL.fullmatch(email),
            "Enter an e-mail address such as ada@example.org.",
        ),
        ("password", 10 <= len(password) <= 200, "Choose a password of 10 to 200 characters."),
        ("repeat", form.get("repeat", "") == password, "The two passwords differ."),
        ("terms", form.get("terms") == "yes", "Accept the terms to register."),
    )
    return {field: message for field, fine, message in checks if not fine}
