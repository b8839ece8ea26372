"""Admin speaks Russian as well: every text of ours is translated, and the compiled catalogue is up to date."""

import ast
import gettext
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from faces.tests.desk import address, signed_in, text

ROOT = Path(__file__).resolve().parent.parent.parent
RUSSIAN = ROOT / "photofinder" / "locale" / "ru" / "LC_MESSAGES"
ENTRY = re.compile(r'^(msgid|msgstr(?:\[\d\])?) ("(?:[^"\\]|\\.)*")$', re.MULTILINE)
WITH_CONTEXT = re.compile(r"^msgctxt .*\n(?:msg.*\n)+", re.MULTILINE)
MARKED = re.compile(r'\b(?:gettext|gettext_lazy|_)\(\s*("(?:[^"\\]|\\.)*"(?:\s+"(?:[^"\\]|\\.)*")*)')
IN_TEMPLATES = re.compile(r"{% (?:translate|trans) (\"[^\"]*\"|'[^']*')(?! context)")


def _compiled() -> gettext.GNUTranslations:
    with (RUSSIAN / "django.mo").open("rb") as file:
        return gettext.GNUTranslations(file)


def _marked() -> Iterator[str]:
    for app in ("faces", "media_index", "photofinder", "videos"):
        for path in (ROOT / app).rglob("*.py"):
            found = MARKED.findall(path.read_text(encoding="utf-8"))
            yield from (ast.literal_eval(f"({words})") for words in found)
    for path in (ROOT / "templates").rglob("*.html"):
        yield from map(ast.literal_eval, IN_TEMPLATES.findall(path.read_text(encoding="utf-8")))


def test_every_text_is_translated() -> None:
    russian = _compiled()
    missing = {words for words in _marked() if russian.gettext(words) == words}
    assert missing == set(), "run makemessages, translate, and compilemessages"


def test_the_compiled_catalogue_says_what_the_source_says() -> None:
    russian, source = _compiled(), (RUSSIAN / "django.po").read_text(encoding="utf-8")
    entries = [(kind, ast.literal_eval(words)) for kind, words in ENTRY.findall(WITH_CONTEXT.sub("", source))]
    translations = [said for kind, said in entries if kind.startswith("msgstr")]
    assert translations.count("") == 1  # the header
    pairs = [(words[1], said[1]) for words, said in pairwise(entries) if (words[0], said[0]) == ("msgid", "msgstr")]
    assert len(pairs) > 200
    assert all(russian.gettext(words) == said for words, said in pairs[1:])


@pytest.mark.django_db
def test_the_language_is_switched_from_the_sidebar(plain_static: Any) -> None:
    browser = signed_in("organiser")
    assert "Needs attention" not in text(browser.get(address("index")))
    browser.post(reverse("set_language"), {"language": "ru", "next": address("index")})
    assert "Последние события" in text(browser.get(address("index")))
