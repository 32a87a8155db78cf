"""All contestants on a GPU: those of a case warm up side by side, then work in turns."""

import contextlib
import time
from collections.abc import Callable, Iterable, Sequence

from throughput_peers import report
from throughput_peers.turns import Contestant, side_by_side, take_turns

TURN_SECONDS = 0.3
WARMING = 6  # at a time: compiling uses several cores each
START = 40.0  # seconds that a case needs at least
TURNS_SHARE = 0.1  # of the time that is left when a case begins, at least, for its turns

Measured = dict[tuple[str, int], dict[str, Contestant]]


def names_of(case: str, batch_size: int, smallest: int, libraries: Sequence[str]) -> list[str]:
    """Returns who takes part in a case with a batch: in those above the smallest fewer do."""
    return [
        name
        for name, entry in report.ENTRIES.items()
        if "gpu" in entry.devices
        and case in entry.cases
        and entry.library in libraries
        and (entry.large or batch_size == smallest)
    ]


def measure(
    cases: Iterable[str],
    batch_sizes: Sequence[int],
    rounds: int,
    deadline: float,
    libraries: Sequence[str],
    start: Callable[[str, str, int], Contestant],
) -> Measured:
    """Measures the cases in their order until the time is up.

    Args:
        cases: their names.
        batch_sizes: each case is measured with each.
        rounds: turns of every contestant.
        deadline: in seconds of ``time.monotonic``; what would go on after it is left out.
        libraries: tensorflow, torch.
        start: maps a contestant, a case and a batch size to the process, which it starts.

    Returns:
        By case and batch size, the contestants by name; the first also has the limits of the device.
    """
    measured: Measured = {}
    for case in cases:
        if deadline - time.monotonic() < START:
            print(f"{case}: left out, no time was left", flush=True)
            continue
        with contextlib.ExitStack() as stack:
            groups = {
                (case, batch_size): names_of(case, batch_size, min(batch_sizes), libraries)
                for batch_size in batch_sizes
            }
            if not measured:
                next(iter(groups.values())).extend(report.LIMITS["gpu"])
            print(f"{case}: {sum(map(len, groups.values()))} contestants start", flush=True)
            for group, names in groups.items():
                measured[group] = {name: stack.enter_context(start(name, *group)) for name in names}
            everyone = [c for group in groups for c in measured[group].values()]
            left = deadline - time.monotonic()
            turns = max(TURNS_SHARE * left, 1.5 * TURN_SECONDS * rounds * len(everyone))
            side_by_side(everyone, lambda c: c.warm_up(TURN_SECONDS), WARMING, left - turns)
            for group in groups:
                _say(group, measured[group])
            take_turns([c for c in everyone if not c.failure], rounds)
    return measured


def _say(group: tuple[str, int], contestants: dict[str, Contestant]) -> None:
    for name, contestant in contestants.items():
        state = (
            f"left out: {contestant.failure}" if contestant.failure else f"{contestant.first_seconds:.1f} s"
        )
        print(f"  {group[0]}, {group[1]}, {name}: {state}", flush=True)
