"""Small grammars of sentences about weather, food and travel, English and Chinese, written for this package.

A pattern stands for every way to choose one of the alternatives of each of its brackets. Some patterns of a
topic differ in one early and one late word, as winter and summer do in what they bring, so that not every
chain of plausible neighbours is a sentence. All sentences can be listed: what is valid is known exactly.
"""

import functools
import itertools
import re

TOPIC_SENTENCES = "topic_sentences"  # what the English data set is called

_ENGLISH = {
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

_CHINESE = {
    "天气": (
        "(今天|明天|周一|周日)(北京|上海|广州|成都)会(下雨|下雪|刮风|起雾)",
        "(冬天|一月)(山里|海边|城里|北方)常常(很冷|结冰|下雪)",
        "(夏天|七月)(山里|海边|城里|北方)常常(很热|打雷|下暴雨)",
        "春天(山里|海边|城里|北方)常常(很暖|刮风|下小雨)",
        "秋天(山里|海边|城里|北方)常常(很凉|起雾|天高云淡)",
        "(巴黎|东京|伦敦|开罗)(今天|今晚)(冷|热|暖和)吗",
        "(今晚|明早|周末)下雪要穿(大衣|棉袄|靴子)",
        "(今晚|明早|周末)下雨要带(雨伞|雨衣|雨鞋)",
        "(东|南|西|北)风带来了(大雨|浓雾|沙尘)",
        "台风(今晚|明早|周末)会(登陆|远离)(台湾|海南|福建)",
        "(昨晚|今早)的气温是(五|十|二十)度",
        "(山里|海边|城里)的雾到(中午|傍晚)才散",
        "天气预报说(周一|周日)有(小雨|大雪|雷阵雨)",
        "雨停了以后(空气|天空)很(清新|干净)",
    ),
    "美食": (
        "我想要一(碗|份)(米饭|面条|馄饨|豆腐)配(青菜|牛肉|香菇)",
        "我想喝一(杯|壶)(绿茶|红茶|花茶)",
        "这(碗汤|道菜)还要(多|少)放一点(盐|醋|胡椒)",
        "这块(蛋糕|月饼|饼干)还要(多|少)放一点(糖|蜂蜜|黄油)",
        "(米饭|土豆|豆子|面条)要煮(五|十|二十)分钟",
        "(面包|蛋糕|红薯|披萨)要烤(十|二十|四十)分钟",
        "厨师用(猪油|黄油|花生油)(炒|煎|炸)(鱼|鸡肉|蘑菇)",
        "早饭我们吃(鸡蛋|包子|油条|馒头)喝(豆浆|牛奶|茶)",
        "晚饭我们吃(饺子|米饭|面条|火锅)喝(酒|汤|果汁)",
        "这(碗|锅)(汤|粥)里有(肉|花生|大蒜|香菜)吗",
        "(四川|重庆|湖南)菜很(辣|麻|香)",
        "(广东|江苏|上海)菜很(清淡|鲜|甜)",
        "(夏天|秋天)的(西瓜|桃子|葡萄)最(甜|新鲜)",
        "吃素的人点(豆腐|青菜|沙拉)不点(牛排|烤鸭|鱼)",
        "请把(番茄|洋葱|豆腐)(汤|沙拉)的做法告诉我",
        "(螃蟹|虾|玉米)要用(大火|小火)(蒸|煮)",
        "这家(饭馆|小店)的(包子|烤鸭|豆腐)最(有名|便宜)",
    ),
    "旅行": (
        "(头班|下一班|末班)去(北京|上海|西安|杭州)的火车(六|八|十)点开",
        "(头班|下一班|末班)飞(巴黎|东京|悉尼)的航班(六|八|十)点到",
        "订(周一|周五)去(巴黎|东京|悉尼)的(便宜|直飞)机票",
        "订一间(安静|便宜|靠海)的房间住(两|三|四)晚",
        "走到(车站|机场|海边|博物馆)要(十|二十|四十)分钟",
        "离(酒店|车站)最近的(地铁站|银行|博物馆)在哪里",
        "我们把(护照|车票|行李)(忘|丢)在(酒店|车站|机场)了",
        "坐飞机到(巴黎|东京|悉尼)要(三|五|十)个小时",
        "坐船到(青岛|大连|厦门)要(三|五|十)天",
        "(北京|西安)到(上海|杭州)的高铁要(三百|五百|六百)元",
        "(北京|上海)飞(巴黎|悉尼)的机票要(三千|五千|六千)元",
        "酒店的窗外能看到(大海|长江|西湖|老城)",
        "导游带我们看了(西安|杭州|北京)的(古塔|老街|寺庙)",
        "(护照|签证)(三月|六月|八月)过期要换新的",
        "(春节|国庆|暑假)我们(坐火车|开车)去(海南|云南|西藏)",
        "(长城|故宫|西湖)的门票要(提前|在网上)买",
    ),
}
GRAMMARS = {TOPIC_SENTENCES: _ENGLISH, "topic_sentences_zh": _CHINESE}  # no topic is in both


def expand(pattern: str) -> list[str]:
    """Returns every sentence that ``pattern`` stands for: "a (b|c)" is "a b" and "a c"."""
    pieces = [piece.split("|") for piece in re.split(r"[()]", pattern)]
    return ["".join(chosen) for chosen in itertools.product(*pieces)]


@functools.cache
def grammar_sentences(name: str = TOPIC_SENTENCES) -> dict[str, tuple[str, ...]]:
    """Returns all sentences of a grammar of ``GRAMMARS`` by topic, each once."""
    return {
        topic: tuple(dict.fromkeys(itertools.chain.from_iterable(map(expand, patterns))))
        for topic, patterns in GRAMMARS[name].items()
    }


def is_valid(sentence: str, topic: str) -> bool:
    """Returns whether the grammar with ``topic`` makes ``sentence`` in it.

    Raises:
        KeyError: no grammar has such a topic.
    """
    return sentence in _members()[topic]


@functools.cache
def _members() -> dict[str, frozenset[str]]:
    return {
        topic: frozenset(sentences)
        for name in GRAMMARS
        for topic, sentences in grammar_sentences(name).items()
    }
