"""Sentences: words as numbers and back, the grammar, files, what is held out, and the order of batches."""

import itertools
import logging

import numpy as np
import pytest

from tfgan_ref.data.sentences.grammar import TOPIC_SENTENCES, expand, grammar_sentences, is_valid
from tfgan_ref.data.sentences.sentences import (
    END,
    Sentences,
    decode,
    encode,
    frequent_words,
    hold_out,
    sentence_batches,
)
from tfgan_ref.data.sentences.sources import read_sentences
from tfgan_ref.data.sentences.words import split_words
from tfgan_ref.errors import InputError

WORDS = ("", "it", "rains", "in", "oslo")


def write(path, *lines):
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return f"tsv:{path}"


def test_sentences_are_decoded_as_they_were_encoded():
    texts = ["it rains", "rains in oslo", "it"]
    tokens = encode(texts, WORDS, 3)
    np.testing.assert_array_equal(tokens, [[1, 2, END], [2, 3, 4], [1, END, END]])
    assert decode(tokens, WORDS) == texts


def test_what_follows_an_end_is_not_read():
    assert decode(np.array([[1, END, 2], [END, 1, 2]]), WORDS) == ["it", ""]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("it snows", r"word 'snows' is unknown: the vocabulary has 4 other words"),
        (" !", r"sentence ' !' has no words"),
        ("it rains in oslo", r"has 4 words: at most 3"),
    ],
)
def test_sentence_that_cannot_be_encoded(text, message):
    with pytest.raises(InputError, match=message):
        encode([text], WORDS, 3)


def test_vocabulary_holds_the_most_frequent_words():
    sentences = [["b", "a", "c"], ["c", "b"], ["c"]]
    assert frequent_words(sentences, None) == ("", "c", "b", "a")
    assert frequent_words(sentences, 2) == ("", "c", "b")
    assert frequent_words([["b"], ["a"]], 1) == ("", "a")


def test_pattern_stands_for_every_choice():
    assert expand("a (b|c d) e (f|g)") == ["a b e f", "a b e g", "a c d e f", "a c d e g"]
    assert expand("no choice") == ["no choice"]


def test_grammar_has_a_few_hundred_sentences_of_each_topic():
    grammar = grammar_sentences()
    assert list(grammar) == ["weather", "food", "travel"]
    for topic, sentences in grammar.items():
        assert 200 <= len(sentences) <= 500
        assert len(set(sentences)) == len(sentences)
        assert all(is_valid(sentence, topic) for sentence in sentences)
        assert all(" ".join(split_words(sentence)) == sentence for sentence in sentences)
    for one, other in itertools.permutations(grammar, 2):
        assert not any(is_valid(sentence, other) for sentence in grammar[one])


def test_grammar_knows_what_goes_together():
    assert is_valid("in winter the valley is often snowy", "weather")
    assert not is_valid("in summer the valley is often snowy", "weather")
    assert is_valid("by ship we reached dublin in two weeks", "travel")
    assert not is_valid("by ship we reached dublin in two hours", "travel")


def test_chinese_grammar_has_as_many_sentences_of_at_most_twelve_characters():
    grammar = grammar_sentences("topic_sentences_zh")
    assert list(grammar) == ["天气", "美食", "旅行"]
    for topic, sentences in grammar.items():
        assert 200 <= len(sentences) <= 500
        assert len(set(sentences)) == len(sentences)
        assert max(map(len, sentences)) <= 12
        assert all(is_valid(sentence, topic) for sentence in sentences)
        assert all("".join(split_words(sentence)) == sentence for sentence in sentences)
    for one, other in itertools.permutations(grammar, 2):
        assert not any(is_valid(sentence, other) for sentence in grammar[one])
    assert is_valid("坐船到青岛要三天", "旅行")
    assert not is_valid("坐船到青岛要三个小时", "旅行")


def test_chinese_sentences_are_read_and_written_without_spaces():
    data = read_sentences("topic_sentences_zh")
    grammar = grammar_sentences("topic_sentences_zh")
    assert data.topics == tuple(grammar)
    for number, sentences in enumerate(grammar.values()):
        assert data.texts(number) == list(sentences)
    assert all(len(word) == 1 for word in data.words[1:])


