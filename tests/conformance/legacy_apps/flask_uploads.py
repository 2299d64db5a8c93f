"""Files taken and given by Flask-Uploads."""

import tempfile

from flask import Flask, request
from flask_uploads import TEXT, UploadNotAllowed, UploadSet, configure_uploads

app = Flask(__name__)
app.config["UPLOADED_NOTES_DEST"] = tempfile.mkdtemp()
notes = UploadSet("notes", TEXT)
configure_uploads(app, notes)


@app.errorhandler(UploadNotAllowed)
def refuse(error):
    return "refused", 400


@app.route("/notes", methods=["POST"])
def take():
    return notes.url(notes.save(request.files["note"]))


def check(ask):
    url = ask("/notes", files={"note": ("../first note.txt", "hello")}).text
    assert url.endswith("/_uploads/notes/first_note.txt"), url
    assert ask(url.partition("/_uploads")[1] + url.partition("/_uploads")[2]).text == "hello"
    assert ask("/notes", files={"note": ("evil.exe", "x")}).text == "refused"
