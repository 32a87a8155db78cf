"""Words of texts in several scripts."""

import pytest

from tfgan_ref.data.sentences.words import join_words, split_words


def test_words_are_lower_case_and_without_signs():
    assert split_words("Is it cold, in Oslo?  At 9:30 -- or 7.5 o'clock!") == [
        "is", "it", "cold", "in", "oslo", "at", "9:30", "or", "7.5", "o'clock",
    ]  # fmt: skip


@pytest.mark.parametrize("apostrophe", "'\u2019\u02bc\uff07")
def test_every_apostrophe_is_the_plain_one(apostrophe):
    assert split_words(f"\u2018I don{apostrophe}t know\u2019") == ["i", "don't", "know"]


def test_signs_within_words_that_print_the_same():
    assert split_words("e\u2011mail e-mail in\u00advisible") == ["e-mail", "e-mail", "invisible"]
    assert split_words("cafe\u0301") == split_words("caf\u00e9") == ["caf\u00e9"]


@pytest.mark.parametrize(
    "words",
    [
        "हिन्दी भाषा",
        "मौसम अच्छा है",
        "ภาษาไทย ดีมาก",
        "தமிழ் மொழி",
        "\u06a9\u200c\u062e \u0631",
        "צה\u05f4ל",
        "שָׁלוֹם",
    ],
)
def test_marks_and_signs_of_other_scripts_stay_in_their_words(words):
    assert split_words(words + "!") == words.split(" ")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("今天北京的天气很冷。", "今 天 北 京 的 天 气 很 冷"),
        ("我有3个iPhone", "我 有 3 个 iphone"),
        ("コーヒーを飲む", "コ ー ヒ ー を 飲 む"),
        ("𠮷野家", "𠮷 野 家"),
    ],
)
def test_characters_of_chinese_and_japanese_are_words(text, words):
    assert split_words(text) == words.split(" ")
    assert split_words(words) == words.split(" ")


@pytest.mark.parametrize(
    "text",
    [
        "is it cold in oslo",
        "今天北京的天气很冷",
        "我有3个iphone和2只cat",
        "日本 is far",
        "今",
        "",
        "오늘 날씨가",
    ],
)
def test_words_join_to_a_text_that_splits_into_them(text):
    words = split_words(text)
    joined = join_words(words)
    assert split_words(joined) == words
    assert joined == text.replace("日本 ", "日本")


def test_korean_words_are_whole():
    assert split_words("오늘 날씨가 춥다") == ["오늘", "날씨가", "춥다"]
