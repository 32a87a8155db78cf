"""Trains cgan for one step and prints, as JSON, the package's functions on the way to the first update.

``python traced_training.py RUN`` counts functions and lambdas that are entered: not modules, class bodies and
comprehensions, nor a module's ``__getattr__``, which Python's import statement calls.
"""

import inspect
import json
import os
import runpy
import sys
from pathlib import Path

import tfgan_ref

PACKAGE = Path(tfgan_ref.__file__).parent
INSIDE = f"{PACKAGE}/"


class Trace:
    """What ``sys.setprofile`` calls. When the first ``train_step`` is traced it prints and ends the process.

    What follows is TensorFlow's own: it runs the graph, which is the first update.

    Attributes:
        all: the functions entered, by file.
        step: those of ``train_step`` among them.
        frame: of the first ``train_step``.
    """

    def __init__(self):
        self.all, self.step = {}, {}
        self.frame = None

    def __call__(self, frame, event, argument):
        if event[0] == "c" and event != "call":  # of C functions: most, of which there is nothing to count
            return
        code = frame.f_code
        if not code.co_filename.startswith(INSIDE):
            return
        if event == "call" and is_function(code):
            if code.co_name == "train_step" and self.frame is None:
                self.frame = frame
            name = str(Path(code.co_filename).relative_to(PACKAGE))
            for found in (self.all, self.step) if self.frame else (self.all,):
                found.setdefault(name, {})[code.co_qualname] = None
        elif event == "return" and frame is self.frame:
            counted = [{name: list(found) for name, found in part.items()} for part in (self.all, self.step)]
            print(json.dumps(counted), flush=True)
            os._exit(0)


def is_function(code):
    optimised = code.co_flags & inspect.CO_NEWLOCALS and code.co_flags & inspect.CO_OPTIMIZED
    named = not code.co_name.startswith("<") or code.co_name == "<lambda>"
    return optimised and named and code.co_name != "__getattr__"


if __name__ == "__main__":
    import keras  # noqa: F401  # before the trace, which makes every call slow
    import tensorflow  # noqa: F401

    script = PACKAGE.parent / "scripts" / "train.py"
    sys.argv = [str(script), "cgan", "--out", sys.argv[1]]
    sys.setprofile(Trace())
    runpy.run_path(str(script), run_name="__main__")
