"""Checkpoints: complete, atomic, and read only when sound."""

import json
import logging
import resource
import signal
import zlib

import numpy as np
import pytest

from tests.conftest import same, tiny_batches, tiny_gan, values
from tfgan_ref.errors import InputError
from tfgan_ref.gans.techniques import InstanceNoise
from tfgan_ref.training.checkpoints import MANIFEST, Checkpoints

SETTINGS = {"replay": 8, "instance_noise": InstanceNoise(0.1, 20), "dropout": 0.3, "batch_norm": True}


def state(gan):
    return values([variable for group in gan.state().values() for variable in group])


def trained(steps, **settings):
    gan = tiny_gan(**{**SETTINGS, **settings})
    for batch in tiny_batches(steps):
        gan.train_step(batch)
    return gan


def test_everything_is_restored(tmp_path):
    gan = trained(4)
    Checkpoints(tmp_path, gan).save()
    fresh = tiny_gan(**SETTINGS)
    assert not same(state(fresh), state(gan))
    assert Checkpoints(tmp_path, fresh).restore() == 4
    assert same(state(fresh), state(gan))


def test_state_holds_every_kind_of_variable():
    """What a resumed run would miss: each kind has changed after training."""
    before, after = (
        {
            f"{group}/{i}": np.array(v)
            for group, variables in gan.state().items()
            for i, v in enumerate(variables)
        }
        for gan in (tiny_gan(**SETTINGS), trained(4))
    )
    gan = tiny_gan(**SETTINGS)
    names = {f"model/{i}": v.path for i, v in enumerate(gan.variables)}
    changed = " ".join(names.get(key, key) for key in before if not np.array_equal(before[key], after[key]))
    for kind in (
        "seed_generator", "moving_mean", "past_images", "filled", "generator_step", "kernel",
        "g_optimizer", "d_optimizer", "metrics",
    ):  # fmt: skip
        assert kind in changed, kind


def test_only_the_last_are_kept(tmp_path):
    gan = tiny_gan()
    checkpoints = Checkpoints(tmp_path, gan, keep=3)
    for batch in tiny_batches(6):
        gan.train_step(batch)
        checkpoints.save()
    assert [p.name for p in checkpoints.paths()] == ["step_00000004", "step_00000005", "step_00000006"]
    assert sorted(p.name for p in tmp_path.iterdir()) == [p.name for p in checkpoints.paths()]


def damage_truncate(path):
    data = path / "state.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:100])


def damage_flip(path):
    data = path / "state.data-00000-of-00001"
    content = bytearray(data.read_bytes())
    content[50] ^= 1
    data.write_bytes(content)


def damage_no_manifest(path):
    (path / MANIFEST).unlink()


def damage_manifest(path):
    (path / MANIFEST).write_text((path / MANIFEST).read_text()[:40])


def damage_index(path):
    (path / "state.index").unlink()


def damage_renamed_part(path):
    (path / MANIFEST).write_text((path / MANIFEST).read_text().replace('"variables"', '"varia`les"'))


def damage_no_step(path):
    manifest = json.loads((path / MANIFEST).read_text())
    (path / MANIFEST).write_text(json.dumps(manifest | {"step": "two"}))


def damage_nothing_checked(path):
    manifest = json.loads((path / MANIFEST).read_text())
    (path / "state.index").unlink()
    (path / MANIFEST).write_text(json.dumps(manifest | {"files": {}}))


def damage_escape(path):
    manifest = json.loads((path / MANIFEST).read_text())
    (path.parent / "secret").write_bytes(b"x")
    manifest["files"]["../secret"] = [1, zlib.crc32(b"x")]
    (path / MANIFEST).write_text(json.dumps(manifest))


DAMAGE = [
    damage_truncate, damage_flip, damage_no_manifest, damage_manifest, damage_index, damage_renamed_part,
    damage_no_step, damage_nothing_checked, damage_escape,
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda f: f.__name__.removeprefix("damage_"))
def test_damaged_checkpoint_falls_back_to_the_one_before(tmp_path, damage, caplog):
    gan = trained(2)
    checkpoints = Checkpoints(tmp_path, gan)
    checkpoints.save()
    expected = state(gan)
    gan.train_step(tiny_batches(1)[0])
    damage(checkpoints.save())
    fresh = tiny_gan(**SETTINGS)
    with caplog.at_level(logging.WARNING):
        assert Checkpoints(tmp_path, fresh).restore() == 2
    assert same(state(fresh), expected)
    (message,) = [record.getMessage() for record in caplog.records if "damaged" in record.getMessage()]
    assert "step_00000003" in message
    assert "\n" not in message
    # The run that comes to this step again writes it anew, and leaves a sound one as it is.
    fresh.train_step(tiny_batches(1)[0])
    expected = state(fresh)
    saved = Checkpoints(tmp_path, fresh).save()
    assert Checkpoints(tmp_path, other := tiny_gan(**SETTINGS)).restore() == 3
    assert same(state(other), expected)
    before = (saved / MANIFEST).stat().st_mtime_ns
    Checkpoints(tmp_path, fresh).save()
    assert (saved / MANIFEST).stat().st_mtime_ns == before


def test_no_usable_checkpoint(tmp_path):
    with pytest.raises(InputError, match="holds no usable checkpoint"):
        Checkpoints(tmp_path / "nothing", tiny_gan()).restore()
    damage_truncate(Checkpoints(tmp_path, gan := tiny_gan()).save())
    with pytest.raises(InputError, match="holds no usable checkpoint"):
        Checkpoints(tmp_path, gan).restore()


@pytest.mark.parametrize(
    "other", [{"conditional": True}, {"replay": None}, {"replay": 20}, {"ema_decay": None}]
)
def test_checkpoint_of_another_model_is_refused(tmp_path, other):
    Checkpoints(tmp_path, tiny_gan(**SETTINGS)).save()
    stranger = tiny_gan(**{**SETTINGS, **other})
    before = state(stranger)
    with pytest.raises(InputError, match="is of another model") as caught:
        Checkpoints(tmp_path, stranger).restore()
    assert "\n" not in str(caught.value)
    assert same(state(stranger), before)


def test_checkpoint_with_a_buffer_of_int32_is_refused(tmp_path):
    """Before, the replay buffer counted in int32, which XLA on a GPU does not reach."""
    gan = tiny_gan(**SETTINGS)
    path = Checkpoints(tmp_path, gan).save() / MANIFEST
    place = [variable.path for variable in gan.variables].index(gan.replay.filled.path)
    manifest = json.loads(path.read_text())
    assert manifest["variables"]["model"][place] == [[], "int64"]
    manifest["variables"]["model"][place] = [[], "int32"]
    path.write_text(json.dumps(manifest))
    with pytest.raises(InputError, match=r"is of another model: it has \[\[\], 'int32'\] where .*'int64'\]$"):
        Checkpoints(tmp_path, gan).restore()


def test_full_disk_leaves_the_older_checkpoint(tmp_path):
    """The system refuses to let a file grow, as on a full disk."""
    gan = trained(2)
    checkpoints = Checkpoints(tmp_path, gan)
    checkpoints.save()
    expected = state(gan)
    gan.train_step(tiny_batches(1)[0])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
    try:
        with pytest.raises(
            InputError, match="step 3 cannot be written .*the last good one is .*step_00000002"
        ):
            checkpoints.save()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert [p.name for p in tmp_path.iterdir()] == ["step_00000002"]
    fresh = tiny_gan(**SETTINGS)
    assert Checkpoints(tmp_path, fresh).restore() == 2
    assert same(state(fresh), expected)
    assert checkpoints.save().name == "step_00000003"
