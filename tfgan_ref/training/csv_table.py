"""A CSV file that grows row by row and is read again when a run is resumed."""

import re
from collections.abc import Mapping
from pathlib import Path

from tfgan_ref.errors import InputError
from tfgan_ref.files import write_text


class CSVTable:
    """A CSV file with a column ``step`` and others of numbers.

    Rows later than ``up_to_step``, left by a run that was killed after its last checkpoint, are dropped.

    Attributes:
        last: the last row that was kept, empty if there is none.

    Raises:
        InputError: the file holds what no run writes.
    """

    def __init__(self, path: Path, up_to_step: int) -> None:
        self.path = path
        self.last: dict[str, str] = {}
        if not path.exists():
            return
        table = read_table(path)
        kept = table[:1] + [row for row in table[1:] if int(row[0]) <= up_to_step]
        write_text(path, "".join(",".join(row) + "\n" for row in kept))
        if len(kept) > 1:
            self.last = dict(zip(kept[0], kept[-1], strict=True))

    def append(self, row: Mapping[str, object]) -> None:
        """Adds a row; the first one also writes the names of its columns, of which step is the first."""
        with self.path.open("a", encoding="utf-8") as file:
            if file.tell() == 0:
                file.write(",".join(row) + "\n")
            file.write(",".join(map(str, row.values())) + "\n")


def read_table(path: Path) -> list[list[str]]:
    """Returns the rows of such a file, the names of the columns first; half a line at the end is left out.

    Raises:
        InputError: the file holds what no run writes.
    """
    try:
        # A killed run may leave an empty file, a full disk half a line.
        lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is damaged: it is no text, remove it") from error
    table = [line.split(",") for line in lines]
    for number, row in enumerate(table[1:], start=2):
        sound = len(row) == len(table[0]) and re.fullmatch("[0-9]{1,18}", row[0])
        if not (sound and all(map(_is_number, row))):
            raise InputError(f"{path} is damaged: line {number} is no row of its table, remove the line")
    return table


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
