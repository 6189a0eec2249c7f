# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes the small pictures that PictureTest and ImageProcessorTest read, and what Pillow makes of them.

    python3 tools/test-data/make_pictures.py src/test/resources/pictures

NAME.EXT is the picture, NAME.EXT.ppm what Image.open(NAME.EXT).convert("RGB") gives. The files below
huge/ have headers that claim 30000 x 30000 pixels; processed/NAME.EXT.VARIANT.ppm is NAME.EXT resized
for a vision tower of 20 pixels a side. Made with Pillow 12.3.0 and numpy 2.
"""

import io
import pathlib
import struct
import sys
import zlib

import numpy as np
from PIL import Image, ImageCms


def scene(width, height, seed=0):
    """Soft blobs with some noise: enough for chroma upsampling and clipping to matter."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (4, 5, 3), dtype=np.uint8)
    soft = np.asarray(Image.fromarray(coarse).resize((width, height), Image.BICUBIC), dtype=int)
    noisy = soft + random.integers(-20, 21, soft.shape)
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def save(image, format, **options):
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def png(width, height, depth, colour_type, rows, chunks=()):
    """A PNG from raw rows, for what Pillow does not write."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + b"".join(chunk(name, data) for name, data in chunks)
        + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
        + chunk(b"IEND", b"")
    )


def swapping_profile():
    """A colour profile that takes red for green: nobody who applies it goes unnoticed."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = profile[:24] + bytes(12) + profile[36:]  # Without the time of its making.
    return profile.replace(b"rXYZ", b"\0tmp").replace(b"gXYZ", b"rXYZ").replace(b"\0tmp", b"gXYZ")


def exif_rotated():
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif.tobytes()


def accepted():
    rgb = scene(37, 29)
    random = np.random.default_rng(1)
    alpha = rgb.convert("RGBA")
    alpha.putalpha(Image.fromarray(random.integers(0, 256, (29, 37), dtype=np.uint8)))
    palette = rgb.quantize(13)
    wide = random.integers(0, 65536, (5, 7, 4)).astype(">u2")
    frames = [scene(20, 15, seed).quantize(16) for seed in (2, 3)]

    yield "rgb.jpg", save(rgb, "JPEG", quality=90, subsampling=2)
    yield "rgb_422.jpg", save(rgb, "JPEG", quality=70, subsampling=1)
    yield "rgb_444.jpg", save(rgb, "JPEG", quality=95, subsampling=0)
    yield "progressive.jpg", save(rgb, "JPEG", quality=80, progressive=True)
    yield "gray.jpg", save(rgb.convert("L"), "JPEG")
    yield "untransformed.jpg", save(rgb, "JPEG", keep_rgb=True)
    yield "profile.jpg", save(rgb, "JPEG", icc_profile=swapping_profile())
    yield "rotated.jpg", save(rgb, "JPEG", exif=exif_rotated())
    yield "restart.jpg", save(rgb, "JPEG", restart_marker_blocks=2)
    # Without the JFIF segment the components' names decide.
    bare = save(rgb, "JPEG", subsampling=0)
    yield "no_jfif.jpg", bare[:2] + bare[20:]
    cmyk = save(rgb.convert("CMYK"), "JPEG")
    yield "cmyk.jpg", cmyk
    # The same data, its Adobe segment saying YCCK: Pillow writes none itself.
    at = cmyk.index(b"Adobe") + 11
    yield "ycck.jpg", cmyk[:at] + b"\2" + cmyk[at + 1 :]

    yield "rgb.png", save(rgb, "PNG")
    yield "alpha.png", save(alpha, "PNG")
    yield "gray.png", save(rgb.convert("L"), "PNG")
    yield "gray_alpha.png", save(alpha.convert("LA"), "PNG")
    yield "palette_transparent.png", save(palette, "PNG", transparency=bytes(range(0, 130, 10)))
    yield "profile.png", save(rgb, "PNG", icc_profile=swapping_profile())
    yield "rgb_transparent.png", save(rgb, "PNG", transparency=rgb.getpixel((3, 3)))
    for depth, row in ((1, b"\x5a"), (2, b"\x1b\xe4"), (4, b"\x0f\x5a\x37\x91")):
        yield f"gray_{depth}bit.png", png(8, 1, depth, 0, [row])
        used = random.integers(0, 256, 3 << depth, dtype=np.uint8).tobytes()
        yield f"palette_{depth}bit.png", png(8, 1, depth, 3, [row], [(b"PLTE", used)])
    grey = np.array([[0, 1, 100, 255, 256, 300, 32768, 65535]], dtype=">u2")
    yield "gray_16bit.png", png(8, 1, 16, 0, [grey.tobytes()])
    for name, bands, colour_type in (("gray_alpha", 2, 4), ("rgb", 3, 2), ("rgb_alpha", 4, 6)):
        rows = [line[:, :bands].tobytes() for line in wide]
        yield f"{name}_16bit.png", png(7, 5, 16, colour_type, rows)
    yield "one_pixel.png", save(scene(9, 9).crop((4, 4, 5, 5)), "PNG")
    yield "one_column.png", save(scene(9, 300).crop((4, 0, 5, 300)), "PNG")
    yield "very_wide.png", save(scene(402, 2), "PNG")

    yield "a_gif_named.jpg", save(palette, "GIF")
    yield "animated.gif", save(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=50)
    yield "interlaced.gif", save(palette, "GIF", interlace=1)
    yield "gray.gif", save(rgb.convert("L"), "GIF")
    for name, options in (("partial.gif", {}), ("partial_transparent.gif", {"transparency": 3})):
        whole = bytearray(save(palette, "GIF", interlace=0, **options))
        frame = whole.index(b",\0\0\0\0" + struct.pack("<HH", 37, 29))
        whole[6:10] = struct.pack("<HH", 50, 33)
        whole[frame + 1 : frame + 5] = struct.pack("<HH", 5, 2)
        yield name, bytes(whole)
    outside = bytearray(save(palette, "GIF", interlace=0))
    outside[6:10] = struct.pack("<HH", 10, 40)
    yield "larger_than_canvas.gif", bytes(outside)

    greys = save(Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16)), "GIF", interlace=0)
    table = 3 << (greys[10] & 7) + 1
    yield "no_table.gif", greys[:10] + bytes([greys[10] & 0x7F]) + greys[11:13] + greys[13 + table :]

    yield "rgb.bmp", save(rgb, "BMP")
    yield "palette.bmp", save(palette, "BMP")
    yield "black_white.bmp", save(rgb.convert("1"), "BMP")
    yield "lossless.webp", save(rgb, "WEBP", lossless=True)
    yield "lossless_alpha.webp", save(alpha, "WEBP", lossless=True, exact=True)
    yield "lossy.webp", save(rgb, "WEBP", quality=80)
    yield "lossy_alpha.webp", save(alpha, "WEBP", quality=80)
    yield "simple_filter.webp", save(rgb, "WEBP", quality=5, method=0)
    stills = [scene(20, 15, seed) for seed in (4, 5)]
    film = save(stills[0], "WEBP", save_all=True, append_images=stills[1:], quality=80, duration=50)
    yield "animated.webp", film
    # The first frame on a larger canvas, ten pixels from the left and four from the top.
    placed = bytearray(film)
    placed[24:30] = struct.pack("<I", 36)[:3] + struct.pack("<I", 28)[:3]
    frame = placed.index(b"ANMF") + 8
    placed[frame : frame + 6] = b"\5\0\0\2\0\0"
    yield "placed.webp", bytes(placed)


