"""Contestants as processes that work in turns."""

import concurrent.futures
import contextlib
import json
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Self


class Contestant:
    """A process that does as many steps as it is told, and says how long they took.

    Attributes:
        failure: why the process ended, or None.
        facts: what it told of itself, once it has been listened to.
        first_seconds: from the import of its library to the end of its first call: building the networks,
            tracing and compiling.
        seconds_per_step: wall time in each round.
        cpu_seconds_per_step: processor time in each round, of all threads, spinning ones included.
        memory_mb: the most memory that it has had; see ``Requests``.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        self._process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            bufsize=1,
        )
        self.failure: str | None = None
        self.facts: dict[str, Any] = {}
        self.first_seconds: float | None = None
        self.memory_mb: float | None = None
        self.seconds_per_step: list[float] = []
        self.cpu_seconds_per_step: list[float] = []
        self._steps = 1

    def __enter__(self) -> Self:
        """Returns itself; the process ends with the block."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.stdout.close()
        self._errors.close()

    def listen(self) -> None:
        """Waits until it has imported its library and built its networks, and tells of itself."""
        if not self.facts:
            self.facts = self._hear() or {}

    def give_up(self, reason: str) -> None:
        """Ends the process for a reason; whoever waits for its answer waits no longer."""
        self.failure = self.failure or reason
        self._process.kill()

    def warm_up(self, turn_seconds: float) -> None:
        """Runs steps until they are traced and warm, and plans turns of about ``turn_seconds``."""
        self.listen()
        execution = self.facts.get("steps_per_execution", 1)
        steps = execution
        if answer := self._ask(steps):
            self.first_seconds = self.facts["preparation_seconds"] + answer["seconds"]
        answer = self._ask(steps)
        # A fast step's time shows only over many steps.
        while answer and answer["seconds"] < turn_seconds / 4:
            steps *= 2
            answer = self._ask(steps)
        if answer:
            executions = turn_seconds / answer["seconds"] * steps / execution
            self._steps = max(1, round(executions)) * execution

    def take_turn(self) -> None:
        """Runs the steps of one turn and notes their time."""
        if answer := self._ask(self._steps):
            self.seconds_per_step.append(answer["seconds"] / answer["steps"])
            self.cpu_seconds_per_step.append(answer["cpu_seconds"] / answer["steps"])
            self.memory_mb = answer["memory_mb"]

    def _ask(self, steps: int) -> dict[str, Any] | None:
        if self.failure:
            return None
        with contextlib.suppress(BrokenPipeError):  # what the process wrote last says why
            self._process.stdin.write(json.dumps({"steps": steps}) + "\n")
        return self._hear()

    def _hear(self) -> dict[str, Any] | None:
        line = self._process.stdout.readline()
        if line:
            return json.loads(line)
        self._process.wait()
        self._errors.seek(0)
        said = [line.strip() for line in self._errors if line.strip()]
        self.failure = self.failure or (said[-1] if said else f"exit code {self._process.returncode}")
        return None


def side_by_side(
    contestants: Iterable[Contestant], action: Callable[[Contestant], None], at_once: int, seconds: float
) -> None:
    """Does the same with all, ``at_once`` at a time; who is not done after ``seconds`` gives up."""
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        running = {pool.submit(action, contestant): contestant for contestant in contestants}
        concurrent.futures.wait(running, timeout=seconds)
        for future, contestant in running.items():
            if not future.done():
                contestant.give_up("no time was left")
        for future in running:
            future.result()


def take_turns(contestants: Sequence[Contestant], rounds: int) -> None:
    """Runs all contestants one after another, ``rounds`` times, every other time in reverse order."""
    for number in range(rounds):
        for contestant in contestants[:: -1 if number % 2 else 1]:
            contestant.take_turn()
        print(f"  round {number + 1} of {rounds}", flush=True)
