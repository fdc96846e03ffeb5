"""What can be browsed: the examples of the project, and the data set that the operator has named.

The data set is read in the background when somebody first opens the tab, once for the whole process. A
visitor never names a path or an id: they choose among the shelves that there are.
"""

from __future__ import annotations

import logging
import os
import threading
import uuid
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from ...data import load_emer, read_samples
from ...data.emer import PUBLISHED
from ...data.sample import Sample
from ...data.tables import ENDINGS
from ...hub.store import Progress, Tell
from ...schema import LANGUAGES, AffectError, Text
from ...vocabulary import translate
from ..files import EXAMPLES, Example
from ..text import TEXT, say

log = logging.getLogger(__name__)
EXAMPLE_TABLE = EXAMPLES / "references.jsonl"


@dataclass(frozen=True, eq=False)
class Shelf:
    """Samples that are read together. `ours`: made by this project, free to use; all else is licensed."""

    key: str  # "examples", "v2", "v1" or "own"
    samples: tuple[Sample, ...]
    ours: bool = False

    @property
    def title(self) -> Text:
        """What the shelf is called."""
        return TEXT[f"emer_shelf_{self.key}"]

    @cached_property
    def positions(self) -> dict[str, int]:
        """Where each name stands."""
        return {sample.name: position for position, sample in enumerate(self.samples)}

    @cached_property
    def counts(self) -> list[tuple[str, int]]:
        """How many samples have each label, the most frequent first."""
        counted = Counter(label for sample in self.samples for label in dict.fromkeys(labels_of(sample)))
        return sorted(counted.items(), key=lambda item: (-item[1], item[0]))

    @cached_property
    def clips(self) -> int:
        """How many samples have their clip here."""
        return sum(sample.clip is not None for sample in self.samples)

    @cached_property
    def _words(self) -> list[str]:
        return [_searched(sample) for sample in self.samples]

    def find(self, query: str = "", label: str = "", *, with_clip: bool = False) -> list[int]:
        """Return the positions of the samples that hold every word of `query`, in the order of the table."""
        wanted = query.casefold().split()
        return [
            position
            for position, (sample, words) in enumerate(zip(self.samples, self._words, strict=True))
            if (not with_clip or sample.clip)
            and (not label or label in labels_of(sample))
            and all(word in words for word in wanted)
        ]


def labels_of(sample: Sample) -> tuple[str, ...]:
    """Return the open-vocabulary labels, or the one emotion of a table that has no labels."""
    return sample.labels or ((sample.emotion,) if sample.emotion else ())


def _searched(sample: Sample) -> str:
    """Everything of a sample that can be searched, in one text."""
    labels = [word for label in labels_of(sample) for word in (label, translate(label, "zh"))]
    texts = [text[language] for text in (sample.subtitle, sample.reference) for language in LANGUAGES]
    return "\n".join([sample.name, *labels, *texts]).casefold()


class Shelves:
    """The shelves of a page. `why_not` tells in one line what could not be read at the last try."""

    def __init__(self, examples: Sequence[Example], data: str | None = None, clips: str | None = None):
        self.data, self.clips = data, clips
        self.why_not: Text | None = None
        self._examples = [_examples(examples)] if examples and EXAMPLE_TABLE.is_file() else []
        self._own: list[Shelf] = []
        self._reading: Future[None] | None = None
        self.progress: Progress | None = None  # of the download, while there is one
        self._lock = threading.Lock()

    @property
    def all(self) -> list[Shelf]:
        """What can be read by now: the operator's data first."""
        return [*self._own, *self._examples]

    def get(self, key: str | None) -> Shelf | None:
        """Return a shelf, the first one when there is none of that key; None when there is no shelf."""
        return next((shelf for shelf in self.all if shelf.key == key), next(iter(self.all), None))

    def reading(self) -> Future[None] | None:
        """Begin to read the data set, if that has not been done; return what ends with it, None if done."""
        with self._lock:
            if not self.data or self._own:
                return None
            if self._reading is None or self._reading.done():  # what failed is tried again
                self._reading = Future()
                threading.Thread(
                    target=self._read, args=(self._reading,), name="read data set", daemon=True
                ).start()
            return self._reading

    def _read(self, ended: Future[None]) -> None:
        try:
            self._own, self.why_not = _read_all(self.data, self.clips, self._tell), None
        except AffectError as error:
            self.why_not = error.text
        except Exception:
            incident = uuid.uuid4().hex[:8]
            log.exception("incident %s", incident)
            self.why_not = Text(*(say("bug", language, incident=incident) for language in LANGUAGES))
        self.progress = None
        ended.set_result(None)

    def _tell(self, progress: Progress) -> None:
        self.progress = progress if progress.done < progress.total else None


def _examples(examples: Sequence[Example]) -> Shelf:
    clips = {example.clip.stem: str(example.clip) for example in examples}
    samples = (replace(row, clip=clips.get(row.name)) for row in read_samples(EXAMPLE_TABLE))
    return Shelf("examples", tuple(samples), ours=True)


def _read_all(data: str, clips: str | None, tell: Tell | None = None) -> list[Shelf]:
    """Each version of EMER that `data` holds, else its own tables. Raises AffectError."""
    path = Path(data)
    if os.path.isfile(path) or path.suffix.lower() in ENDINGS:
        return [_filled("own", read_samples(path, clips=clips or _folder(path.parent)))]
    folder = clips or _folder(path)
    found: list[Shelf] = []
    failure = None
    for version in reversed(PUBLISHED):  # the newer first
        try:
            shelf = _filled(version, load_emer(data, version=version, clips=folder, tell=tell))
        except AffectError as error:
            failure = failure or error
            continue
        if not found or found[0].positions != shelf.positions:  # a data set of one version answers to both
            found.append(shelf)
    if found:
        return found
    if not os.path.isdir(path):
        raise failure
    return [_filled("own", read_samples(path, clips=folder))]


def _folder(path: Path) -> str | None:
    return str(path) if os.path.isdir(path) else None


def _filled(key: str, samples: Sequence[Sample]) -> Shelf:
    shelf = Shelf(key, tuple(samples))
    shelf.find()  # so that nobody waits for the first search
    return shelf
