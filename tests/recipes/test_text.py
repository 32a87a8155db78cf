"""The recipe text: a run, its resumption, its SavedModel, and what sample.py prints."""

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import as_if_killed, same, values, without_export
from tests.recipes.tiny_recipes import tiny_recipe
from tfgan_ref.data.pipeline import DataShape
from tfgan_ref.data.sentences.grammar import grammar_sentences
from tfgan_ref.data.sentences.sentences import END, decode
from tfgan_ref.data.sentences.sources import read_sentences
from tfgan_ref.errors import InputError
from tfgan_ref.export.generator import CHUNK
from tfgan_ref.media.sentences import ExportedText, SentenceLister, sentence_sheet
from tfgan_ref.recipes import RECIPES
from tfgan_ref.recipes.text import RECIPE, TextSettings
from tfgan_ref.run import build, train
from tfgan_ref.run.sample import open_writer

pytestmark = pytest.mark.usefixtures("eager_training")


def settings(**changes):
    small = {"units": 8, "embedding_dim": 4, "width": 4, "batch_size": 6, "topics": "weather,travel",
             "length": 9, "pretraining_steps": 2, "log_every": 2, "sample_every": 4,
             "checkpoint_every": 2}  # fmt: skip
    return TextSettings(**(small | changes))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "run"
    assert train.start_run(RECIPE, settings(steps=4), path)
    return path


@pytest.mark.slow
def test_resumed_run_is_bit_identical(run, tmp_path, monkeypatch):
    monkeypatch.setitem(RECIPES, "text", without_export(RECIPE))
    assert train.resume_run(as_if_killed(run, tmp_path / "short", 2))
    states = []
    for path in (run, tmp_path / "short"):
        gan = build.restore_gan(path)
        states.append(values([variable for group in gan.state().values() for variable in group]))
    assert len(states[0]) > 50
    assert same(*states)
    assert (run / "samples.png").read_bytes() == (tmp_path / "short" / "samples.png").read_bytes()


def test_saved_model_and_run_write_the_same(run, run_script):
    texts = []
    for model in (run, run / "saved_model"):
        code, out, err = run_script("sample.py", model, "--label", "travel", "--n", 5, "--seed", 3)
        assert code == 0, err
        texts.append(out.rstrip("\n").split("\n"))
    assert texts[0] == texts[1]
    assert len(texts[0]) == 5


@pytest.mark.slow
def test_any_number_is_written_in_pieces_as_by_the_export(run):
    loaded = tf.saved_model.load(str(run / "saved_model"))
    together = [text.decode() for text in loaded.sample(CHUNK + 2, 5).numpy()]
    for part in ("", "saved_model"):
        lister = open_writer(run / part)
        assert [len(piece) for piece in lister.draw(CHUNK + 2, 5, np.arange(CHUNK + 2) % 2)] == [CHUNK, 2]
        assert lister.sample(CHUNK + 2, 5) == together


def test_saved_model_writes_strings_of_known_words(run):
    loaded = tf.saved_model.load(str(run / "saved_model"))
    words = {word.decode() for word in loaded.words.numpy()}
    sentences = [text.decode() for text in loaded.sample(6, 1).numpy()]
    assert len(sentences) == 6
    assert {word for text in sentences for word in text.split(" ")} <= words
    assert [topic.decode() for topic in loaded.topics.numpy()] == ["weather", "travel"]
    alone = [loaded.sample(6, 1, label).numpy() for label in (0, 1)]
    for i, text in enumerate(sentences):
        assert alone[i % 2][i].decode() == text
    latents = tf.zeros(
        [2, loaded.signatures["serving_default"].structured_input_signature[1]["latents"].shape[1]]
    )
    served = loaded.signatures["serving_default"](latents=latents, label=tf.constant([0, 1]))
    assert served["sentences"].shape == (2,)


def test_exports_join_words_as_texts_do():
    """Words of both kinds, sentences of every length, in any order."""
    words = ("", "我", "有", "3", "iphone", "in", "東", "오늘")
    tokens = np.random.default_rng(0).integers(1, len(words), (40, 6))
    for row, length in enumerate(np.arange(40) % 7):
        tokens[row, length:] = END
    names = {"topics": ("a",), "words": words}
    generator = SimpleNamespace(inputs=[np.zeros((1, 3)), np.zeros(1)])  # which is not called
    module = ExportedText(
        SimpleNamespace(sampling_generator=generator, num_classes=1),
        DataShape((6, len(words)), 1, names=names),
    )
    written = module.write(tf.one_hot(tokens, len(words))).numpy()
    assert [text.decode() for text in written] == decode(tokens, words)


