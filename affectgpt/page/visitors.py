"""Who runs what: one job of a visitor at a time, so many in ten minutes, and a line in the log for each."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)


class Visitors:
    """Counts the jobs of each visitor, by the hash of their session; knows nothing else about them."""

    @contextmanager
    def job(self, visitor: str, kind: str) -> Iterator[str]:
        """Run one job ("explain", "compare", ...) of a visitor; yields its id. The log has id and seconds."""
        name, began = uuid.uuid4().hex[:8], time.monotonic()
        try:
            yield name
        finally:
            log.info("%s %s %.2f s", kind, name, time.monotonic() - began)
