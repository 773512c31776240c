"""Make the videos of the demo's campaign: the scenes of its items, four frames a second.

The videos are committed. Make them again when the scenes change. Only this needs ffmpeg with libx264 (`apt
install ffmpeg`):

    SECRET_KEY=x DJANGO_SETTINGS_MODULE=devserver.settings .venv/bin/python -m devserver.demo.film_scenes
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import django

FRAMES_PER_SECOND = 4
SIZE = (480, 270)
# Flat colours need few bits. `filter_units` and `bitexact` leave out what names the encoder; `faststart` puts
# the index first, so that a player can seek at once.
ENCODING = (
    "-c:v libx264 -preset veryslow -tune animation -crf 41 -pix_fmt yuv420p -g 120 -bf 0"
    " -bsf:v filter_units=remove_types=6 -fflags +bitexact -flags:v +bitexact -map_metadata -1"
    " -movflags +faststart"
)


def main() -> None:
    django.setup()
    # After setup: it reads the lines of the campaign.
    from .draw_scenes import VIDEOS, Scene, draw_scene, scenes

    def frames(scene: Scene) -> Iterator[bytes]:
        for number in range(round(scene.seconds * FRAMES_PER_SECOND)):
            t = number / FRAMES_PER_SECOND
            yield draw_scene(scene, t, f"{int(t)} s").resize(SIZE).tobytes()

    VIDEOS.mkdir(exist_ok=True)
    for scene in scenes():
        film(frames(scene), VIDEOS / f"{scene.number:03}.mp4")


def film(frames: Iterator[bytes], path: Path) -> None:
    source = f"-f rawvideo -pix_fmt rgb24 -s {SIZE[0]}x{SIZE[1]} -r {FRAMES_PER_SECOND} -i -"
    command = ["ffmpeg", "-y", "-loglevel", "error", *source.split(), *ENCODING.split(), str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as ffmpeg:
        assert ffmpeg.stdin
        ffmpeg.stdin.writelines(frames)
    if ffmpeg.returncode:
        raise SystemExit(f"ffmpeg failed with {ffmpeg.returncode}.")


if __name__ == "__main__":
    main()