def huge():
    side = struct.pack("<I", 30000)
    yield "huge.png", png(30000, 30000, 8, 2, [])
    jpeg = bytearray(save(scene(8, 8), "JPEG"))
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 5 : frame + 9] = struct.pack(">HH", 30000, 30000)
    yield "huge.jpg", bytes(jpeg)
    gif = bytearray(save(scene(8, 8).quantize(4), "GIF"))
    gif[6:10] = struct.pack("<HH", 30000, 30000)
    yield "huge.gif", bytes(gif)
    bmp = bytearray(save(scene(8, 8), "BMP"))
    bmp[18:26] = side + side
    yield "huge.bmp", bytes(bmp)
    # A lossless WebP can claim 16384 pixels a side at most: past the limit all the same.
    webp = bytearray(save(scene(8, 8), "WEBP", lossless=True))
    size = webp.index(b"VP8L") + 9
    webp[size : size + 4] = struct.pack("<I", (16383 << 14 | 16383) | webp[size + 3] >> 4 << 28)
    yield "huge.webp", bytes(webp)


SIDE = 20
MEAN_COLOUR = tuple(int(255 * mean) for mean in (0.48145466, 0.4578275, 0.40821073))


def shorter_edge_cropped(image):
    """CLIP: the shorter edge becomes SIDE, the middle is kept."""
    short, long = min(image.size), max(image.size)
    longer = SIDE * long // short
    size = (SIDE, longer) if image.width < image.height else (longer, SIDE)
    left, top = (size[0] - SIDE) // 2, (size[1] - SIDE) // 2
    return image.resize(size, Image.BICUBIC).crop((left, top, left + SIDE, top + SIDE))


def padded(image):
    """LLaVA: in the middle of a square of the mean colour, then as CLIP."""
    side = max(image.size)
    square = Image.new("RGB", (side, side), MEAN_COLOUR)
    square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    return shorter_edge_cropped(square)


def squashed(image):
    """SigLIP: SIDE by SIDE, whatever the ratio."""
    return image.resize((SIDE, SIDE), Image.BICUBIC)


def processed(folder):
    for name in ("rgb.png", "one_pixel.png", "one_column.png", "very_wide.png", "gray_16bit.png"):
        image = Image.open(folder / name).convert("RGB")
        yield f"{name}.crop", shorter_edge_cropped(image)
        yield f"{name}.pad", padded(image)
        yield f"{name}.squash", squashed(image)


def main(folder):
    (folder / "processed").mkdir(parents=True, exist_ok=True)
    (folder / "huge").mkdir(parents=True, exist_ok=True)
    for name, data in accepted():
        (folder / name).write_bytes(data)
        Image.open(io.BytesIO(data)).convert("RGB").save(folder / f"{name}.ppm")
    for name, data in huge():
        (folder / "huge" / name).write_bytes(data)
    for name, image in processed(folder):
        image.save(folder / "processed" / f"{name}.ppm")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
