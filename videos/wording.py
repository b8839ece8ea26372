"""The things of films in English and Russian, and questions in either as the text engine, which reads English,
understands them. Pure.
"""

import re

# The classes of COCO (Lin et al., ECCV 2014; arXiv 1405.0312), which object detectors are trained with.
RUSSIAN = {
    "person": "человек", "bicycle": "велосипед", "car": "машина", "motorcycle": "мотоцикл", "airplane": "самолёт",
    "bus": "автобус", "train": "поезд", "truck": "грузовик", "boat": "лодка", "traffic light": "светофор",
    "fire hydrant": "гидрант", "stop sign": "дорожный знак", "parking meter": "паркомат", "bench": "скамейка",
    "bird": "птица", "cat": "кошка", "dog": "собака", "horse": "лошадь", "sheep": "овца", "cow": "корова",
    "elephant": "слон", "bear": "медведь", "zebra": "зебра", "giraffe": "жираф", "backpack": "рюкзак",
    "umbrella": "зонт", "handbag": "сумка", "tie": "галстук", "suitcase": "чемодан", "frisbee": "фрисби",
    "skis": "лыжи", "snowboard": "сноуборд", "sports ball": "мяч", "kite": "воздушный змей",
    "baseball bat": "бейсбольная бита", "baseball glove": "бейсбольная перчатка", "skateboard": "скейтборд",
    "surfboard": "доска для сёрфинга", "tennis racket": "ракетка", "bottle": "бутылка", "wine glass": "бокал",
    "cup": "чашка", "fork": "вилка", "knife": "нож", "spoon": "ложка", "bowl": "миска", "banana": "банан",
    "apple": "яблоко", "sandwich": "бутерброд", "orange": "апельсин", "broccoli": "брокколи", "carrot": "морковь",
    "hot dog": "хот-дог", "pizza": "пицца", "donut": "пончик", "cake": "торт", "chair": "стул", "couch": "диван",
    "potted plant": "растение", "bed": "кровать", "dining table": "стол", "toilet": "унитаз", "tv": "телевизор",
    "laptop": "ноутбук", "mouse": "мышь", "remote": "пульт", "keyboard": "клавиатура", "cell phone": "телефон",
    "microwave": "микроволновка", "oven": "духовка", "toaster": "тостер", "sink": "раковина",
    "refrigerator": "холодильник", "book": "книга", "clock": "часы", "vase": "ваза", "scissors": "ножницы",
    "teddy bear": "плюшевый мишка", "hair drier": "фен", "toothbrush": "зубная щётка",
}  # fmt: skip
_ENDING = re.compile(r"[аеёиоуыьйя]+$")
# Words as they are, and beginnings of words with any ending: the longest that fits counts.
_EXACT = {
    "в": "in", "во": "in", "на": "on", "из": "from", "от": "from", "к": "to", "с": "with", "со": "with", "и": "and",
    "у": "at", "за": "behind", "под": "under", "без": "without", "не": "not", "нет": "no", "кто-то": "someone",
    "что-то": "something", "ничего": "nothing", "слева": "on the left", "справа": "on the right",
    "налево": "to the left", "направо": "to the right", "дом": "house", "пес": "dog", "темно": "dark",
}  # fmt: skip
_STEMS = {
    "люд": "people", "мужчин": "man", "парн": "man", "парень": "man", "женщин": "woman", "девушк": "woman",
    "девоч": "girl", "мальчик": "boy", "ребен": "child", "дет": "children", "никто": "nobody", "никого": "nobody",
    "кто": "someone", "идет": "walking", "идут": "walking", "идущ": "walking", "ходит": "walking", "ходят": "walking",
    "проход": "walking", "гуля": "walking", "беж": "running", "бег": "running", "стои": "standing", "стоя": "standing",
    "сид": "sitting", "танц": "dancing", "движ": "moving", "двига": "moving", "говор": "talking", "разговар": "talking",
    "посередин": "in the middle", "середин": "middle", "центр": "middle", "лев": "left", "прав": "right",
    "темн": "dark", "ярк": "bright", "светл": "bright", "свет": "light", "одежд": "clothes", "плать": "dress",
    "черн": "black", "бел": "white", "сер": "grey", "красн": "red", "оранжев": "orange", "желт": "yellow",
    "зелен": "green", "син": "blue", "голуб": "blue", "фиолетов": "purple", "розов": "pink", "коричнев": "brown",
    "один": "one", "одн": "one", "два": "two", "две": "two", "дво": "two", "двух": "two", "три": "three",
    "тро": "three", "трех": "three", "четыр": "four", "четвер": "four", "пят": "five", "нескольк": "several",
    "мног": "many", "пуст": "empty", "комнат": "room", "улиц": "street", "коридор": "corridor", "зал": "hall",
    "кот": "cat", "котор": "who", "автомобил": "car", "предмет": "thing", "вещ": "thing", "рук": "hand",
}  # fmt: skip
_WORD = re.compile(r"[а-я]+(?:-[а-я]+)*")
_GROUPS = {"people": "a person", "persons": "a person", "men": "a man", "women": "a woman", "children": "a child"}
_GROUP = re.compile(rf"^({'|'.join(_GROUPS)})\b", re.IGNORECASE)


def english_of(words: str) -> str:
    """A question in English: Russian words that films may be asked about are turned into English ones, in any of their
    forms; all others stay as they are.
    """
    plain = words.lower().replace("ё", "е") if _WORD.search(words.lower()) else words
    return _WORD.sub(lambda match: _word(match[0]), plain.replace("слева направо", "from the left to the right"))


def readings(words: str) -> tuple[str, ...]:
    """A question in English, and where it asks for people the same for one of them: who looks for people walking is
    glad of somebody who walks alone.
    """
    english = english_of(words).strip()
    single = _GROUP.sub(lambda match: _GROUPS[match[1].lower()], english)
    return (english,) if single == english else (english, single)


def _word(word: str) -> str:
    if word in _EXACT:
        return _EXACT[word]
    stem = max((stem for stem in _LEXICON if word.startswith(stem)), key=len, default="")
    return _LEXICON[stem] if stem else word


def _stem(name: str) -> str:
    return _ENDING.sub("", name.replace("ё", "е"))


_LEXICON = _STEMS | {_stem(russian): english for english, russian in RUSSIAN.items() if " " not in russian}
