"""An app behind nginx, by the site that ``deploy-files`` prints: what it knows of the client."""

from __future__ import annotations

import contextlib
import os
import re
import ssl
import subprocess
import sys
import time

import httpx
import pytest
from servers import BIN, KINDS, find_program, free_port, missing, running, serving

NGINX = find_program("nginx")
pytestmark = pytest.mark.skipif(not NGINX, reason="nginx is not installed: apt-get install nginx")

APP = """
import os
import importlib
from werkzeug.middleware.proxy_fix import ProxyFix

framework = importlib.import_module(os.environ["FRAMEWORK"])
app = framework.Flask("behind")
app.secret_key = "a key for tests, which is long enough"


@app.get("/seen")
def seen():
    request = framework.request
    return {
        "client": request.remote_addr,
        "host": request.host,
        "link": framework.url_for("seen", _external=True),
        "prefix": request.script_root,
        "route": list(request.access_route),
        "scheme": request.scheme,
        "secure": request.is_secure,
    }


@app.get("/branch/")
def branch():
    return "branch"


if os.environ.get("FIX"):
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1, x_prefix=1)
"""

FORGED = {
    "X-Forwarded-For": "203.0.113.66",
    "X-Forwarded-Host": "evil.test",
    "X-Forwarded-Port": "666",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-Proto": "gopher",
    "Forwarded": "for=203.0.113.66;host=evil.test;proto=gopher",
    "X-Real-IP": "203.0.113.66",
    "X-Forwarded-Scheme": "gopher",
}


def make_site(folder, upstream, port, tls_port):
    """The printed site with this upstream, mounted below /shop as well, with and without TLS."""
    command = [sys.executable, "-m", "bolthead", "deploy-files", "nginx"]
    site = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    site = re.sub(r"server unix:\S+", f"server {upstream}", site)
    site = re.sub(r"    listen \[::\]:80.*\n", "", site)
    site = site.replace("listen 80", f"listen 127.0.0.1:{port}")
    tls = f"""    listen 127.0.0.1:{tls_port} ssl;
    ssl_certificate {folder}/cert.pem;
    ssl_certificate_key {folder}/key.pem;
    server_name shop.example;"""
    site = site.replace("    server_name shop.example;", tls)
    location = site[site.index("    location / {") : site.index("    # The health path")]
    below = location.replace("location /", "location /below/").replace(
        "http://shop;", "http://shop/;"
    )
    below = below.replace('X-Forwarded-Prefix ""', "X-Forwarded-Prefix /below")
    return site.replace(location, location + below)


@contextlib.contextmanager
def nginx(folder, site, port):
    """Run nginx with one site."""
    (folder / "site.conf").write_text(site)
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; pid {folder}/nginx.pid; error_log stderr;\n"
        f"events {{}}\nhttp {{ access_log off; {temporary} include {folder}/site.conf; }}\n"
    )
    command = [NGINX, "-e", "stderr", "-p", folder, "-c", folder / "nginx.conf"]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    with running(command, folder, port, os.environ):
        yield


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A folder with a certificate of our own making, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    names = ["-subj", "/CN=shop.example", "-addext", "subjectAltName=DNS:shop.example"]
    files = ["-keyout", folder / "key.pem", "-out", folder / "cert.pem"]
    subprocess.run([*command.split(), *names, *files], check=True, capture_output=True)
    return folder


def ask(port, path, *, tls=None, host="shop.example", headers=None):
    """A request as a browser sends it to the site."""
    sent = {"Host": host, **(headers or {})}
    url = f"{'https' if tls else 'http'}://127.0.0.1:{port}{path}"
    extensions = {"sni_hostname": "shop.example"} if tls else {}
    with httpx.Client(verify=tls or True, timeout=20, trust_env=False) as client:
        return client.get(url, headers=sent, extensions=extensions)


