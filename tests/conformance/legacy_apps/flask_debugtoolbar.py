"""The toolbar of Flask-DebugToolbar in a page."""

from flask import Flask, render_template_string
from flask_debugtoolbar import DebugToolbarExtension

app = Flask(__name__)
app.debug = True
app.secret_key = "a key"
DebugToolbarExtension(app)


@app.route("/")
def show():
    return render_template_string("<html><body>page of {{ name }}</body></html>", name="ada")


def check(ask):
    page = ask("/")
    assert page.status == 200
    assert "page of ada" in page.text
    assert 'id="flDebug"' in page.text
    assert ask("/_debug_toolbar/static/css/toolbar.css").status == 200
