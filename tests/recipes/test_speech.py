"""The speech recipe trains, resumes, exports, and writes WAV files that are what the generator makes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import as_if_killed, same, slow_ones, values, without_export
from tfgan_ref.data.pipeline import DataShape
from tfgan_ref.data.sounds.wav import encode_wav, read_wav
from tfgan_ref.errors import InputError
from tfgan_ref.export.generator import CHUNK
from tfgan_ref.media.medium import class_labels
from tfgan_ref.recipes import RECIPES, build_gan
from tfgan_ref.recipes.speech import RECIPE
from tfgan_ref.run import build, train
from tfgan_ref.run.sample import open_writer

pytestmark = pytest.mark.usefixtures("eager_training")

RATE = 8000
SHAPE = DataShape((256, 1), 2, names={"classes": ("no", "yes/../up"), "sample_rate": ("8000",)})

BRIEF = {
    "length": 256, "width": 2, "batch_size": 3, "latent_dim": 4, "steps": 4, "log_every": 2,
    "checkpoint_every": 2, "sample_every": 4, "steps_per_execution": 2, "hidden": 4, "spectral_norm": False,
}  # fmt: skip


@pytest.fixture(scope="module")
def sounds(tmp_path_factory):
    """An npz file of 12 short tones of two classes."""
    path = tmp_path_factory.mktemp("sounds") / "tones.npz"
    labels = np.arange(12) % 2
    pitch = (300 + 500 * labels + 10 * np.arange(12))[:, None]
    audio = np.sin(2 * np.pi * pitch * np.arange(256) / RATE).astype(np.float32)
    names = np.array(SHAPE.names["classes"])
    np.savez(path, audio=audio, labels=labels, sample_rate=np.array(RATE), class_names=names)
    return f"npz:{path}"


@pytest.fixture
def settings_of(sounds):
    """Settings that train for a moment."""

    def make(**own):
        return RECIPE.settings(**{"data": sounds, **BRIEF, **own})

    return make


@pytest.fixture(scope="module")
def trained(sounds, tmp_path_factory):
    """A finished run of 4 steps."""
    path = tmp_path_factory.mktemp("speech") / "run"
    settings = RECIPE.settings(data=sounds, **BRIEF)
    assert train.start_run(RECIPE, settings, path)
    return path


def batch_of(gan, n=4):
    rng = np.random.default_rng(0)
    n *= gan.n_critic
    return {
        "audio": tf.constant(rng.uniform(-1, 1, (n, 256, 1)), tf.float32),
        "label": tf.constant(np.arange(n) % 2, tf.int32),
    }


@pytest.mark.parametrize("objective", slow_ones(["wgan_gp", "hinge", "non_saturating"], ["non_saturating"]))
def test_every_objective_trains_both_players(objective, settings_of):
    settings = settings_of(objective=objective, n_critic=2, spectral_norm=None)
    gan = build_gan(RECIPE, settings, SHAPE)
    before = [values(network.trainable_variables) for network in (gan.generator, gan.discriminator)]
    logs = gan.train_step(batch_of(gan))
    assert all(np.isfinite(float(value)) for value in logs.values())
    for variables, network in zip(before, (gan.generator, gan.discriminator), strict=True):
        assert not same(variables, values(network.trainable_variables))


@pytest.mark.parametrize("critic", ["waveform", "spectrogram", "both"])
def test_label_reaches_generator_and_every_critic(critic, settings_of):
    gan = build_gan(RECIPE, settings_of(critic=critic), SHAPE)
    assert not np.array_equal(gan.generate(1, 0, label=0), gan.generate(1, 0, label=1))
    audio = batch_of(gan)["audio"]
    first, second = (gan.discriminator([audio, tf.fill(4, label)]) for label in (0, 1))
    assert np.abs(first - second).min() > 0


def test_each_player_moves_only_itself(settings_of):
    class Frozen(keras.optimizers.SGD):
        def apply(self, grads, trainable_variables=None):
            pass

    for frozen, moving in (("generator", "discriminator"), ("discriminator", "generator")):
        gan = build_gan(RECIPE, settings_of(), SHAPE)
        still = Frozen(0.1), keras.optimizers.SGD(0.1)
        gan.compile(*(still if frozen == "generator" else still[::-1]))
        before = {name: values(getattr(gan, name).trainable_variables) for name in (frozen, moving)}
        gan.train_step(batch_of(gan))
        assert same(before[frozen], values(getattr(gan, frozen).trainable_variables))
        assert not same(before[moving], values(getattr(gan, moving).trainable_variables))


def test_mixed_precision_trains(settings_of):
    gan = build_gan(RECIPE, settings_of(precision="mixed_bfloat16"), SHAPE)
    for _ in range(2):
        logs = gan.train_step(batch_of(gan))
    assert all(np.isfinite(float(value)) for value in logs.values())
    assert gan.generate(1, 0).dtype == tf.float32


@pytest.mark.slow
def test_two_replicas_train_as_one_device_does(settings_of, two_replicas):
    """Phase shuffle too: both shift by what one device would. Batch norm would see half a batch."""
    settings = settings_of(critic="waveform", batch_norm=False, instance_noise=0.0, batch_size=4)
    sgd = {"g_optimizer": keras.optimizers.SGD, "d_optimizer": keras.optimizers.SGD}
    one = build_gan(RECIPE, settings, SHAPE)
    one.compile(**{name: kind(0.01) for name, kind in sgd.items()})
    one.train_step(batch_of(one))
    with two_replicas.scope():
        two = build_gan(RECIPE, settings, SHAPE)
        two.compile(**{name: kind(0.01) for name, kind in sgd.items()})
    dataset = tf.data.Dataset.from_tensors(batch_of(two))
    dataset = dataset.unbatch().batch(4, drop_remainder=True)
    two.fit(dataset, steps_per_epoch=1, verbose=0, shuffle=False)
    for ours, theirs in zip(values(one.generator.weights), values(two.generator.weights), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


@pytest.mark.slow
def test_stopped_and_resumed_run_ends_where_a_straight_one_does(trained, tmp_path, monkeypatch):
    monkeypatch.setitem(RECIPES, "speech", without_export(RECIPE))
    assert train.resume_run(as_if_killed(trained, tmp_path / "stopped", 2))
    straight, resumed = (build.restore_gan(path) for path in (trained, tmp_path / "stopped"))
    assert same(values(straight.variables), values(resumed.variables))
    for name, optimizer in straight.optimizers().items():
        assert same(values(optimizer.variables), values(resumed.optimizers()[name].variables))


def test_saved_model_draws_what_the_run_draws(trained):
    gan = build.restore_gan(trained)
    loaded = tf.saved_model.load(str(trained / "saved_model"))
    ours = gan.generate(3, 7, label=[0, 1, 1]).numpy()[..., 0]
    np.testing.assert_allclose(loaded.sample(3, 7, tf.constant([0, 1, 1])), ours, atol=1e-6)
    np.testing.assert_allclose(loaded.sample(3, 7), gan.generate(3, 7)[..., 0], atol=1e-6)
    np.testing.assert_allclose(loaded.sample(2, 7, 1), loaded.sample(3, 7, 1)[:2], atol=1e-6)
    assert int(loaded.sample_rate) == RATE
    assert [name.decode() for name in loaded.class_names.numpy()] == list(SHAPE.names["classes"])
    served = loaded.signatures["serving_default"](
        latents=tf.zeros((2, gan.latent_dim)), label=tf.constant([0, 1])
    )
    assert served["audio"].shape == (2, 256)
    for arguments in ((2, 0, 2), (0, 0)):
        with pytest.raises(tf.errors.InvalidArgumentError):
            loaded.sample(*arguments)


def test_any_number_is_drawn_in_pieces_with_the_bits_of_the_export(trained):
    loaded = tf.saved_model.load(str(trained / "saved_model"))
    together = loaded.sample(CHUNK + 3, 7, 1).numpy()
    for part in ("", "saved_model"):
        writer = open_writer(trained / part)
        pieces = list(writer.draw(CHUNK + 3, 7, np.ones(CHUNK + 3, int)))
        assert [len(piece) for piece in pieces] == [CHUNK, 3]
        np.testing.assert_array_equal(np.concatenate(pieces), together)


def test_generator_is_saved_for_keras(trained):
    generator = keras.saving.load_model(trained / "generator.keras", safe_mode=True)
    assert generator.output_shape == (None, 256, 1)


@pytest.mark.parametrize("part", ["", "saved_model"])
def test_files_hold_what_the_generator_makes(trained, part, tmp_path):
    writer = open_writer(trained / part)
    out = tmp_path / "sounds"
    assert writer.write(4, 5, None, out) == str(out)
    assert sorted(path.name for path in out.iterdir()) == [
        "000_no.wav", "001_no.wav", "002_yes____up.wav", "003_yes____up.wav", "spectrograms.png",
    ]  # fmt: skip
    expected = build.restore_gan(trained).generate(4, 5, label=[0, 0, 1, 1]).numpy()[..., 0]
    for samples, path in zip(expected, sorted(out.glob("*.wav")), strict=True):
        heard, rate = read_wav(path)
        assert rate == RATE
        np.testing.assert_allclose(heard, samples, atol=1e-4)
    with pytest.raises(InputError, match="exists: name another folder"):
        writer.write(1, 0, "no", out)


def test_sample_script(trained, tmp_path, run_script):
    code, out, err = run_script("sample.py", trained, "--label", "no", "--n", 2, "--out", tmp_path / "s")
    assert (code, out.strip()) == (0, str(tmp_path / "s")), err
    assert len(list((tmp_path / "s").glob("*_no.wav"))) == 2
    code, _, err = run_script("sample.py", trained, "--label", "hm", "--out", tmp_path / "t")
    assert (code, err.count("\n")) == (2, 1)
    assert "label 'hm' is unknown: choose one of no, yes/../up, or all" in err
    assert not (tmp_path / "t").exists()


def test_classes_by_number_and_bad_seeds(trained, tmp_path):
    writer = open_writer(trained)
    assert class_labels(3, "1", writer.class_names).tolist() == [1, 1, 1]
    assert class_labels(5, "all", writer.class_names).tolist() == [0, 0, 0, 1, 1]
    assert class_labels(1, None, writer.class_names).tolist() == [0]
    with pytest.raises(InputError, match="label '2' is unknown"):
        class_labels(1, "2", writer.class_names)
    with pytest.raises(InputError, match="seed -1 is out of range"):
        writer.write(1, -1, None, tmp_path / "x")


def test_progress_sheet_has_a_row_of_eight_for_each_class(settings_of):
    gan = build_gan(RECIPE, settings_of(), SHAPE)
    examples = {"classes": np.array(SHAPE.names["classes"])}
    sheet = RECIPE.draw(gan, examples)
    assert sheet.dtype == np.uint8
    assert sheet.shape[0] == 2 * 130 + 2
    names, rows = sheet[:, : -(8 * 6 + 2)], sheet[:, -(8 * 6 + 2) :]
    assert [(part != 40).any() for part in (names[:130], names[130:])] == [True, True]
    assert (rows[:2] == 40).all()
    np.testing.assert_array_equal(sheet, RECIPE.draw(gan, examples))


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ({"objective": "gan"}, "objective 'gan' is unknown: choose one of wgan_gp, "),
        ({"critic": "ear"}, "critic 'ear' is unknown: choose one of waveform, spectrogram, both"),
        ({"length": 300}, "length 300 is not built by WaveGAN"),
        ({"r1": -1.0}, "r1 -1.0 is out of range: at least 0"),
        ({"phase_shuffle": -1}, "phase_shuffle -1 is out of range: at least 0"),
        ({"data": "nowhere"}, "data set 'nowhere' is not known"),
        ({"latent_dim": 0}, "latent_dim 0 is out of range: at least 1"),
    ],
)
def test_bad_settings_are_one_line(own, message, settings_of, tmp_path):
    with pytest.raises(InputError, match=message) as caught:
        train.start_run(RECIPE, settings_of(**own), tmp_path / "run")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_a_folder_of_wav_files_is_data(settings_of, tmp_path):
    for label in ("a", "b"):
        (tmp_path / "wav" / label).mkdir(parents=True)
        samples = np.sin(np.arange(300) / 5)
        (tmp_path / "wav" / label / "1.wav").write_bytes(encode_wav(samples, RATE))
    data = RECIPE.read(settings_of(data=f"wav:{tmp_path / 'wav'}"))
    assert data.shape == DataShape((256, 1), 2, names={"classes": ("a", "b"), "sample_rate": ("8000",)})
