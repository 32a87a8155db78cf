"""The recipe for voices: it trains, resumes, exports and converts recordings, and says what is wrong."""

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import as_if_killed, same, values, without_export
from tfgan_ref.data.sounds import vocoder
from tfgan_ref.data.sounds.vowels import vowels
from tfgan_ref.data.sounds.wav import encode_wav, read_wav
from tfgan_ref.errors import InputError
from tfgan_ref.media.voices import ExportedConverter, converter_of
from tfgan_ref.metrics import median_pitch
from tfgan_ref.recipes import RECIPES, build_gan
from tfgan_ref.recipes.voices import RECIPE
from tfgan_ref.run import apply_sounds, build, train
from tfgan_ref.run.apply_sounds import Converter, open_converter
from tfgan_ref.run.sample import open_sampler, open_writer
from tfgan_ref.run.translator import open_translator

pytestmark = pytest.mark.usefixtures("eager_training")

RATE = 8000
SMALL = {
    "batch_size": 2, "frames": 8, "width": 8, "blocks": 1, "knots": 3, "detail": 2, "d_width": 8, "replay": 4,
    "steps_per_execution": 1, "log_every": 2, "checkpoint_every": 2, "sample_every": 4, "steps": 4,
    "length": 2000,
}  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Ten recordings of each of two speakers."""
    waves = vowels(2, 0, groups=("men", "women"), seconds=0.25)
    path = tmp_path_factory.mktemp("voices") / "two.npz"
    np.savez(
        path, audio=waves.audio, labels=waves.labels, sample_rate=RATE, speakers=waves.groups,
        speaker_names=np.array(waves.group_names),
    )  # fmt: skip
    return f"npz:{path}"


@pytest.fixture(scope="module")
def run(data, tmp_path_factory):
    """A finished run."""
    path = tmp_path_factory.mktemp("run") / "voices"
    assert train.start_run(RECIPE, RECIPE.settings(data=data, **SMALL), path)
    return path


@pytest.fixture(scope="module")
def exported(run):
    """The converters of its SavedModel: there, and back."""
    return [open_converter(run / "saved_model", backward=backward) for backward in (False, True)]


@pytest.fixture(scope="module")
def recording():
    return vowels(1, 3, groups=("men",), seconds=0.3).floats()[0]


def test_run_writes_its_picture_and_learns_how_high_both_voices_are(run):
    assert (run / "samples.png").is_file()
    (men, _), (women, _) = np.exp(build.restore_gan(run).observer.mean_and_deviation())
    assert 110 < men < 160
    assert 190 < women < 260


@pytest.mark.slow
def test_saved_model_does_what_the_run_does_both_ways(run, exported, recording):
    for backward in (False, True):
        of_run = open_converter(run, backward=backward)
        assert of_run.sample_rate == exported[backward].sample_rate == RATE
        made = of_run.apply(recording)
        assert made.shape == recording.shape
        assert made.dtype == np.float32
        np.testing.assert_allclose(exported[backward].apply(recording), made, atol=1e-3)


def test_served_batches_are_what_apply_makes(run, recording):
    model = tf.saved_model.load(str(run / "saved_model"))
    audio = np.stack([recording, 0.5 * recording[::-1]])
    for signature, apply in (("serving_default", model.apply), ("serving_back", model.apply_back)):
        served = model.signatures[signature](audio=tf.constant(audio[..., None]))["converted"]
        for one, found in zip(audio, served, strict=True):
            np.testing.assert_allclose(found[:, 0], apply(one), atol=1e-3)


@pytest.mark.slow
def test_stopped_and_resumed_run_ends_where_a_straight_one_does(run, tmp_path, monkeypatch):
    monkeypatch.setitem(RECIPES, "voices", without_export(RECIPE))
    assert train.resume_run(as_if_killed(run, tmp_path / "stopped", 2))
    straight, resumed = (build.restore_gan(path) for path in (run, tmp_path / "stopped"))
    assert same(values(straight.variables), values(resumed.variables))


class Unchanged:
    """A generator that changes nothing."""

    def __call__(self, pictures, training):
        assert not training
        return pictures


def test_pitch_is_moved_from_one_mean_and_deviation_to_the_other(recording):
    statistics = np.array([[np.log(130), 0.1], [np.log(220), 0.2]])
    converter = ExportedConverter(Unchanged(), statistics, sample_rate=RATE)
    pitch = tf.constant([0.0, 130.0, 130.0 * np.exp(0.1), 130.0 * np.exp(-0.3)])
    voice = vocoder.Voice(tf.zeros([4, vocoder.BANDS]), pitch, tf.constant(0.0))
    found = converter.converted(voice).pitch.numpy()
    np.testing.assert_allclose(found, [0.0, 220.0, 220 * np.exp(0.2), 220 * np.exp(-0.6)], rtol=1e-5)


def test_converted_recording_is_as_high_as_the_statistics_say(recording):
    height = median_pitch(recording, RATE)
    statistics = np.array([[np.log(height), 0.1], [np.log(1.6 * height), 0.1]])
    made = ExportedConverter(Unchanged(), statistics, sample_rate=RATE).apply(recording).numpy()
    assert median_pitch(made, RATE) == pytest.approx(1.6 * height, rel=0.03)
    assert np.abs(made).max() < 1.0
    level, level_made = (
        float(vocoder.analyse(tf.constant(audio), RATE).level) for audio in (recording, made)
    )
    assert level_made == pytest.approx(level, abs=0.3)


@pytest.mark.slow
def test_resnet_needs_frames_in_fours_and_gets_them(data, recording):
    settings = RECIPE.settings(
        data=data, **SMALL | {"translator": "resnet", "width": 4, "knots": 10, "detail": 16}
    )
    read = RECIPE.read(settings)
    gan = build_gan(RECIPE, settings, read.shape)
    for batch in read.batches(2).take(1):
        logs = gan.train_step(batch)
    assert all(np.isfinite(float(value)) for value in logs.values())
    assert converter_of(gan, RATE).apply(recording[:1234]).shape == (1234,)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"frames": 10}, "frames 10 is out of range: a multiple of 4 from 8 up"),
        ({"translator": "unet"}, "translator 'unet' is unknown: choose one of warp, resnet"),
        ({"length": 100}, "length 100 is out of range: at least 800"),
    ],
)
def test_settings_out_of_range(settings, message):
    with pytest.raises(InputError, match=message):
        RECIPE.settings(**settings)


def test_a_speaker_that_there_is_not(data):
    with pytest.raises(InputError, match="voice 'child' is unknown: choose one of men, women"):
        RECIPE.read(RECIPE.settings(data=data, target="child", length=2000))


def test_other_tools_refuse_a_run_of_voices(run):
    assert open_writer(run) is None
    with pytest.raises(InputError, match="recipe voices"):
        open_sampler(run)
    with pytest.raises(InputError, match="has no apply|picture"):
        open_translator(run / "saved_model")


@pytest.mark.parametrize("value", [np.zeros(800), np.zeros(0), np.zeros((80, 2))])
def test_audio_that_cannot_be_converted(value):
    converter = Converter(lambda audio: audio, RATE)
    with pytest.raises(InputError, match=r"audio is silent|audio must be \(T,\)"):
        converter.apply(value.astype(np.float32))


def test_saved_model_refuses_silence_and_clipping_samples(run):
    model = tf.saved_model.load(str(run / "saved_model"))
    with pytest.raises(tf.errors.InvalidArgumentError, match="audio is silent"):
        model.apply(np.zeros(1000, np.float32))
    with pytest.raises(tf.errors.InvalidArgumentError, match="audio must be in"):
        model.apply(np.full(1000, 2.0, np.float32))


@pytest.mark.parametrize("samples", [1, 79, 80, 400, 8001])
def test_recordings_of_any_length(exported, samples):
    audio = np.random.default_rng(0).uniform(-0.5, 0.5, samples).astype(np.float32)
    made = exported[False].apply(audio)
    assert made.shape == (samples,)
    assert np.isfinite(made).all()


def test_a_file_of_another_rate_with_two_channels_is_mixed_and_resampled(tmp_path, caplog):
    from scipy.io import wavfile

    time = np.arange(22050) / 22050
    tone = np.sin(2 * np.pi * 200 * time)
    wavfile.write(tmp_path / "a.wav", 22050, (20000 * np.stack([tone, 0.5 * tone], 1)).astype(np.int16))
    apply_sounds.convert_file(
        Converter(lambda audio: audio, RATE), apply_sounds.Job(tmp_path / "a.wav", tmp_path / "out" / "a.wav")
    )
    samples, rate = read_wav(tmp_path / "out" / "a.wav")
    assert rate == RATE
    expected = 0.75 * 20000 / 32768 * np.sin(2 * np.pi * 200 * np.arange(8000) / RATE)
    np.testing.assert_allclose(samples[200:-200], expected[200:-200], atol=0.01)
    assert "mixed from 2 channels to one, resampled from 22050 to 8000 per second" in caplog.text


def test_a_long_file_is_converted_in_pieces(tmp_path, monkeypatch, recording):
    monkeypatch.setattr(apply_sounds, "_PIECES", (0.1, 0.05, 0.005))
    heard = []

    def halved(audio):
        heard.append(audio.numpy())
        return 0.5 * audio

    audio = np.concatenate([recording, np.zeros(2000), recording]).astype(np.float32)
    (tmp_path / "a.wav").write_bytes(encode_wav(audio, RATE))
    apply_sounds.convert_file(
        Converter(halved, RATE), apply_sounds.Job(tmp_path / "a.wav", tmp_path / "b.wav")
    )
    np.testing.assert_allclose(read_wav(tmp_path / "b.wav")[0], 0.5 * audio, atol=1e-4)
    assert len(heard) > 2
    assert max(map(len, heard)) <= 0.1 * RATE
    assert min(np.abs(piece).max() for piece in heard) > 0  # a silent piece has nothing to convert
    np.testing.assert_allclose(Converter(halved, RATE).apply(audio), 0.5 * audio, atol=1e-6)


def test_what_is_too_loud_in_one_piece_makes_all_quieter(tmp_path, monkeypatch, recording):
    from scipy.io import wavfile

    monkeypatch.setattr(apply_sounds, "_PIECES", (0.1, 0.05, 0.005))
    audio = np.concatenate([recording, 4 * recording / np.abs(recording).max()]).astype(np.float32)
    wavfile.write(tmp_path / "a.wav", RATE, audio)
    apply_sounds.convert_file(
        Converter(lambda audio: audio, RATE), apply_sounds.Job(tmp_path / "a.wav", tmp_path / "b.wav")
    )
    np.testing.assert_allclose(read_wav(tmp_path / "b.wav")[0], audio / 4, atol=1e-4)


def test_a_file_at_its_rate_is_not_spoken_of(tmp_path, caplog, recording):
    (tmp_path / "a.wav").write_bytes(encode_wav(recording, RATE))
    apply_sounds.convert_file(
        Converter(lambda audio: audio, RATE), apply_sounds.Job(tmp_path / "a.wav", tmp_path / "b.wav")
    )
    assert not caplog.text
    np.testing.assert_allclose(read_wav(tmp_path / "b.wav")[0], recording, atol=1e-4)
