"""Set the music app up and serve it with data, and the stand-in provider beside it.

python examples/music/demo.py --port 5000
"""

import argparse
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
EMAIL, PASSWORD = "demo@example.org", "time-machine"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--port", type=int, default=5000)
    options.add_argument("--plays", type=int, default=200_000)
    chosen = options.parse_args()
    refuse_taken_ports(chosen.host, chosen.port, chosen.port + 1)
    provider = f"http://{chosen.host}:{chosen.port + 1}"
    environment = os.environ | provider_settings(provider)
    bolthead = [sys.executable, "-m", "bolthead", "--app"]
    seed = [*bolthead, "wsgi.py", "seed", "--email", EMAIL, "--password", PASSWORD]
    # The commands are this file's own.
    subprocess.run([*seed, "--plays", str(chosen.plays)], cwd=HERE, env=environment, check=True)  # noqa: S603

    def serve(app: str, port: int) -> subprocess.Popen:
        where = ["--host", chosen.host, "--port", str(port), "--no-access-log"]
        command = [*bolthead, app, "serve", *where]
        return subprocess.Popen(command, cwd=HERE, env=environment)  # noqa: S603

    servers = [serve("provider/app.py", chosen.port + 1), serve("wsgi.py", chosen.port)]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        wait_for(servers[1], f"http://{chosen.host}:{chosen.port}/health")
        print(
            f"\n  Music Time Machine   http://{chosen.host}:{chosen.port}/\n"
            f"  Log in as            {EMAIL}\n"
            f"  with the password    {PASSWORD}\n",
            flush=True,
        )
        return servers[1].wait()
    except KeyboardInterrupt:
        return 0
    finally:
        for server in servers:
            server.terminate()
        for server in servers:
            server.wait(10)


def refuse_taken_ports(host: str, *ports: int) -> None:
    """Leave before anything is made where another program listens already."""
    for port in ports:
        try:
            socket.create_server((host, port)).close()
        except OSError as error:
            sys.exit(
                f"The demo cannot listen on {host}:{port}: {error.strerror}. It takes two ports,"
                " one after the other; try others: make demo PORT=5100"
            )


def wait_for(server: subprocess.Popen, url: str) -> None:
    """Wait until a server answers, or has ended."""
    until = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < until:
        try:
            # An address of our own.
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310
        except OSError:
            time.sleep(0.1)
        else:
            return


def provider_settings(address: str) -> dict[str, str]:
    """Return the settings that connect accounts at the stand-in."""
    scope = "openid user-read-recently-played playlist-modify-private"
    return {
        "MUSIC_OAUTH_NAME": "Stand-in Music",
        "MUSIC_OAUTH_CLIENT_ID": "music-time-machine",
        "MUSIC_OAUTH_CLIENT_SECRET": "stand-in-secret",
        "MUSIC_OAUTH_AUTHORIZE_URL": f"{address}/authorize",
        "MUSIC_OAUTH_TOKEN_URL": f"{address}/token",
        "MUSIC_OAUTH_REVOKE_URL": f"{address}/revoke",
        "MUSIC_OAUTH_JWKS_URL": f"{address}/jwks",
        "MUSIC_OAUTH_ISSUER": address,
        "MUSIC_OAUTH_API_URL": f"{address}/v1/",
        "MUSIC_OAUTH_SCOPE": scope,
        "MUSIC_WEBHOOK_SECRET": secrets.token_hex(),
    }


if __name__ == "__main__":
    sys.exit(main())
