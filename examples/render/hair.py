"""The hair that moves with the head: its outline, the way its strands run, and its shine."""

from __future__ import annotations

import cv2
import numpy as np
from relief import light, noise, step

CROWN_CM = {"long": 10.6, "bob": 10.6, "bun": 10.2, "short": 10.7}  # height of the top of the hair
TIPS_CM = {"long": -12.4, "bob": -8.3, "bun": 2.2, "short": 0.2}  # where the side hair ends
HALF_CM = {"long": 8.25, "bob": 8.3, "bun": 7.55, "short": 7.62}  # half width at the temples


class Hair:
    """The hair of `look` on the grid x (1, W), y (H, 1) in cm: `mask` and relief `z`, both (H, W)."""

    def __init__(self, look, x, y, *, px_per_cm: float):
        self.look, self.x, self.y, self.px_per_cm = look, x, y, px_per_cm
        ax, style, part = np.abs(x), look.style, look.part_x_cm
        top, half, tips = CROWN_CM[style], HALF_CM[style], TIPS_CM[style]
        rough = noise((y.shape[0], x.shape[1]), (26, 26), 11)
        tufts = noise((y.shape[0], x.shape[1]), (5, 12), 12)
        dome = half * np.clip(1 - (np.maximum(y - 1.5, 0) / (top - 1.5)) ** 2.25, 0, 1) ** 0.5
        sides = half - {"bob": 0.035, "short": 0.25}.get(style, -0.02) * np.clip(1.5 - y, 0, 12) ** 1.2
        outer = np.where(y > 1.5, dome, sides)
        slope = np.gradient(outer[:, 0])[:, None] * px_per_cm
        inside = np.clip((outer + 0.06 * rough - ax) * px_per_cm / np.sqrt(1 + slope**2) + 0.5, 0, 1)
        r = np.clip(ax / np.maximum(outer, 0.05), 0, 1)
        if style == "short":
            sweep = 0.28 * np.sin((x - part) * 0.9) + 0.10 * np.sin(x * 3.1) + 0.06 * np.sin(x * 7.3 + 1)
            line = 7.55 - 0.018 * x * x + sweep - 5.2 * step(5.35, 6.9, ax)
            burn = step(6.45, 6.85, ax) * step(-0.9, 0.6, y)
            mask = np.maximum(step(line - 0.45, line + 0.45, y + 0.16 * tufts), burn * step(7.4, 7.15, ax))
            lift = np.arctan2(x - part * 0.4, y + 1.0)
            flow = lift * 46 + 1.1 * np.sin(y * 0.7 + x * 0.35)
        else:
            reach = np.where(x > part, 6.75 - part, 6.75 + part)
            u = np.clip(np.abs(x - part) / reach, 0, 1)
            line = 9.15 - 1.35 * u**1.25 - 0.35 * np.sin(np.pi * u) - 4.9 * u**4.2
            edge = {"long": 6.20, "bob": 6.15, "bun": 6.95}[style]
            wave = 0.16 * np.sin(y * 0.62 + 0.9) * (style == "long") + 0.05 * np.clip(-y, 0, 14)
            lock = step(edge - 0.16, edge + 0.16, ax + wave * 0.6) * step(
                tips - 0.9, tips + 0.5, y + 0.3 * tufts + 1.2 * r
            )
            lock = lock * step(6.6, 3.4, y)
            mask = np.maximum(step(line - 0.10, line + 0.10, y), lock)
            shell = np.hypot(
                (x - part * np.clip((y - 2) / 8, 0, 1)) / half, np.maximum(y - 1.5, 0) / (top - 1.5)
            )
            flow = 60 * np.where(y > 1.5, shell, r) + 0.7 * np.sin(y * 0.62 + 0.9) + 0.5 * np.sin(y * 0.23)
        self.mask = (mask * inside * step(top, top - 0.15, y)).astype(np.float32)
        level = np.sqrt(np.clip(1 - (np.maximum(y - 1.5, 0) / (top - 1.4)) ** 2, 0, 1))
        self.z = ((4.9 * level + 0.9) * np.sqrt(1 - r**2.2)).astype(np.float32)
        table = np.random.default_rng(7).standard_normal(4096).astype(np.float32)
        fine = np.interp(flow * 5.0, np.arange(-2048, 2048), table)
        broad = np.interp(flow * 1.1 + 0.10 * y, np.arange(-2048, 2048), table[::-1])
        self.strands = (0.45 * fine + 0.75 * broad).astype(np.float32)
        self.parting = np.exp(-(((x - part) / 0.10) ** 2)) * step(8.6, 9.2, y) * (style != "short")

    def paint(self, colour, z, face):
        """Draw the hair over the `colour` (H, W, 3) of a head, shade the skin at its rim, raise the relief z.

        Outside the coverage `face` (H, W) the colour goes on past the rim, so that soft edges stay clean.
        """
        y, ax = self.y, np.abs(self.x)
        tone = np.asarray(self.look.hair, np.float32)
        albedo = tone * np.clip(1 + 0.22 * self.strands - 0.35 * self.parting, 0.35, 1.8)[..., None]
        relief = cv2.GaussianBlur(self.z + 0.06 * self.strands, (0, 0), 1.0)
        lit = light(relief, albedo, px_per_cm=self.px_per_cm, gloss=0.02)
        band = np.exp(-(((y - 8.1 + 0.05 * ax**2) / 0.9) ** 2))
        band = band + 0.40 * np.exp(-(((y + 2.5) / 2.4) ** 2)) * step(6.0, 7.0, ax)
        lit += (band * np.clip(0.50 + 0.35 * self.strands, 0, 1.4))[..., None] * (tone * 0.45 + 0.05)
        shade = cv2.GaussianBlur(self.mask, (0, 0), 10)
        colour *= (1 - 0.50 * np.clip(shade * (1 - self.mask) * 1.4, 0, 1))[..., None]
        rim = np.clip(cv2.GaussianBlur(self.mask, (0, 0), 3) * 8, 0, 1) * (1 - face)
        colour += (lit - colour) * np.maximum(self.mask, rim)[..., None]
        np.maximum(z, (self.z + 0.25) * (self.mask > 0.5), out=z)
