"""A painted head whose expression is a handful of numbers: a relief that is lit, coloured and turned.

The head is a height field z(x, y) over the frontal plane, in centimetres of an average adult: x to the
right of the picture, y up, origin between the eyes and the tip of the nose. Features move with `Pose`; light
comes from the normals of the relief, a turn of the head is a parallax warp. All is drawn by our own formulas:
no photograph, no model.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from hair import Hair
from mouth import Mouth
from relief import KEY_LIGHT, blend, bump, curve, light, noise, step

PX_PER_CM = 22.0  # of the head patch, about twice the size in the picture
LEFT_CM, RIGHT_CM, TOP_CM, BOTTOM_CM = -11.0, 11.0, 13.0, -14.0  # extent of the patch
EYE_X_CM, EYE_Y_CM, EYE_HALF_CM = 3.15, 2.6, 1.42  # middle of an eye and half its width
# half width of the face outline (cm) by height (cm), and the depth (cm) of its middle line
OUTLINE = (
    (9.6, 0.0), (9.2, 2.6), (8.2, 4.7), (6.5, 6.35), (4.0, 7.2), (1.5, 7.35), (-1.0, 7.15), (-3.0, 6.75),
    (-4.8, 6.05), (-6.4, 5.0), (-7.8, 3.65), (-8.8, 2.25), (-9.3, 1.05), (-9.5, 0.0),
)  # fmt: skip
DEPTH = (
    (9.6, 0.0), (9.0, 2.6), (8.0, 4.0), (6.0, 5.3), (4.0, 5.9), (2.6, 5.6), (0.5, 5.9), (-2.0, 6.1),
    (-4.2, 6.3), (-5.6, 5.9), (-7.2, 5.8), (-8.4, 4.9), (-9.1, 3.2), (-9.5, 0.0),
)  # fmt: skip


@dataclass(frozen=True)
class Look:
    """Who is drawn: colours are linear-ish RGB 0..1."""

    skin: tuple[float, float, float]
    lips: tuple[float, float, float]
    hair: tuple[float, float, float]
    iris: tuple[float, float, float]
    style: str  # hair: "long", "short", "bun" or "bob"
    beard: float = 0.0  # strength of the shadow of a shaved beard, 0..1
    brow_thickness: float = 1.0
    lashes: float = 1.0
    part_x_cm: float = 1.6  # where the hair is parted
    width: float = 1.0  # of the lower face
    soft: float = 0.0  # 0..1: larger eyes, fuller lips, a smaller nose


@dataclass(frozen=True)
class Pose:
    """What the face does in one frame; everything at its default is a face at rest."""

    smile: float = 0.0  # 0..1
    mouth_open: float = 0.0  # 0..1, 1 = 1.9 cm
    corners_down: float = 0.0  # 0..1
    pucker: float = 0.0  # 0..1 rounded lips
    brow_lower: float = 0.0  # 0..1 frown: both brows down, inner ends together
    brow_raise: float = 0.0  # 0..1 both brows up
    brow_sad: float = 0.0  # 0..1 inner ends up
    lids: float = 1.0  # 0 closed, 1 at rest, 1.4 wide
    gaze_x: float = 0.0  # -1..1 towards the right of the picture
    gaze_y: float = 0.0  # -1..1 up
    yaw_deg: float = 0.0  # turn towards the right of the picture
    pitch_deg: float = 0.0  # nose up is positive
    roll_deg: float = 0.0
    x_cm: float = 0.0  # shift of the whole head
    y_cm: float = 0.0


class Head:
    """Draws a `Look` in a `Pose`: `paint` gives the frontal patch, `place` puts it, turned, in a picture."""

    def __init__(self, look: Look):
        self.look = look
        width, height = int((RIGHT_CM - LEFT_CM) * PX_PER_CM), int((TOP_CM - BOTTOM_CM) * PX_PER_CM)
        self.x = (LEFT_CM + (np.arange(width, dtype=np.float32) + 0.5) / PX_PER_CM)[None, :]
        self.y = (TOP_CM - (np.arange(height, dtype=np.float32) + 0.5) / PX_PER_CM)[:, None]
        self.shape = (height, width)
        self.narrow = 1 - 0.14 * look.soft
        self.pores = noise(self.shape, (3, 3), 1) * 0.008 + noise(self.shape, (40, 40), 2) * 0.012
        self.brow_hair = noise(self.shape, (3, 9), 3)
        self.mouth = Mouth(look, self.x, self.y, px_per_cm=PX_PER_CM)
        self.hair = Hair(look, self.x, self.y, px_per_cm=PX_PER_CM)

    # ---- relief

    def _relief(self, pose: Pose):
        """Height z, coverage of the face and the heights of the rows as they were before the jaw moved."""
        x, y, ax = self.x, self.y, np.abs(self.x)
        jaw = 1.0 * pose.mouth_open
        rest = y + jaw * step(-3.6, -7.0, y)  # the row each row comes from when the jaw drops
        half = curve(OUTLINE, rest) * (1 + (self.look.width - 1) * step(1.0, -6.0, rest))
        slope = np.gradient(half[:, 0])[:, None] * PX_PER_CM
        cover = np.clip((half - ax) * PX_PER_CM / np.sqrt(1 + slope**2) + 0.5, 0, 1)
        r = np.minimum(ax / np.maximum(half, 0.02), 1)
        z = curve(DEPTH, rest) * np.sqrt(1 - r**2.6)
        smile = pose.smile
        # forehead, brow ridge, sockets, cheekbones
        z = z + 0.35 * bump(ax, y, 2.9, 4.5, 1.9, 0.75) - 1.0 * bump(ax, y, 3.0, 2.75, 1.55, 0.95)
        z -= 0.55 * bump(ax, y, 1.35, 2.9, 0.5, 0.9)
        z += (0.45 + 0.30 * smile) * bump(ax, y, 4.5, -0.6 + 0.35 * smile, 1.8, 1.35)
        z -= 0.30 * bump(ax, y, 5.6, -3.6, 1.4, 1.6)
        # nose: bridge widening into a tip, wings, underside
        along = np.clip((3.4 - y) / 4.6, 0, 1)  # 0 at the root, 1 at the tip
        ridge = (0.35 + 1.35 * along**1.3) * step(-2.75, -1.05, y) * step(4.4, 2.4, y)
        z += ridge * np.exp(-((ax / (0.72 + 0.42 * along) / self.narrow) ** 2) / 1.7)
        z += 0.50 * bump(x, y, 0, -1.10, 0.70, 0.62) + 0.50 * bump(
            ax, y, 1.22 * self.narrow, -1.60, 0.50, 0.50
        )
        z -= 0.22 * bump(ax, y, 1.95, -1.75, 0.28, 0.6)
        # folds from the wings to the corners of the mouth, deeper in a smile
        fold_x = 1.95 + (1.25 + 0.75 * smile) * np.clip((-1.3 - y) / 3.0, 0, 1.2) ** 0.9
        z -= (
            (0.06 + 0.20 * smile + 0.1 * pose.corners_down)
            * np.exp(-(((ax - fold_x) / 0.36) ** 2) / 2)
            * (step(-1.0, -2.0, y) * step(-5.2, -3.9, y))
        )
        # mouth region stands forward; groove above and below, chin
        z += 0.35 * bump(x, rest, 0, -4.3, 2.6, 1.3) - 0.14 * bump(x, y, 0, -2.9, 0.28, 0.5)
        z -= 0.50 * bump(x, rest, 0, -6.05, 1.9, 0.5)
        z += 0.60 * bump(x, rest, 0, -7.7, 1.5, 0.95)
        # a frown makes two upright creases and a bulge between the brows
        frown = pose.brow_lower
        z += frown * (0.25 * bump(x, y, 0, 4.0, 0.9, 0.6) - 0.22 * bump(ax, y, 0.62, 4.3, 0.12, 0.75))
        lines = pose.brow_raise + 0.7 * pose.brow_sad
        for level in (5.9, 6.7, 7.5):
            z -= 0.07 * lines * np.exp(-(((y - level - 0.03 * ax**2) / 0.13) ** 2) / 2) * step(4.6, 2.5, ax)
        return z.astype(np.float32), cover, rest

    def _ears(self, z, cover):
        """Ears at the sides of the relief, behind the face."""
        ax = np.abs(self.x)
        far = np.hypot((ax - 7.30 - 0.10 * (self.y - 0.4)) / 0.95, (self.y - 0.6) / 2.15)
        rim = np.clip((1 - far) * 14, 0, 1) * step(6.4, 7.0, ax)
        ear = 1.1 * np.sqrt(np.clip(1 - far**2, 0, 1)) - 0.5 * bump(ax, self.y, 7.35, 0.9, 0.35, 0.9)
        behind = rim * (1 - cover)
        z += (ear - z) * behind
        return np.maximum(cover, rim)

    # ---- eyes and brows

    def _eyes(self, pose, colour):
        x, y = self.x, self.y
        squint = 0.34 * pose.smile + 0.25 * pose.brow_lower
        for side in (-1, 1):
            ex = (side * x - EYE_X_CM) / EYE_HALF_CM  # -1 inner corner, 1 outer corner
            t = np.clip(ex, -1, 1)
            base = EYE_Y_CM + 0.07 * t
            low = base - (0.27 - 0.20 * squint) * np.clip(1 - t**2, 0, 1) ** 0.9
            arch = (
                np.clip(1 - np.abs((t + 0.08) / 1.08) ** 2.4, 0, 1) ** 0.8
                * np.clip((1 - np.abs(t)) * 9, 0, 1) ** 0.5
            )
            opening = (0.89 + 0.09 * self.look.soft - 0.20 * squint) * (pose.lids - 0.18 * squint)
            high = low + np.maximum(opening, 0.0) * arch
            inside = np.clip((1 - np.abs(ex)) * EYE_HALF_CM * PX_PER_CM + 0.5, 0, 1)
            eye = step(low - 0.035, low + 0.035, y) * step(high + 0.035, high - 0.035, y) * inside
            eye = eye * np.clip((high - low) / 0.08 - 0.4, 0, 1)
            cx = side * EYE_X_CM + 0.42 * pose.gaze_x
            cy = EYE_Y_CM + 0.20 + 0.26 * pose.gaze_y
            white = np.zeros((*self.shape, 3), np.float32) + np.array((0.93, 0.90, 0.88), np.float32)
            white *= (1 - 0.26 * np.abs(t) ** 2.2)[..., None]
            blend(white, (0.80, 0.50, 0.47), bump(ex, y, -1.0, base, 0.13, 0.16) * 0.9)
            distance = np.sqrt((x - cx) ** 2 + (y - cy) ** 2)
            angle = np.arctan2(y - cy, x - cx)
            iris = (
                np.asarray(self.look.iris, np.float32)
                * (
                    0.80
                    + 0.45 * step(0.5, -0.4, (y - cy) + 0.15)
                    + 0.10 * np.sin(angle * 23 + 2 * np.sin(angle * 7))
                )[..., None]
            )
            iris *= (1 - 0.55 * step(0.44, 0.60, distance))[..., None]
            white += (iris - white) * step(0.63, 0.56, distance)[..., None]
            blend(white, (0.03, 0.025, 0.03), step(0.30, 0.24, distance))
            white *= (1 - 0.50 * np.exp(-np.maximum(high - y, 0) / 0.16))[..., None]
            blend(white, (1.0, 1.0, 1.0), step(0.17, 0.09, np.hypot(x - cx + 0.20, y - cy - 0.24)) * 0.95)
            blend(white, (1.0, 1.0, 1.0), step(0.10, 0.04, np.hypot(x - cx - 0.20, y - cy + 0.22)) * 0.35)
            # crease of the lid, soft shade in the socket, lid, lashes
            crease = high + 0.30 + 0.10 * arch - 0.14 * squint
            near = step(1.22, 0.85, np.abs(ex))
            tone = np.asarray(self.look.skin, np.float32)
            blend(
                colour,
                tone * (0.42, 0.30, 0.28),
                0.42 * np.exp(-(((y - crease) / 0.075) ** 2) / 2) * near * arch,
            )
            blend(
                colour,
                tone * (0.55, 0.42, 0.40),
                0.30 * np.exp(-(((y - low + 0.30) / 0.10) ** 2) / 2) * near * (0.5 + squint),
            )
            colour += (white - colour) * eye[..., None]
            dark = np.asarray(self.look.hair, np.float32) * 0.25
            thick = (0.055 + 0.045 * step(-0.6, 0.9, ex)) * (0.75 + 0.45 * self.look.lashes)
            lash_line = high + 0.02 + 0.10 * self.look.lashes * step(0.75, 1.15, ex)
            lash = (
                np.exp(-(((y - lash_line) / thick) ** 2) / 2)
                * step(1.0 + 0.14 * self.look.lashes, 0.96, ex)
                * step(-1.04, -0.85, ex)
            )
            blend(colour, dark, lash * 0.95)
            blend(
                colour,
                tone * (0.45, 0.30, 0.28),
                0.55 * np.exp(-(((y - low) / 0.04) ** 2) / 2) * step(1.03, 0.85, np.abs(ex)),
            )

    def _brows(self, pose, colour):
        x, y = self.x, self.y
        for side in (-1, 1):
            inner = 1.20 - 0.38 * pose.brow_lower - 0.10 * pose.brow_sad
            u = np.clip((side * x - inner) / 4.75, 0, 1)
            inside = step(inner - 0.10, inner + 0.25, side * x) * step(inner + 4.85, inner + 4.2, side * x)
            line = (
                4.36
                + 0.62 * np.sin(0.84 * np.pi * u**1.2)
                - 0.28 * u
                - 0.4 * (self.look.brow_thickness - 1)
                + pose.smile * 0.22 * np.sin(np.pi * u)
            )
            line = line - pose.brow_lower * (0.92 * (1 - u) ** 1.2 + 0.48) + pose.brow_raise * 0.85
            line = line + pose.brow_sad * (1.0 * (1 - u) ** 1.6 - 0.30 * u)
            thick = 0.27 * self.look.brow_thickness * (1 - u) ** 0.45 * (0.75 + 0.25 * step(0.0, 0.15, u))
            strands = 0.90 + 0.13 * self.brow_hair
            brow = np.exp(-((np.abs(y - line) / (thick + 0.05)) ** 3.0)) * inside * np.clip(strands, 0.4, 1)
            blend(colour, np.asarray(self.look.hair, np.float32) * 0.42, brow * 0.92)

    # ---- skin

    def _skin(self, pose):
        x, y, ax = self.x, self.y, np.abs(self.x)
        skin = np.zeros((*self.shape, 3), np.float32) + np.asarray(self.look.skin, np.float32)
        skin *= (1 + self.pores)[..., None]
        flush = 0.30 * bump(ax, y, 4.6, -0.9 + 0.4 * pose.smile, 1.6, 1.3) + 0.22 * bump(
            x, y, 0, -1.3, 1.0, 0.8
        )
        flush = flush + 0.18 * bump(x, y, 0, -7.6, 1.4, 0.9) + 0.12 * bump(ax, y, 3.1, 2.7, 1.6, 0.7)
        blend(skin, np.asarray(self.look.skin, np.float32) * (1.02, 0.76, 0.72), flush * 1.3)
        if self.look.beard:
            beard = step(-1.6, -4.6, y + 0.02 * ax**2 - 0.35 * np.maximum(ax - 3, 0)) * step(-2.0, -2.9, y)
            blend(skin, np.asarray(self.look.skin, np.float32) * (0.62, 0.63, 0.68), self.look.beard * beard)
        return skin

    # ---- the whole

    def paint(self, pose: Pose):
        """The frontal patch: colour (H, W, 3) float32 0..1, coverage (H, W) and depth (H, W) in cm."""
        z, cover, _ = self._relief(pose)
        cover = self._ears(z, cover)
        skin = self._skin(pose)
        lips = self.mouth.raise_lips(pose, z, skin)
        smooth = cv2.GaussianBlur(z, (0, 0), 1.6)
        hollow = np.clip((smooth - cv2.GaussianBlur(z, (0, 0), 16)) * 0.34, -0.28, 0.06)
        yaw = np.deg2rad(pose.yaw_deg)
        key = np.array(
            (KEY_LIGHT[0] * np.cos(yaw) - KEY_LIGHT[2] * np.sin(yaw), KEY_LIGHT[1], KEY_LIGHT[2]), np.float32
        )
        x, y = self.x, self.y
        # the nose throws a soft shadow to the lower right, the lower lip one on the chin
        shadow = 0.42 * bump(x, y, 0.75, -2.45, 0.75, 0.32) + 0.25 * bump(x, y, 1.35, -0.3, 0.35, 1.3)
        shadow = shadow + 0.22 * bump(x, y, 0.1, -5.95 - 1.5 * pose.mouth_open, 1.3, 0.28)
        colour = light(
            smooth, skin, px_per_cm=PX_PER_CM, key=key, gloss=0.10, shadow=shadow.astype(np.float32)
        )
        colour *= (1 + hollow)[..., None]
        nostril = bump(np.abs(x), y, 0.66, -2.02, 0.30, 0.13) + 0.5 * bump(
            np.abs(x), y, 1.0, -1.95, 0.22, 0.16
        )
        blend(
            colour, np.asarray(self.look.skin, np.float32) * (0.22, 0.12, 0.10), np.clip(nostril, 0, 1) * 0.70
        )
        self.mouth.open(pose, colour, lips)
        self._eyes(pose, colour)
        self._brows(pose, colour)
        self.hair.paint(colour, z, cover)
        return np.clip(colour, 0, 1), np.maximum(cover, self.hair.mask), z

    def place(self, picture, pose: Pose, *, px_per_cm: float, origin: tuple[float, float]):
        """Draw the turned head into `picture` (H, W, 3) float32 in place; `origin` is its pixel of x = y =
        0."""
        colour, cover, z = self.paint(pose)
        rows, columns = picture.shape[:2]
        reach = int(15.5 * px_per_cm)
        ox, oy = origin[0] + pose.x_cm * px_per_cm, origin[1] - pose.y_cm * px_per_cm
        left, right = max(int(ox) - reach, 0), min(int(ox) + reach, columns)
        top, bottom = max(int(oy) - reach, 0), min(int(oy) + reach, rows)
        sx = (np.arange(left, right, dtype=np.float32)[None, :] - ox) / px_per_cm
        sy = -(np.arange(top, bottom, dtype=np.float32)[:, None] - oy) / px_per_cm
        roll, yaw, pitch = np.deg2rad((pose.roll_deg, pose.yaw_deg, pose.pitch_deg))
        pivot_y = -8.0  # the neck: roll and nod turn about it
        hx = sx * np.cos(roll) - (sy - pivot_y) * np.sin(roll)
        hy = sx * np.sin(roll) + (sy - pivot_y) * np.cos(roll) + pivot_y
        # the point seen at (hx, hy) lies at (u, v): hx = u cos yaw + z sin yaw; three rounds settle z
        depth = cv2.GaussianBlur(np.maximum(z, 0), (0, 0), 5)
        u, v = hx / np.cos(yaw), hy / np.cos(pitch)

        def pixels(u, v):
            return ((u - LEFT_CM) * PX_PER_CM - 0.5).astype(np.float32), (
                (TOP_CM - v) * PX_PER_CM - 0.5
            ).astype(np.float32)

        for _ in range(4):
            mapped = cv2.remap(depth, *pixels(u, v), cv2.INTER_LINEAR)
            u = (hx - (mapped - 2.5) * np.sin(yaw)) / np.cos(yaw)
            v = (hy - (mapped - 2.5) * np.sin(pitch)) / np.cos(pitch)
        seen = cv2.remap(colour, *pixels(u, v), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        mask = cv2.remap(cover, *pixels(u, v), cv2.INTER_LINEAR)
        target = picture[top:bottom, left:right]
        target += (seen - target) * mask[..., None]
