"""A headless Chromium, driven through its DevTools protocol over two pipes: it needs the browser alone."""

import base64
import contextlib
import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SECONDS = 60  # to wait for an answer
# The browser reads from 3 and writes to 4.
START = """import os, sys
os.dup2(int(sys.argv[1]), 3)
os.dup2(int(sys.argv[2]), 4)
os.execv(sys.argv[3], sys.argv[3:])"""


def find_browser():
    """The path of a Chromium: what TFGAN_BROWSER names, or one on PATH; None if there is none."""
    named = os.environ.get("TFGAN_BROWSER")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """A tab of a browser.

    Attributes:
        said: what pages wrote to the console, and their errors.
        asked: the addresses that pages asked for, but those that hold their content themselves.
    """

    def __init__(self, program, profile):
        to_browser, from_browser = os.pipe(), os.pipe()
        # Away from the numbers that the browser is to have them under.
        given = [fcntl.fcntl(end, fcntl.F_DUPFD, 20) for end in (to_browser[0], from_browser[1])]
        os.close(to_browser[0])
        os.close(from_browser[1])
        options = ["--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--no-first-run",
                   "--hide-scrollbars", "--disable-background-networking", "--disable-dev-shm-usage",
                   f"--user-data-dir={profile}", "about:blank"]  # fmt: skip
        command = [sys.executable, "-c", START, *map(str, given), program, *options]
        self.process = subprocess.Popen(
            command,
            pass_fds=given,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for end in given:
            os.close(end)
        self.input, self.output = to_browser[1], from_browser[0]
        self.number, self.left, self.session = 0, b"", None
        self.said, self.asked, self.events = [], [], []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for part in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{part}.enable")

    def call(self, method, **given):
        """Calls a method of the protocol and returns its result."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": given}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.input, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self.number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]

    def _receive(self):
        """Returns the next message, after it noted what that says."""
        until = time.monotonic() + SECONDS
        while b"\0" not in self.left:
            ready, _, _ = select.select([self.output], [], [], max(0, until - time.monotonic()))
            part = os.read(self.output, 2**20) if ready else b""
            assert part, "the browser does not answer"
            self.left += part
        text, _, self.left = self.left.partition(b"\0")
        message = json.loads(text)
        method, given = message.get("method"), message.get("params", {})
        if method == "Runtime.consoleAPICalled":
            self.said.append(str([one.get("value", one.get("description")) for one in given["args"]]))
        elif method == "Runtime.exceptionThrown":
            self.said.append(str(given["exceptionDetails"]))
        elif method == "Log.entryAdded":
            self.said.append(given["entry"]["text"])
        elif method == "Network.requestWillBeSent" and not given["request"]["url"].startswith("data:"):
            self.asked.append(given["request"]["url"])
        self.events.append(method)
        return message

    def open(self, path, *, width=1280, height=900, dark=False, language="en-US", still=True, phone=False):
        """Loads a file as a screen of a size shows it."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=phone,
        )
        motion = "reduce" if still else "no-preference"
        wanted = {"color-scheme": "dark" if dark else "light", "reduced-motion": motion}
        features = [{"name": f"prefers-{name}", "value": value} for name, value in wanted.items()]
        self.call("Emulation.setEmulatedMedia", features=features)
        agent = self.call("Runtime.evaluate", expression="navigator.userAgent")["result"]["value"]
        self.call("Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage=language)
        self.said, self.asked, self.events = [], [], []
        self.call("Page.navigate", url=path.absolute().as_uri())
        while "Page.loadEventFired" not in self.events:
            self._receive()

    def value(self, expression):
        """Returns what an expression of the page gives."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def press(self, key):
        """Presses a key and lets it go."""
        text = {"text": key} if len(key) == 1 else {}
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, **(text if kind == "keyDown" else {})
            )

    def drag(self, start, end):
        """Drags the mouse from one point (x, y) to another."""
        for kind, (x, y), pressed in (
            ("mousePressed", start, 1),
            ("mouseMoved", end, 1),
            ("mouseReleased", end, 0),
        ):
            self.call(
                "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=pressed, clickCount=1
            )

    def picture(self, *, whole=True):
        """Returns a picture of the page, or of what the screen shows of it, as a PNG file's content."""
        found = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        return base64.b64decode(found["data"])

    def close(self):
        """Ends the browser."""
        with contextlib.suppress(OSError):
            os.close(self.input)  # at which it ends by itself
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        self.process.kill()
        self.process.wait()
        os.close(self.output)


@contextlib.contextmanager
def browser():
    """Opens a browser, which must be there."""
    with tempfile.TemporaryDirectory() as profile:
        opened = Browser(find_browser(), profile)
        try:
            yield opened
        finally:
            opened.close()