def check(port, tls_port, certificate, *, prefix):
    """All that an app should know of its client, and nothing that the client made up."""
    tls = ssl.create_default_context(cafile=certificate / "cert.pem")
    for headers in ({}, FORGED):
        for path, host, scheme, at in [
            ("/seen", "shop.example", "http", port),
            ("/seen", "shop.example", "https", tls_port),
            ("/below/seen", "shop.example:8443", "https", tls_port),
        ]:
            if "below" in path and not prefix:
                continue
            mounted = path.removesuffix("/seen")
            used = tls if scheme == "https" else None
            seen = ask(at, path, tls=used, host=host, headers=headers).json()
            assert seen == {
                "client": "127.0.0.1",
                "host": host,
                "link": f"{scheme}://{host}{path}",
                "prefix": mounted,
                "route": ["127.0.0.1"],
                "scheme": scheme,
                "secure": scheme == "https",
            }
        answer = ask(tls_port, "/branch?a=1", tls=tls, headers=headers)
        assert answer.status_code == 308
        assert answer.headers["Location"] == "https://shop.example/branch/?a=1"
        with pytest.raises(httpx.RemoteProtocolError):
            ask(port, "/seen", host="evil.test", headers=headers)
        assert ask(port, "/healthz", headers=headers).status_code == 404


@pytest.mark.parametrize("framework", ["bolthead", "flask"])
@pytest.mark.parametrize("name", KINDS)
def test_proxy_fix(name, framework, tmp_path, certificate):
    """ProxyFix tells scheme, host, prefix and address of the client; forged headers do nothing."""
    if why := missing(name):
        pytest.skip(why)
    if framework == "flask" and KINDS[name].asgi:
        pytest.skip("Flask is no ASGI app")
    (tmp_path / "behind.py").write_text(APP)
    environ = {"FRAMEWORK": framework, "FIX": "1"}
    site_folder = tmp_path / "nginx"
    site_folder.mkdir()
    for file in certificate.iterdir():
        (site_folder / file.name).write_bytes(file.read_bytes())
    port, tls_port = free_port(), free_port()
    with serving(name, "behind:app", tmp_path, tmp_path, environ) as upstream:
        site = make_site(site_folder, f"127.0.0.1:{upstream}", port, tls_port)
        with nginx(site_folder, site, port):
            check(port, tls_port, certificate, prefix=True)


def test_serve_behind_nginx(tmp_path, certificate):
    """The printed site and ``bolthead serve --trust-proxy unix`` go together without ProxyFix."""
    pytest.importorskip("granian", reason="pip install 'bolthead[serve]'")
    (tmp_path / "behind.py").write_text(APP)
    for file in certificate.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    port, tls_port = free_port(), free_port()
    socket = tmp_path / "app.sock"
    options = ["--uds", socket, "--trust-proxy", "unix", "--health-path", "/healthz"]
    environ = {**os.environ, "FRAMEWORK": "bolthead"}
    with nginx(tmp_path, make_site(tmp_path, f"unix:{socket}", port, tls_port), port):
        command = [BIN / "bolthead", "--app", "behind:app", "serve", *options]
        process = subprocess.Popen(command, cwd=tmp_path, env=environ)
        try:
            wait_until_served(port)
            check(port, tls_port, certificate, prefix=False)
        finally:
            process.terminate()
            process.wait(30)


def wait_until_served(port):
    """Ask until nginx finds the app's socket."""
    deadline = time.monotonic() + 60
    while ask(port, "/seen").status_code == 502:
        assert time.monotonic() < deadline, "the app is not served"
        time.sleep(0.2)


def test_without_proxy_fix(tmp_path, certificate):
    """An app that was not told of a proxy believes no header of one."""
    if why := missing("gunicorn-gthread"):
        pytest.skip(why)
    (tmp_path / "behind.py").write_text(APP)
    environ = {"FRAMEWORK": "bolthead"}
    with serving("gunicorn-gthread", "behind:app", tmp_path, tmp_path, environ) as port:
        seen = httpx.get(
            f"http://127.0.0.1:{port}/seen", headers={**FORGED, "Host": "x.test"}
        ).json()
    assert (seen["client"], seen["host"], seen["prefix"]) == ("127.0.0.1", "x.test", "")


def test_site_is_valid(tmp_path):
    """nginx takes the printed site as it stands."""
    command = [sys.executable, "-m", "bolthead", "deploy-files", "nginx"]
    site = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    folder = tmp_path
    (folder / "site.conf").write_text(site)
    (folder / "nginx.conf").write_text(
        f"pid {folder}/nginx.pid; events {{}}\n"
        f"http {{ access_log off; include {folder}/site.conf; }}\n"
    )
    command = [NGINX, "-e", "stderr", "-p", folder, "-c", folder / "nginx.conf", "-t"]
    checked = subprocess.run(command, capture_output=True, text=True)
    if "Permission denied" in checked.stderr:
        pytest.skip("only root may take port 80")
    assert checked.returncode == 0, checked.stderr
    assert "warn" not in checked.stderr
