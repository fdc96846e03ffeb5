"""A loader of weights that goes on only when a test says so."""

import queue
import threading

from affectgpt.hub.fetch import Progress


class Held:
    """`held.come(5.6)` has so many of 16.4 GB arrive; `held.end(engine)` ends the loading with it."""

    def __init__(self):
        self.steps, self.taken = queue.Queue(), threading.Semaphore(0)

    def __call__(self, tell):
        while isinstance(step := self.steps.get(timeout=60), Progress):
            try:
                tell(step)
            finally:
                self.taken.release()
        return step

    def come(self, gigabytes):
        self.steps.put(Progress(round(gigabytes * 1e9), 16_400_000_000, "model.safetensors"))
        assert self.taken.acquire(timeout=10)

    def end(self, engine):
        self.steps.put(engine)
