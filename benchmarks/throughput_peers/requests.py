"""What a contestant hears and answers: JSON lines, ``{"steps": k}`` in, ``{"seconds": s, ...}`` out."""

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from typing import Any


class Requests:
    """Keeps the time of the steps that are asked for.

    A contestant calls ``start`` once, then ``go_on`` after its steps until that returns False.

    Attributes:
        device: "cpu" or "gpu".
        synchronise: waits until the device has done all that it was given; a CPU has done it by then.
        memory_mb: returns the most memory so far, in MB: on a CPU the largest resident set.
    """

    def __init__(self, device: str = "cpu") -> None:
        self.device = device
        self.synchronise: Callable[[], object] = lambda: None
        self.memory_mb: Callable[[], float] = _largest_resident_set
        # Libraries print where they like: what they print goes to stderr, the answers alone to stdout.
        self._answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        self._imported = time.perf_counter()
        self._wanted = self._done = 0
        self._started = self._cpu_started = 0.0

    def announce(self, **message: Any) -> None:
        """Writes one message."""
        print(json.dumps(message), file=self._answers, flush=True)

    def imported(self) -> None:
        """Notes that the library is imported: what follows until the first steps is theirs."""
        self._imported = time.perf_counter()

    def start(self, **facts: Any) -> None:
        """Tells what is worth knowing of this process, waits for the first request and starts the clock."""
        self.announce(preparation_seconds=time.perf_counter() - self._imported, **facts)
        self._listen()

    def go_on(self, steps: int = 1) -> bool:
        """Counts finished steps; after as many as were asked for, answers and waits for the next request.

        Returns:
            Whether to go on: False at the end of all requests.
        """
        self._done += steps
        if self._done < self._wanted:
            return True
        self.synchronise()
        self.announce(
            seconds=time.perf_counter() - self._started,
            cpu_seconds=time.process_time() - self._cpu_started,
            steps=self._done,
            memory_mb=self.memory_mb(),
        )
        return self._listen()

    def _listen(self) -> bool:
        line = sys.stdin.readline()
        if not line:
            return False
        self._wanted, self._done = json.loads(line)["steps"], 0
        self._started, self._cpu_started = time.perf_counter(), time.process_time()
        return True


def _largest_resident_set() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # Linux counts in kilobytes
