"""Where the results of several inputs are written."""

import pytest

from tfgan_ref.errors import InputError
from tfgan_ref.run.apply_pictures import plan_jobs


def test_inputs_that_differ_in_their_suffix_have_results_of_their_own(tmp_path):
    for name in ("a.png", "a.jpg", "a.bmp", "b.jpg", "c.tif"):
        (tmp_path / name).touch()
    jobs = plan_jobs([tmp_path], tmp_path / "out")
    assert {job.source.name: job.target.name for job in jobs} == {
        "a.png": "a.png",
        "a.jpg": "a.jpg.png",
        "a.bmp": "a.bmp.png",
        "b.jpg": "b.png",
        "c.tif": "c.tif",
    }
    (tmp_path / "a.jpg.png").touch()
    with pytest.raises(InputError, match=r"would both become .*a.jpg.png"):
        plan_jobs([tmp_path], tmp_path / "out")