def test_a_sentence_is_valid_for_its_own_topic():
    for topic, found in grammar_sentences().items():
        assert [is_valid(found[0], other) for other in grammar_sentences()] == [
            other == topic for other in grammar_sentences()
        ]


def test_grammar_as_a_data_set():
    data = read_sentences(TOPIC_SENTENCES)
    assert data.topics == ("weather", "food", "travel")
    assert data.length == 12
    for number, sentences in enumerate(grammar_sentences().values()):
        assert data.texts(number) == list(sentences)


def test_some_topics_only():
    data = read_sentences(TOPIC_SENTENCES, topics="travel,weather")
    assert data.topics == ("weather", "travel")
    assert "tomatoes" not in data.words


def test_file_of_topic_and_sentence(tmp_path):
    lines = ("rain\tIt rains.", "sun\tThe sun, it shines!", "", "rain\tit pours")
    data = read_sentences(write(tmp_path / "a.tsv", *lines), length=5)
    assert data.topics == ("rain", "sun")
    assert data.texts() == ["it rains", "the sun it shines", "it pours"]
    np.testing.assert_array_equal(data.labels, [0, 1, 0])
    assert data.tokens.shape == (3, 5)


@pytest.mark.parametrize("heading", ["topic\tsentence", "Label\tText", "intent\ttext\tsource"])
def test_heading_is_no_sentence(tmp_path, heading):
    name = write(tmp_path / "a.tsv", heading, "rain\tit rains")
    assert read_sentences(name).texts() == ["it rains"]


def test_named_columns(tmp_path):
    name = write(tmp_path / "a:b.tsv", "text\tsource\tintent", "it rains\tx\train", "we eat\ty\tfood")
    data = read_sentences(f"{name}:intent:text")
    assert data.topics == ("rain", "food")
    assert data.texts() == ["it rains", "we eat"]


@pytest.mark.parametrize("sign", "\u2028\u2029\x85\x0b\x0c\x1c")
def test_rows_end_at_line_ends_only(tmp_path, sign):
    (tmp_path / "a.tsv").write_bytes(f"a\tit{sign}rains\r\na\twe eat\ra\tit pours".encode())
    assert read_sentences(f"tsv:{tmp_path / 'a.tsv'}").texts() == ["it rains", "we eat", "it pours"]


def test_sentences_of_one_word_are_said(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        data = read_sentences(write(tmp_path / "a.tsv", "a\tวันนี้อากาศหนาว", "a\tพรุ่งนี้ฝนตก", "a\tit rains"))
    assert len(data) == 3
    assert "2 of 3 sentences have one word: put spaces between words" in caplog.text


@pytest.mark.parametrize("length", [2, 12])
def test_topics_that_are_sentences(tmp_path, length):
    lines = ["text\tintent", *(f"sentence number {i} is a topic\tthe intent {i % 3}" for i in range(30))]
    with pytest.raises(InputError, match="31 of 31 topics have a single sentence.*PATH:TOPIC_COLUMN"):
        read_sentences(write(tmp_path / "a.tsv", *lines), length=length)


def test_sentences_are_left_out_and_it_is_said(tmp_path, caplog):
    name = write(
        tmp_path / "a.tsv", "a\tit rains", "a\tIt rains!", "a\tit rains so very much", "a\tit rains ice"
    )
    with caplog.at_level(logging.WARNING):
        data = read_sentences(name, length=3, vocabulary=2)
    assert data.texts() == ["it rains"]
    assert "of 4 sentences 3 are left out: 1 of more than 3 words" in caplog.text


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("a\tit rains", "b"), "line 2 has 1 columns: at least 2"),
        (("a\tit rains", "a\t ?!"), "line 2 has an empty sentence"),
        (("\tit rains",), "line 1 has no topic"),
        ((), "is empty"),
        (("topic\tsentence",), "has a heading and no sentences"),
    ],
)
def test_file_that_cannot_be_used(tmp_path, lines, message):
    with pytest.raises(InputError, match=message):
        read_sentences(write(tmp_path / "a.tsv", *lines))


