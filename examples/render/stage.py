"""Everything around the face: a softly lit studio, neck, clothes, hair behind the neck, a gesturing arm."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from head import Look
from relief import blend, bump, light, noise, step

WIDTH_PX, HEIGHT_PX = 640, 480  # of the finished picture
OVERSAMPLE = 2  # everything is drawn at twice the size and averaged
SCALE = 11.4 * OVERSAMPLE  # pixels per cm while drawing
ORIGIN_PX = (320 * OVERSAMPLE, 196 * OVERSAMPLE)  # pixel of the origin of the head


@dataclass(frozen=True)
class Studio:
    """Colours (RGB 0..1) of the place and the clothes; `collar` is "crew", "vee" or "shirt"."""

    wall: tuple[float, float, float]
    glow: tuple[float, float, float]
    cloth: tuple[float, float, float]
    collar: str = "crew"
    shoulders: float = 1.0
    seed: int = 0


class Stage:
    """Paints the still layers once; `back` is the picture behind the head, `arm` draws in front of it."""

    def __init__(self, look: Look, studio: Studio):
        self.look, self.studio = look, studio
        width, height = WIDTH_PX * OVERSAMPLE, HEIGHT_PX * OVERSAMPLE
        self.x = ((np.arange(width, dtype=np.float32) + 0.5 - ORIGIN_PX[0]) / SCALE)[None, :]
        self.y = (-(np.arange(height, dtype=np.float32) + 0.5 - ORIGIN_PX[1]) / SCALE)[:, None]
        self.shape = (height, width)
        self.wall = self._wall()
        self.body, self.cover = self._body()

    def _wall(self):
        x, y, studio = self.x, self.y, self.studio
        wall = np.zeros((*self.shape, 3), np.float32) + np.asarray(studio.wall, np.float32)
        blend(wall, studio.glow, np.exp(-(((x + 7) / 19) ** 2 + ((y - 4) / 15) ** 2)) * 0.9)
        rng = np.random.default_rng(studio.seed)
        for _ in range(9):  # lamps far out of focus
            cx, cy, radius = rng.uniform(-27, 27), rng.uniform(-8, 16), rng.uniform(1.2, 3.4)
            far = np.hypot(x - cx, y - cy)
            disc = step(radius + 0.35, radius - 0.35, far) * (0.75 + 0.25 * (far / radius) ** 2)
            blend(wall, np.minimum(np.asarray(studio.glow) * 1.25 + 0.05, 1), disc * rng.uniform(0.10, 0.24))
        wall *= (1.02 - 0.34 * np.clip((x / 30) ** 2 + ((y + 4) / 26) ** 2, 0, 1))[..., None]
        return cv2.GaussianBlur(wall, (0, 0), 5)

    def _body(self):
        """Colour and coverage of neck, clothes and the hair behind them."""
        x, y, ax, look, studio = self.x, self.y, np.abs(self.x), self.look, self.studio
        wide = studio.shoulders
        skin, cloth = np.asarray(look.skin, np.float32), np.asarray(studio.cloth, np.float32)
        colour = np.zeros((*self.shape, 3), np.float32)
        cover = np.zeros(self.shape, np.float32)
        if look.style in ("long", "bob"):
            tips = -13.6 if look.style == "long" else -8.6
            half = 7.0 + (0.75 if look.style == "long" else 0.0) * np.clip(-y, 0, 14) / 7
            strands = noise((1, self.shape[1]), (5, 1), 5)
            behind = (
                step(half + 0.08, half - 0.08, ax)
                * step(tips - 0.5, tips + 0.5, y + 0.25 * strands - 0.03 * ax**2)
                * step(2.5, 0.5, y)
            )
            tone = np.asarray(look.hair, np.float32) * 0.42
            blend(
                colour,
                tone * np.clip(1 + 0.22 * strands, 0.5, 1.5)[..., None],
                np.ones(self.shape, np.float32),
            )
            cover = np.maximum(cover, behind)
        if look.style == "bun":
            far = np.hypot(x - 0.3, y - 11.6) / 3.4
            z = 3.4 * np.sqrt(np.clip(1 - far**2, 0, 1))
            swirl = 0.5 * np.sin(
                8 * np.arctan2(y - 10.2, x - 0.3) + 5 * far + 0.9 * noise(self.shape, (14, 14), 6)
            )
            albedo = np.asarray(look.hair, np.float32) * (1 + 0.25 * swirl)[..., None]
            knot = np.clip((1 - far) * 60, 0, 1)
            blend(
                colour,
                light((z + 0.12 * swirl).astype(np.float32), albedo, px_per_cm=SCALE, gloss=0.08),
                knot,
            )
            cover = np.maximum(cover, knot)
        # neck: a column with two tendons, in the shade of the chin
        half = (4.35 if look.beard else 3.75) + 0.02 * (y + 8) ** 2 * (y < -8)
        z = 4.4 * np.sqrt(np.clip(1 - (ax / half) ** 2, 0, 1)) - 0.35 * np.exp(
            -(((ax + 0.30 * (y + 9.5)) / 0.5) ** 2)
        )
        z = z - 0.5 * bump(x, y, 0, -13.6, 0.9, 0.8)
        albedo = np.zeros((*self.shape, 3), np.float32) + skin * (0.97, 0.90, 0.87)
        chest = -11.8 - 0.10 * (ax - 3.4).clip(0)
        neck = np.clip((half - ax) * SCALE + 0.5, 0, 1) * step(-4, -5, y)
        bust = step(chest + 0.3, chest - 0.3, y) * step(9.5, 8.5, ax)
        z = np.maximum(z, (3.2 - 0.018 * x**2) * step(-10.6, -14.2, y))
        z = cv2.GaussianBlur(z.astype(np.float32), (0, 0), 9)
        shadow = 0.62 * np.exp(-(((x - 0.6) / 4.6) ** 2)) * step(-12.6, -8.8, y)
        lit = (
            light(z, albedo, px_per_cm=SCALE, gloss=0.04, shadow=shadow.astype(np.float32))
            * (1 - 0.35 * shadow)[..., None]
        )
        flesh = np.maximum(neck, bust)
        blend(colour, lit, flesh)
        cover = np.maximum(cover, flesh)
        # clothes: shoulders fall in a soft curve, the cloth is a little uneven
        across = ax / wide
        line = (
            -10.9
            - 0.055 * np.clip(across - 3.6, 0, None) ** 1.55
            - 1.2 * np.clip((across - 15.0) / 5.2, 0, 1) ** 2.2 * 7
        )
        line = line - 40 * np.clip(across - 20.2, 0, 1)
        collar = {"crew": -12.7 + 0.075 * ax**2, "vee": -17.4 + 1.10 * ax, "shirt": -15.2 + 0.86 * ax}[
            studio.collar
        ]
        collar = np.minimum(collar, -9.6)
        below = np.clip((line - y), 0, None)
        z = 6.5 * np.sqrt(np.clip(1 - (across / 21) ** 2, 0, 1)) * np.sqrt(1 - np.exp(-below / 3.0))
        folds = (
            noise(self.shape, (300, 200), studio.seed + 20) * 0.30
            + noise(self.shape, (90, 180), studio.seed + 21) * 0.08
        )
        z = z + folds * np.clip(below / 5, 0, 1)
        z = z - 1.1 * np.exp(-(((across - 15.4 + 0.12 * (y + 25)) / 0.55) ** 2)) * step(-19.0, -22.5, y)
        weave = 1 + 0.020 * noise(self.shape, (3, 3), 31) + 0.012 * np.sin(x * 26) * (studio.collar == "crew")
        albedo = cloth * weave[..., None]
        edge = step(collar + 0.06, collar - 0.06, y)
        if studio.collar == "shirt":
            flap = (
                step(-4.4, -3.4, collar - y - 2.6)
                * step(0, 0.05, y - collar + 3.6 - 0.32 * ax)
                * step(7.6, 7.2, ax)
            )
            z = z + 0.5 * flap
            albedo = albedo * (1 + 0.10 * flap)[..., None]
            seam = np.exp(-((x / 0.10) ** 2)) * step(-16.4, -17.0, y)
            z = z - 0.25 * seam
        else:
            rib = np.exp(-(((collar - y - 0.62) / 0.62) ** 4))
            z = z + 0.28 * rib
            albedo = albedo * (1 - 0.06 * rib * (1 + np.sin(ax * 16)))[..., None]
        z = cv2.GaussianBlur(z.astype(np.float32), (0, 0), 2.2)
        lit = light(z, albedo, px_per_cm=SCALE, gloss=0.015)
        slope = np.clip((line - y) * SCALE * 0.8 + 0.5, 0, 1)
        clothes = slope * edge
        near = cv2.GaussianBlur(clothes, (0, 0), 9) * (1 - clothes)
        colour *= (1 - 0.40 * near)[..., None]
        blend(colour, lit, clothes)
        return np.clip(colour, 0, 1), np.maximum(cover, clothes).astype(np.float32)

    def back(self, *, breath_cm: float = 0.0, x_cm: float = 0.0):
        """The picture (H, W, 3) float32 without the head; the body is shifted by breath and sway."""
        shift = np.float32([[1, 0, x_cm * SCALE], [0, 1, -breath_cm * SCALE]])
        size = (self.shape[1], self.shape[0])
        body = cv2.warpAffine(self.body, shift, size, borderMode=cv2.BORDER_REPLICATE)
        cover = cv2.warpAffine(self.cover, shift, size, borderMode=cv2.BORDER_REPLICATE)
        return self.wall + (body - self.wall) * cover[..., None]

    def arm(self, picture, *, wrist, angle_deg):
        """Draw a forearm with a raised forefinger: `wrist` (x, y) in cm, 0 degrees is upright."""
        x0, x1 = wrist[0] - 13, wrist[0] + 13
        y0, y1 = wrist[1] - 20, wrist[1] + 13
        left, right = (int(np.clip(v * SCALE + ORIGIN_PX[0], 0, self.shape[1])) for v in (x0, x1))
        top, bottom = (int(np.clip(ORIGIN_PX[1] - v * SCALE, 0, self.shape[0])) for v in (y1, y0))
        if right - left < 8 or bottom - top < 8:
            return
        dx, dy = self.x[:, left:right] - wrist[0], self.y[top:bottom] - wrist[1]
        a = np.deg2rad(angle_deg)
        u, v = dx * np.cos(a) - dy * np.sin(a), dx * np.sin(a) + dy * np.cos(a)

        def rod(ua, va, ub, vb, ra, rb, lift):
            du, dv = ub - ua, vb - va
            t = np.clip(((u - ua) * du + (v - va) * dv) / (du * du + dv * dv), 0, 1)
            radius = ra + (rb - ra) * t
            far = np.hypot(u - ua - t * du, v - va - t * dv)
            return np.where(far < radius, lift + np.sqrt(np.maximum(radius**2 - far**2, 0)), -9).astype(
                np.float32
            )

        palm = [rod(-1.1, 2.9, 1.1, 3.3, 2.75, 2.6, 0), rod(0, -3, 0, 2.0, 2.0, 2.1, 0.0)]
        curled = [
            rod(0.2 - 0.1 * k, 5.0 - 1.12 * k, -2.2 + 0.15 * k, 5.2 - 1.12 * k, 0.80, 0.82, 1.9)
            for k in range(3)
        ]
        thumb = [rod(2.4, 1.4, 1.9, 3.6, 1.05, 0.90, 1.4), rod(1.9, 3.6, -0.3, 4.5, 0.85, 0.72, 2.2)]
        finger = [rod(1.55, 4.8, 1.75, 7.6, 0.95, 0.84, 0.7), rod(1.75, 7.6, 1.7, 10.6, 0.84, 0.66, 0.6)]
        parts = [*palm, *curled, *thumb, *finger]
        z = np.max(parts, axis=0)
        hand = (z > -5).astype(np.float32)
        fine = cv2.GaussianBlur(np.where(hand > 0, z, 0), (0, 0), 2.0)
        inked = np.zeros((*z.shape, 3), np.float32) + np.asarray(self.look.skin, np.float32) * (
            1.02,
            0.93,
            0.90,
        )
        blend(
            inked,
            np.asarray(self.look.skin, np.float32) * (1.03, 0.78, 0.74),
            bump(u, v, 1.7, 10.2, 0.7, 0.8) * 0.6,
        )
        hollow = np.clip((fine - cv2.GaussianBlur(fine, (0, 0), 9)) * 0.4, -0.35, 0.05)
        lit = light(fine, inked, px_per_cm=SCALE, gloss=0.05) * (1 + hollow)[..., None]
        soft = cv2.GaussianBlur(hand, (0, 0), 1.1)
        target = picture[top:bottom, left:right]
        target *= (1 - 0.22 * cv2.GaussianBlur(hand, (0, 0), 16) * (1 - hand))[..., None]
        target += (lit - target) * np.clip(soft * 1.6 - 0.5, 0, 1)[..., None]
        sleeve = np.maximum(rod(0, -1.8, 0, -2.4, 2.75, 2.8, 0.3), rod(0, -2.6, 0, -20, 2.55, 3.9, 0))
        inside = (sleeve > -5).astype(np.float32)
        wrinkle = 0.10 * np.sin(v * 2.3 + 0.6 * np.sin(u * 1.3)) * inside
        sleeve = cv2.GaussianBlur(np.where(inside > 0, sleeve + wrinkle, 0).astype(np.float32), (0, 0), 2.0)
        cloth = np.zeros((*z.shape, 3), np.float32) + np.asarray(self.studio.cloth, np.float32) * 1.05
        soft = np.clip(cv2.GaussianBlur(inside, (0, 0), 1.1) * 1.6 - 0.5, 0, 1)
        target += (light(sleeve, cloth, px_per_cm=SCALE, gloss=0.01) - target) * soft[..., None]
        np.clip(target, 0, 1, out=target)
