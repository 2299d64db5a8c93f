"""Serves an app in this process, by WSGI or by ASGI, and asks it over loopback."""

import contextlib
import http.client
import json
import socket
import threading
import time


@contextlib.contextmanager
def served(app, protocol):
    """Serve the app in a thread; give the port."""
    if protocol == "wsgi":
        from werkzeug.serving import make_server

        server = make_server("127.0.0.1", 0, app, threaded=True)
        port, run, stop = server.server_port, server.serve_forever, server.shutdown
    else:
        import uvicorn

        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            port = found.getsockname()[1]
        config = uvicorn.Config(app, port=port, interface="asgi3", log_level="critical")
        server = uvicorn.Server(config)
        run = server.run

        def stop():
            server.should_exit = True

    thread = threading.Thread(target=run)
    thread.start()
    try:
        deadline = time.monotonic() + 20
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            if time.monotonic() > deadline:
                raise RuntimeError("the server did not come up")
            time.sleep(0.02)
        yield port
    finally:
        stop()
        thread.join(20)


def ask(port, method, path, body=None, **headers):
    """Send a request; return status and text."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    line.request(method, path, body, {"Host": "localhost", "Connection": "close", **names})
    answer = line.getresponse()
    text = answer.read().decode()
    line.close()
    return answer.status, text


def settled(read, least, seconds=10):
    """What `read` gives once it has so many, or the time is over."""
    deadline = time.monotonic() + seconds
    while len(read()) < least and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.1)
    return read()


def tell(found):
    print("FOUND " + json.dumps(found, sort_keys=True, default=str))
