"""The mouth of the painted head: edges, relief and colour of the lips, teeth and tongue between them."""

from __future__ import annotations

import numpy as np
from relief import blend, bump, step


class Mouth:
    """The mouth of `look` on the grid x (1, W), y (H, 1) in cm: `raise_lips`, then light, then `open`."""

    def __init__(self, look, x, y, *, px_per_cm: float):
        self.look, self.x, self.y, self.px_per_cm = look, x, y, px_per_cm

    def edges(self, pose):
        """Half width, corner height (cm) and the lip edges, top to bottom, as functions of x / half width."""
        half = 2.42 + 0.92 * pose.smile - 0.75 * pose.pucker + 0.12 * pose.corners_down
        gap = 1.9 * pose.mouth_open
        middle = -4.25 - 0.10 * pose.smile
        corner = middle + 0.98 * pose.smile - 0.72 * pose.corners_down - 0.25 * gap
        thin = (1 - 0.22 * pose.smile - 0.1 * pose.brow_lower) * (1 + 0.16 * self.look.soft)

        def line(t):
            return middle + (corner - middle) * np.abs(t) ** 1.7

        def arch(t):
            return np.clip(1 - np.abs(t) ** 2.3, 0, 1)

        def upper_out(t):
            bow = 0.62 * thin * (1 - np.abs(t) ** 1.8) - 0.10 * np.exp(-((t / 0.12) ** 2))
            return line(t) + np.maximum(bow, 0) + 0.10 * gap * arch(t)

        def upper_in(t):
            return line(t) + 0.06 * gap * arch(t)

        def lower_in(t):
            return line(t) - (0.02 + 0.94 * gap) * arch(t)

        def lower_out(t):
            return lower_in(t) - 0.88 * thin * np.clip(1 - np.abs(t) ** 2.1, 0, 1)

        return half, corner, (upper_out, upper_in, lower_in, lower_out)

    def raise_lips(self, pose, z, skin):
        """Raise the lips on the relief and colour them; returns what must be painted after the light:
        cavity, teeth."""
        x, y = self.x, self.y
        half, corner, (upper_out, upper_in, lower_in, lower_out) = self.edges(pose)
        t = np.clip(x / half, -1, 1)
        inside = np.clip((half - np.abs(x)) * self.px_per_cm + 0.5, 0, 1)
        edges = [edge(t) for edge in (upper_out, upper_in, lower_in, lower_out)]  # each (1, W)
        soft = 0.05

        def between(low, high):
            return step(low - soft, low + soft, y) * step(high + soft, high - soft, y) * inside

        upper, lower = between(edges[1], edges[0]), between(edges[3], edges[2])
        hole = step(edges[2] - 0.03, edges[2] + 0.03, y) * step(edges[1] + 0.03, edges[1] - 0.03, y) * inside
        hole = hole * np.clip((edges[1] - edges[2] - 0.03) / 0.08, 0, 1)
        fat = np.clip((y - edges[3]) / np.maximum(edges[2] - edges[3], 0.05), 0, 1)
        z += (
            0.42
            * np.maximum(np.sin(np.pi * fat), 0) ** 0.8
            * step(edges[3] - soft, edges[3] + soft, y)
            * inside
            * np.sqrt(np.clip(1 - t**2, 0, 1))
        )
        fat = np.clip((y - edges[1]) / np.maximum(edges[0] - edges[1], 0.05), 0, 1)
        z += 0.26 * np.maximum(np.sin(np.pi * fat), 0) ** 0.7 * upper * np.sqrt(np.clip(1 - t**2, 0, 1))
        z -= 0.28 * bump(np.abs(x), y, half + 0.12, corner, 0.22, 0.25)
        lips = np.asarray(self.look.lips, np.float32)
        blend(skin, lips * 0.92, upper * 0.9)
        blend(skin, lips * 1.04, lower * 0.85)
        return hole, edges, t, half, corner, inside

    def open(self, pose, colour, painted):
        hole, edges, t, half, corner, inside = painted
        x, y = self.x, self.y
        top, bottom = edges[1], edges[2]
        gap = np.maximum(top - bottom, 0.01)
        depth = (top - y) / gap
        dark = np.zeros((self.y.shape[0], self.x.shape[1], 3), np.float32) + np.array(
            (0.20, 0.06, 0.06), np.float32
        )
        tongue = step(0.55, 0.95, depth) * step(0.95, 0.55, np.abs(t))
        blend(dark, (0.62, 0.27, 0.26), tongue * 0.8)
        reach = np.minimum(0.62 * (1 - 0.35 * t**2), gap * 0.75) * (0.5 + 0.5 * pose.smile)
        teeth = step(top - reach - 0.05, top - reach + 0.05, y) * step(0.98, 0.80, np.abs(t))
        shade = 0.93 - 0.28 * t**2 - 0.16 * step(0.22, 0.0, top - y)
        gaps = 1 - 0.10 * np.exp(-((((np.abs(x) / 0.80 + 0.5) % 1.0 - 0.5) / 0.045) ** 2))
        white = (shade * gaps)[..., None] * np.array((1.0, 0.965, 0.91), np.float32)
        dark += (white - dark) * teeth[..., None]
        dark *= 0.72 + 0.28 * step(0.0, 0.25, top - y)[..., None]
        colour += (dark - colour) * hole[..., None]
        # the line between the lips, strongest in the middle and at the corners
        mid = (edges[1] + edges[2]) / 2
        seam = np.exp(-(((y - mid) / 0.055) ** 2) / 2) * inside * np.clip(1 - gap / 0.2, 0, 1)
        blend(colour, (0.30, 0.10, 0.10), seam * 0.75)
        blend(colour, (0.32, 0.14, 0.12), 0.45 * bump(np.abs(x), y, half, corner, 0.16, 0.10))
