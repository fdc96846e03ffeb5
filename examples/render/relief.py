"""Reliefs and light: the few functions every drawn thing of the examples shares (centimetres, y up)."""

from __future__ import annotations

import cv2
import numpy as np

KEY_LIGHT = np.array((-0.40, 0.46, 0.79), np.float32)  # towards the lamp at the upper left
FILL_LIGHT = np.array((0.75, 0.05, 0.66), np.float32)


def step(low, high, x):
    """Smooth 0 -> 1 between `low` and `high` (arrays or numbers)."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def bump(x, y, cx, cy, sx, sy):
    return np.exp(-(((x - cx) / sx) ** 2 + ((y - cy) / sy) ** 2) / 2)


def blend(image, colour, mask):
    """Paint `colour` (3,) or (H, W, 3) over `image` (H, W, 3) in place where `mask` (H, W) says so."""
    image += (np.asarray(colour, np.float32) - image) * mask[..., None]


def curve(table, y):
    """A smooth curve through (y, value) rows at heights `y`: cubic Hermite with finite differences."""
    rows = np.array(table[::-1], np.float64)
    at, value = rows[:, 0], rows[:, 1]
    slope = np.gradient(value, at)
    y = np.clip(y, at[0], at[-1])
    i = np.clip(np.searchsorted(at, y) - 1, 0, len(at) - 2)
    h = at[i + 1] - at[i]
    t = (y - at[i]) / h
    out = (1 + 2 * t) * (1 - t) ** 2 * value[i] + t * (1 - t) ** 2 * h * slope[i]
    out += t * t * (3 - 2 * t) * value[i + 1] + t * t * (t - 1) * h * slope[i + 1]
    return np.maximum(out, 0).astype(np.float32)


def noise(shape, scale, seed):
    """Smooth noise (H, W) of unit deviation with blobs of `scale` = (x, y) pixels."""
    rough = np.random.default_rng(seed).standard_normal((shape[0] // scale[1] + 3, shape[1] // scale[0] + 3))
    return cv2.resize(rough.astype(np.float32), (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)


def light(z, albedo, *, px_per_cm, key=KEY_LIGHT, gloss=0.1, soft=0.42, shadow=0.0):
    """Colour (H, W, 3) of a relief z (H, W) in cm under key light, fill light and a bright ceiling."""
    nx = -cv2.Sobel(z, cv2.CV_32F, 1, 0, ksize=3, scale=px_per_cm / 8)
    ny = cv2.Sobel(z, cv2.CV_32F, 0, 1, ksize=3, scale=px_per_cm / 8)  # rows run downwards
    inv = 1 / np.sqrt(nx * nx + ny * ny + 1)
    nx, ny, nz = nx * inv, ny * inv, inv
    key = key / np.linalg.norm(key)
    lit = nx * key[0] + ny * key[1] + nz * key[2]
    lit = np.clip((lit + soft) / (1 + soft), 0, 1) * (1 - shadow)
    fill = np.clip(nx * FILL_LIGHT[0] + ny * FILL_LIGHT[1] + nz * FILL_LIGHT[2], 0, 1)
    sky = 0.5 + 0.5 * ny
    # red light travels further under the skin: the edge of the shade is warm
    warm = np.stack([lit**0.85, lit, lit**1.12], -1)
    colour = albedo * (0.20 + 0.14 * sky[..., None] + 0.74 * warm + 0.18 * fill[..., None])
    half = key + np.array((0, 0, 1), np.float32)
    half /= np.linalg.norm(half)
    shine = np.clip(nx * half[0] + ny * half[1] + nz * half[2], 0, 1)
    shine = gloss * (0.75 * shine**28 + 0.25 * shine**8) * (1 - shadow)
    return colour + shine[..., None]
