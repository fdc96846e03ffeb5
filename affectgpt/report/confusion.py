"""Which emotions are taken for which, on the cores and sectors of the project's own wheel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from ..benchmarks.result import Row
from ..vocabulary import cluster, load_vocabulary

OTHER, NOTHING = "other", "nothing"  # a word that is not on the wheel; no further word on that side


@dataclass(frozen=True)
class Confusion:
    """Samples by (reference group, predicted group), and the groups in the order of the wheel."""

    cells: Counter[tuple[str, str]]
    groups: tuple[str, ...]

    def both(self, group: str) -> int:
        return self.cells[group, group]

    def instead(self, group: str) -> list[tuple[str, int]]:
        """What was said instead of `group`, most often first."""
        found = [(said, n) for (was, said), n in self.cells.items() if was == group != said]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))


def confusion(rows: Iterable[Row], level: int = 1) -> Confusion:
    """Count, once per sample and cell, groups that both sides name and pairs of a missed and an added one.

    A missed group meets NOTHING where the prediction adds none, and so does an added one.
    """
    cells: Counter[tuple[str, str]] = Counter()
    for row in rows:
        was, said = (
            {cluster(x, level) or OTHER for x in y} for y in (row.reference_labels, row.predicted_labels)
        )
        missed, added = was - said, said - was
        cells.update((group, group) for group in was & said)
        cells.update((one, two) for one in missed for two in added or {NOTHING})
        cells.update((NOTHING, two) for two in added if not missed)
    sectors = load_vocabulary().sectors
    order = [*sectors] if level == 1 else [sector for core in sectors for sector in sectors[core]]
    return Confusion(cells, (*order, OTHER))


def named(rows: Iterable[Row], level: int) -> tuple[Counter[str], Counter[str]]:
    """In how many samples the reference, and the prediction, names each group."""
    sides: tuple[Counter[str], Counter[str]] = Counter(), Counter()
    for row in rows:
        for side, labels in zip(sides, (row.reference_labels, row.predicted_labels), strict=True):
            side.update({cluster(label, level) or OTHER for label in labels})
    return sides
