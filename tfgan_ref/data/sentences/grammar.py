"""Small grammar of sentences about weather, food and travel, written for this package.

A pattern stands for every way to choose one of the alternatives of each of its brackets. Some patterns of a
topic differ in one early and one late word, as winter and summer do in what they bring, so that not every
chain of plausible neighbours is a sentence. All sentences can be listed: what is valid is known exactly.
"""

import functools
import itertools
import re

TOPIC_SENTENCES = "topic_sentences"  # what the data set is called

_PATTERNS = {
    "weather": (
        "(today|tomorrow|monday|sunday) will be (sunny|cloudy|windy|foggy) in the (north|south|mountains)",
        "in winter the (coast|valley|city|island) is often (cold|icy|snowy)",
        "in spring the (coast|valley|city|island) is often (mild|rainy|breezy)",
        "in summer the (coast|valley|city|island) is often (hot|dry|sunny)",
        "in autumn the (coast|valley|city|island) is often (foggy|windy|damp)",
        "expect (light|heavy) (rain|snow|fog) (today|tonight) and a clear sky by (monday|sunday)",
        "expect (light|heavy) (rain|snow|fog) in the (morning|evening)",
        "will it (rain|snow|freeze) in (paris|oslo|madrid|tokyo|cairo) (today|tonight|tomorrow)",
        "how (cold|warm|windy) is it in (paris|oslo|madrid|tokyo|cairo) (today|tonight)",
        "take a warm coat because it will (snow|freeze) (today|tonight|tomorrow)",
        "take your umbrella because it will (rain|pour) (today|tonight|tomorrow)",
        "a (warm|cold|strong) wind from the (north|south|east|west) brings (rain|fog|storms)",
        "the storm over the (coast|valley|city|island) should (pass|weaken|end) by (morning|evening|sunday)",
        "it was (five|ten|twenty) degrees in (paris|oslo|madrid|tokyo|cairo) this (morning|evening)",
    ),
    "food": (
        "i would like a (cup|glass|bottle) of (water|milk|juice) with my (lunch|dinner)",
        "i would like a (bowl|plate) of (soup|rice|pasta) with (cheese|mushrooms|tomatoes|garlic)",
        "this (soup|sauce|stew) needs (more|less) (salt|pepper|garlic|cream)",
        "this (cake|pie|cookie) needs (more|less) (sugar|butter|honey|cream)",
        "(boil|cook) the (rice|pasta|potatoes|beans) for (five|ten|twenty) minutes",
        "(bake|warm) the (bread|cake|pie|pizza) for (ten|twenty|forty) minutes",
        "the chef (fries|grills|roasts) the (fish|chicken|mushrooms) in (butter|oil)",
        "for breakfast we (eat|serve|want) (eggs|toast|pancakes|fruit) and (tea|coffee|juice)",
        "for dinner we (eat|serve|want) (fish|pasta|soup|chicken) and (wine|water|salad)",
        "is there (meat|milk|garlic|nuts) in the (soup|sauce|salad|cake)",
        "may i have the recipe for your (tomato|onion|bean) (soup|salad|sauce)",
        "the (fresh|sweet|ripe) (apples|peaches|cherries) taste best in (summer|autumn)",
        "a vegetarian orders the (salad|risotto|omelette) and never the (steak|chicken|fish)",
    ),
    "travel": (
        "the (first|last|next) train to (rome|berlin|vienna|lisbon) leaves at (six|eight|noon)",
        "the (first|last|next) flight to (boston|dublin|sydney) lands at (six|eight|noon)",
        "book a (cheap|direct|late) flight to (boston|dublin|sydney|rome) for (two|three|four)",
        "book a (quiet|cheap|double) room near the (station|airport|beach|museum)",
        "how long is the (drive|walk|bus ride) to the (station|airport|beach|museum)",
        "where is the (nearest|main) (station|airport|hotel|museum) in (rome|berlin|vienna|lisbon)",
        "we (packed|lost|forgot) our (passports|tickets|bags) at the (hotel|station|airport)",
        "by plane we reached (boston|dublin|sydney) in (two|three|four) hours",
        "by ship we reached (boston|dublin|sydney) in (two|three|four) weeks",
        "a ticket from (rome|berlin) to (vienna|lisbon) costs (thirty|forty|sixty) euros",
        "a ticket from (boston|sydney) to (dublin|rome) costs (six|eight) hundred dollars",
        "our hotel room has a view of the (sea|river|harbour|old town)",
        "the guide showed us the (old|famous|hidden) (castle|market|harbour|church) of (rome|vienna|lisbon)",
        "my (passport|visa) expires in (march|june|august) so i must renew it",
    ),
}


def expand(pattern: str) -> list[str]:
    """Returns every sentence that ``pattern`` stands for: "a (b|c)" is "a b" and "a c"."""
    pieces = [piece.split("|") for piece in re.split(r"[()]", pattern)]
    return ["".join(chosen) for chosen in itertools.product(*pieces)]


@functools.cache
def grammar_sentences() -> dict[str, tuple[str, ...]]:
    """Returns all sentences of the grammar by topic, each once."""
    return {
        topic: tuple(dict.fromkeys(itertools.chain.from_iterable(map(expand, patterns))))
        for topic, patterns in _PATTERNS.items()
    }


def is_valid(sentence: str, topic: str) -> bool:
    """Returns whether the grammar makes ``sentence`` in ``topic``.

    Raises:
        KeyError: the grammar has no such topic.
    """
    return sentence in _members()[topic]


@functools.cache
def _members() -> dict[str, frozenset[str]]:
    return {topic: frozenset(sentences) for topic, sentences in grammar_sentences().items()}
