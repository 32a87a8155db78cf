"""Contestants as processes that work in turns."""

import contextlib
import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any, Self


class Contestant:
    """A process that does as many steps as it is told, and says how long they took.

    Attributes:
        failure: why the process ended, or None.
        facts: what it told of itself.
        seconds_per_step: wall time in each round.
        cpu_seconds_per_step: processor time in each round, of all threads, spinning ones included.
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
        self.seconds_per_step: list[float] = []
        self.cpu_seconds_per_step: list[float] = []
        self._steps = 1
        self.facts = self._hear() or {}

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

    def warm_up(self, turn_seconds: float) -> None:
        """Runs steps until they are traced and warm, and plans turns of about ``turn_seconds``."""
        execution = self.facts.get("steps_per_execution", 1)
        steps = execution
        for _ in range(2):  # the first one traces
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
        self.failure = said[-1] if said else f"exit code {self._process.returncode}"
        return None


def take_turns(contestants: Sequence[Contestant], rounds: int) -> None:
    """Runs all contestants one after another, ``rounds`` times, every other time in reverse order."""
    for number in range(rounds):
        for contestant in contestants[:: -1 if number % 2 else 1]:
            contestant.take_turn()
        print(f"  round {number + 1} of {rounds}", flush=True)
