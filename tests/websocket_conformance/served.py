"""The app whose WebSockets the conformance cases talk to."""

import asyncio

from bolthead import Flask, request, websocket

app = Flask("served")
app.config.update(SECRET_KEY="fixed-9b1e4c7a2d60", WEBSOCKET_MAX_MESSAGE_SIZE=2**20)

# How WebSockets ended, by the name their client gave: what the view saw, and the code.
ends: dict[str, object] = {}


@app.before_websocket
async def check():
    if websocket.path == "/refused":
        return "not you", 403, {"X-Why": "it is a test"}
    return None


@app.websocket("/echo")
@app.websocket("/échô")
async def echo():
    async for message in websocket:
        await websocket.send(message)


@app.websocket("/refused")
async def refused():
    raise AssertionError("A refused WebSocket has no view.")


@app.websocket("/protocols")
async def protocols():
    wanted = websocket.args.get("choose")
    await websocket.accept(
        headers={"X-Offered": "|".join(websocket.requested_subprotocols)}, subprotocol=wanted
    )
    async for message in websocket:
        await websocket.send(message)


@app.websocket("/close")
async def close():
    """Closes as the query says, once a message came or at once."""
    await websocket.accept()
    if "after" in websocket.args:
        await websocket.receive()
    try:
        await websocket.close(int(websocket.args["code"]), websocket.args.get("reason", ""))
    except ValueError:
        await websocket.close(4999, "refused")


@app.websocket("/close-while-receiving")
async def close_while_receiving():
    await websocket.accept()

    async def later():
        await asyncio.sleep(0.05)
        await websocket.close(4001, "from beside")

    closing = asyncio.create_task(later())
    async for _ in websocket:
        pass
    await closing


@app.websocket("/close-and-go-on")
async def close_and_go_on():
    """The view does not end when it has closed; the client must be let go all the same."""
    await websocket.accept()
    await websocket.close(4002)
    ends["close-and-go-on"] = "closed"
    await asyncio.sleep(0.2)


@app.websocket("/refuse")
async def refuse():
    await websocket.close()


@app.websocket("/fail")
async def fail():
    raise KeyError("before the handshake")


@app.websocket("/fail-later")
async def fail_later():
    await websocket.accept()
    await websocket.receive()
    raise KeyError("afterwards")


@app.websocket("/deaf")
async def deaf():
    """Takes one message, then nothing until it is told to by HTTP."""
    await websocket.receive()
    gate = app.extensions["gate"] = asyncio.Event()
    await gate.wait()
    count = 0
    async for message in websocket:
        count += len(message)
        if message == "end":
            await websocket.send(str(count))


@app.post("/open-gate")
async def open_gate():
    app.extensions["gate"].set()
    return ""


@app.websocket("/push")
async def push():
    """Sends messages of a size, as many as are asked for, without looking at what comes."""
    size, count = int(websocket.args["size"]), int(websocket.args["count"])
    await websocket.accept()
    for number in range(count):
        await websocket.send(bytes([number % 256]) * size)
        ends["pushed"] = number + 1


@app.websocket("/end/<name>")
async def end(name):
    """Notes how it ended."""
    await websocket.accept()
    try:
        while True:
            await websocket.receive()
    except asyncio.CancelledError as error:
        ends[name] = [
            type(error).__name__,
            getattr(error, "code", None),
            getattr(error, "reason", None),
        ]
        raise
    finally:
        ends.setdefault(name, "left otherwise")


@app.get("/ends/<name>")
async def tell_end(name):
    return {"end": ends.get(name)}


@app.get("/page")
def page():
    return f"page, asked for by {request.method}"