def test_bytes_that_are_no_text(tmp_path):
    (tmp_path / "a.tsv").write_bytes(b"a\t\xff\xfe\n")
    with pytest.raises(InputError, match="is not UTF-8 text"):
        read_sentences(f"tsv:{tmp_path / 'a.tsv'}")


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("tsv:", {}, "needs a path, tsv:PATH"),
        ("tsv:nowhere.tsv", {}, "there is no such file"),
        (
            "novels",
            {},
            "data set 'novels' is not known; allowed are topic_sentences, topic_sentences_zh, tsv:PATH",
        ),
        (
            TOPIC_SENTENCES,
            {"topics": "weather,sport"},
            "topic 'sport' is unknown: choose some of weather, food",
        ),
        (TOPIC_SENTENCES, {"length": 0}, "length=0: must be a whole number of at least 1"),
        (TOPIC_SENTENCES, {"vocabulary": 0}, "vocabulary=0: must be a whole number of at least 1"),
        (TOPIC_SENTENCES, {"length": 3}, "topic 'weather' has no sentence within length 3"),
    ],
)
def test_request_that_cannot_be_met(name, arguments, message):
    with pytest.raises(InputError, match=message):
        read_sentences(name, **arguments)


def test_unknown_column(tmp_path):
    name = write(tmp_path / "a.tsv", "text\tintent", "it rains\train")
    with pytest.raises(InputError, match="has no column 'topic', found text, intent"):
        read_sentences(f"{name}:topic:text")


def test_held_out_sentences_are_of_every_topic_and_of_no_training():
    data = read_sentences(TOPIC_SENTENCES)
    training, held_out = hold_out(data, 0.25, seed=3)
    for number, sentences in enumerate(grammar_sentences().values()):
        assert len(held_out.texts(number)) == round(0.25 * len(sentences))
        assert sorted(training.texts(number) + held_out.texts(number)) == sorted(sentences)
    again, _ = hold_out(data, 0.25, seed=3)
    other, _ = hold_out(data, 0.25, seed=4)
    assert again.fingerprint == training.fingerprint != other.fingerprint


@pytest.mark.parametrize("share", [0, 1])
def test_share_out_of_range(share):
    with pytest.raises(InputError, match=f"hold_out {share} is out of range"):
        hold_out(read_sentences(TOPIC_SENTENCES), share, seed=0)


def test_topic_too_small_to_split(tmp_path):
    with pytest.raises(InputError, match="topic 'a' has 1 sentences: at least 2; if .* tsv:PATH:TOPIC"):
        hold_out(read_sentences(write(tmp_path / "a.tsv", "a\tit rains")), 0.5, seed=0)


def test_arrays_that_are_not_sentences():
    good = {"tokens": np.ones((2, 3), np.int32), "labels": np.zeros(2, np.int32)}
    Sentences("x", **good, words=WORDS, topics=("a",))
    for change, message in (
        ({"tokens": np.ones((2, 3))}, "must be int32"),
        ({"tokens": np.full((2, 3), 5, np.int32)}, "allowed are 0 to 4"),
        ({"labels": np.ones(2, np.int32)}, "label out of range: 1"),
        ({"labels": np.zeros(3, np.int32)}, r"must be int32 of shape \(2,\)"),
    ):
        with pytest.raises(InputError, match=message):
            Sentences("x", **(good | change), words=WORDS, topics=("a",))


def test_batches_hold_every_topic_equally_often_and_go_on_where_they_stopped():
    data = read_sentences(TOPIC_SENTENCES)
    batches = list(sentence_batches(data, batch_size=6, seed=1).take(40).as_numpy_iterator())
    for batch in batches:
        np.testing.assert_array_equal(np.bincount(batch["label"]), [2, 2, 2])
        for text, label in zip(decode(batch["tokens"], data.words), batch["label"], strict=True):
            assert is_valid(text, data.topics[label])
    first = sentence_batches(data, batch_size=6, seed=1, start_step=39).take(1)
    np.testing.assert_array_equal(next(first.as_numpy_iterator())["tokens"], batches[39]["tokens"])