def test_sentences_go_into_a_file_that_can_be_read(tmp_path):
    out = tmp_path / "new" / "made.tsv"
    lister = SentenceLister(
        lambda n, seed, labels: [[f"it rains {label}".encode() for label in labels]], ("a", "b")
    )
    assert lister.write(5, 0, None, out) == str(out)
    data = read_sentences(f"tsv:{out}")
    assert data.topics == ("a", "b")
    assert data.texts() == ["it rains 0", "it rains 1"]
    assert lister.write(5, 0, "b", None) == "\n".join(["it rains 1"] * 5)
    assert lister.write(5, 0, "all", None) == "\n".join(["a\tit rains 0"] * 3 + ["b\tit rains 1"] * 2)
    with pytest.raises(InputError, match="made.tsv exists: name another file with --out"):
        lister.write(5, 0, None, out)


def test_topic_by_number_or_all(run, run_script):
    by_name = run_script("sample.py", run, "--label", "travel", "--n", 3)[1]
    assert run_script("sample.py", run, "--label", 1, "--n", 3)[1] == by_name
    assert run_script("sample.py", run, "--label", "all", "--n", 4)[1].count("travel\t") == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--label", "sport"), "label 'sport' is unknown: choose one of weather, travel, or all"),
        (("--seed", -1), "seed -1 is out of range: from 0 to 2147483647"),
        (("--n", 0), "n 0 is out of range: at least 1"),
        (("--interpolate",), "--interpolate is for pictures"),
    ],
)
def test_request_that_cannot_be_met(run, run_script, arguments, message):
    code, _, err = run_script("sample.py", run, *arguments)
    assert code == 2
    assert message in err
    assert err.count("\n") == 1


def test_held_out_sentences_are_not_trained_on():
    data = RECIPE.read(settings(hold_out=0.5))
    held_out = set(data.held_out.texts())
    assert len(held_out) > 100
    for batch in data.batches(50).take(3).as_numpy_iterator():
        assert not held_out & {" ".join(data.items.words[w] for w in row if w) for row in batch["tokens"]}
    everything = {text for texts in grammar_sentences().values() for text in texts}
    assert held_out | set(data.items.texts()) <= everything
    assert RECIPE.read(settings(hold_out=0.5, seed=7)).fingerprint == data.fingerprint


def test_words_and_topics_are_kept_with_the_run(run):
    _, _, shape = build.open_run(run)
    data = RECIPE.read(settings()).items
    assert shape.names == {"topics": data.topics, "words": data.words}
    assert shape.sample_shape == (9, len(data.words))


def test_a_sheet_shows_no_boxes(caplog):
    with_marks = sentence_sheet(["\u4e0b\u96e8 rain"], ["\u732b"])
    assert caplog.messages == [
        "the font of pictures lacks signs of these sentences: question marks stand in their place"
    ]
    assert with_marks.shape == sentence_sheet(["?? rain"], ["?"]).shape
    cyrillic = sentence_sheet(["\u0438\u0434\u0451\u0442"], ["a"])  # in matplotlib's font
    assert len(caplog.messages) == 1
    assert (cyrillic < 128).any()


def test_sheet_has_a_line_for_each_sentence():
    sheet = sentence_sheet(["it rains", "it rains very much", ""], ["a", "a", "b"])
    assert sheet.dtype == np.uint8
    assert sheet.shape[2] == 1
    one = sentence_sheet(["it rains"], ["a"])
    assert sheet.shape[0] - one.shape[0] == 2 * 18
    assert (sheet < 128).any()
    # The longest line fits: there is a white border at the right.
    assert (sheet[:, -4:] == 255).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hold_out": 1.0}, "hold_out 1.0 is out of range: above 0 and below 1"),
        ({"n_critic": 0}, "n_critic 0 is out of range: at least 1"),
        ({"width": 0}, "width 0 is out of range: at least 1"),
    ],
)
def test_settings_out_of_range(changes, message):
    with pytest.raises(InputError, match=message):
        settings(**changes)


def test_objective_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="objective 'mle' is unknown: choose one of gumbel"):
        train.start_run(RECIPE, settings(objective="mle"), tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("case", "own", "r1"), [("text", {}, 0.002), ("text", {"r1": 0.1}, 0.1), ("text, wgan_gp", {}, 0.0)]
)
def test_r1_is_of_the_objectives_without_a_gradient_penalty(case, own, r1):
    gan, _ = tiny_recipe(case, **own)
    assert gan.r1 == r1
