"""What language models left in published descriptions: removed, and counted.

The English descriptions of EMER v2 were merged and translated by a chat model, and its prompt shows through:
88 begin with "Input:", five hold "Output:" (two of them at the very end, three between two versions of one
text).
"""

from __future__ import annotations

import re
from collections import Counter

HEADS = ("Input", "Output", "Translation", "输入", "输出", "翻译")
LEADING = re.compile(rf"\s*(?:[*#\s]*)({'|'.join(HEADS)})\s*[*]*\s*[:：]\s*[*]*\s*")
INNER = re.compile(r"(?:(?<=[.!?。！？；;\"”'’\n])|(?<=[.!?。！？；;\"”'’\n]\s))(Output|输出)\s*[:：]\s*")
TWICE = "text given twice"  # how the third artefact is called in the counts
ALIKE = 0.6  # share of common words above which two texts are two versions of one


def clean(text: str) -> tuple[str, Counter[str]]:
    """Return the text without the marks of a prompt, and how often each was there ("Input:", "Output:").

    Where "Output:" stands between two versions of one text, the second is kept: the first was the prompt.
    Two different texts are both kept. Idempotent; nothing else is touched but white space at both ends.
    """
    found: Counter[str] = Counter()
    text = text.strip()
    while mark := LEADING.match(text):
        found[f"{mark[1]}:"] += 1
        text = text[mark.end() :].lstrip()
    while mark := INNER.search(text):
        found[f"{mark[1]}:"] += 1
        before, after = text[: mark.start()].rstrip(), text[mark.end() :].lstrip()
        if before and after and _alike(before, after):
            found[TWICE] += 1
            text = after
        else:
            text = "\n".join(piece for piece in (before, after) if piece)
    return text, found


def _alike(one: str, two: str) -> bool:
    """Say whether most words are common to both (characters, in Chinese)."""
    bags = [Counter(re.findall(r"[a-z']+|[\u3400-\u9fff]", text.lower())) for text in (one, two)]
    common, all_words = (bags[0] & bags[1]).total(), (bags[0] | bags[1]).total()
    return common >= ALIKE * all_words
