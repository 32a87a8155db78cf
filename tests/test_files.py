"""What is written to files."""

import json

import numpy as np

from tfgan_ref.files import write_json


def test_json_is_json_whatever_the_numbers(tmp_path):
    value = {
        "a": [1.5, float("inf")],
        "b": {"c": (float("nan"), -np.inf, np.float64(2))},
        "d": "inf",
    }
    write_json(tmp_path / "a.json", value)

    def refuse(word):
        raise AssertionError(f"{word} is no JSON")

    read = json.loads((tmp_path / "a.json").read_text(), parse_constant=refuse)
    assert read == {"a": [1.5, None], "b": {"c": [None, None, 2]}, "d": "inf"}
