"""Mail, written as files into a local outbox, from where a mail program would take it."""

import os
import tempfile
import time
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from flask import current_app


def send(to: str, subject: str, text: str) -> Path:
    """Put a mail into the outbox; it is there whole or not at all."""
    message = EmailMessage(policy=SMTP)
    message["From"] = "Music Time Machine <noreply@localhost>"
    message["To"] = to
    message["Subject"] = subject
    message.set_content(text)
    outbox = current_app.config["MUSIC"].data_folder / "outbox"
    outbox.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=outbox, delete=False) as draft:
        draft.write(message.as_bytes())
    path = outbox / f"{time.time_ns()}-{os.getpid()}.eml"
    os.replace(draft.name, path)
    return path
