"""The samples as CSV for a spreadsheet program, which must not run what stands in a cell as a formula."""

from __future__ import annotations

import csv
import io

from ..benchmarks.result import Result

RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # a cell that starts so may be run
MARK = "'"  # put before it; a cell that starts with the mark itself gets one, too, so that none is lost
BOM = "\ufeff"  # by which Excel knows UTF-8


def samples_csv(result: Result) -> str:
    """Return one line per sample: name, labels, scores, error, texts; undefined scores are empty cells."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    keys = list(result.sample_scores)
    writer.writerow(
        ["name", "reference_labels", "predicted_labels", *keys, "error", "reference_text", "predicted_text"]
    )
    for row in result.samples:
        labels = (", ".join(side) for side in (row.reference_labels, row.predicted_labels))
        scores = ["" if row.scores.get(key) is None else repr(row.scores[key]) for key in keys]
        texts = (row.error or "", row.reference_text, row.predicted_text)
        writer.writerow([defused(row.name), *map(defused, labels), *scores, *map(defused, texts)])
    return BOM + out.getvalue()


def defused(text: str) -> str:
    """Return a cell that no spreadsheet program runs; `restored` gives the text back."""
    return MARK + text if text.startswith((*RISKY, MARK)) else text


def restored(cell: str) -> str:
    """Return the text of a cell that `defused` wrote."""
    return cell.removeprefix(MARK)
