"""The campaign's media folder: what is served, and to whom; what a zip may put into it."""

import io
import os
import stat
import zipfile
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from crowd import campaigns, media, showing
from crowd.zips import ENTRY
from tasks.errors import Refused
from tests.factories import browser_of, person, project

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(240))  # 248 bytes
JPEG = b"\xff\xd8\xff\xe0" + bytes(60)
MP4 = b"\0\0\0\x18ftypisom" + bytes(200)


@pytest.fixture(autouse=True)
def media_root(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture
def picture(campaign):
    """A file in the campaign's folder, at refs/a.png."""
    path = media.folder(campaign) / "refs" / "a.png"
    path.parent.mkdir(parents=True)
    path.write_bytes(PNG)
    return path


def zipped(*files, compression: int = zipfile.ZIP_DEFLATED) -> SimpleUploadedFile:
    """Of (name or ZipInfo, content)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return SimpleUploadedFile("media.zip", out.getvalue())


def added(campaign, *files):
    return media.add_zip(campaign, zipped(*files), actor=campaign.created_by).as_dict()


def report(**counted):
    return {"stored": 0, "replaced": 0, "unchanged": 0, "refused": 0, "refused_files": []} | counted


def files_below(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def got(url: str, client: Client | None = None, **headers):
    response = (client or Client()).get(url, headers=headers)
    return response, b"".join(response.streaming_content) if response.streaming else response.content


# --- served -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "status", "body", "content_range"),
    [
        ({}, 200, PNG, None),
        ({"range": "bytes=10-19"}, 206, PNG[10:20], "bytes 10-19/248"),
        ({"range": "bytes=-5"}, 206, PNG[-5:], "bytes 243-247/248"),
        ({"range": "bytes=240-"}, 206, PNG[240:], "bytes 240-247/248"),
        ({"range": "bytes=248-"}, 416, b"", "bytes */248"),
        ({"range": "bytes=0-1", "if-range": '"another"'}, 200, PNG, None),
    ],
)
def test_a_file_is_served_in_ranges(picture, asked, status, body, content_range):
    response, content = got("/c/kettles/media/refs/a.png", **asked)

    assert (response.status_code, content) == (status, body)
    assert response.get("Content-Range") == content_range
    assert response["Accept-Ranges"] == "bytes"


def test_headers_of_a_file(picture):
    response, _ = got("/c/kettles/media/refs/a.png")

    names = ("Content-Type", "Content-Disposition", "X-Content-Type-Options", "Cache-Control")
    assert [response[name] for name in names] == [
        "image/png",
        'inline; filename="a.png"',
        "nosniff",
        "private, max-age=600",
    ]
    assert not response.cookies


def test_a_file_is_sent_again_only_when_it_is_another(campaign, picture):
    tag = got("/c/kettles/media/refs/a.png")[0]["ETag"]

    assert got("/c/kettles/media/refs/a.png", **{"if-none-match": tag})[0].status_code == 304
    added(campaign, ("refs/a.png", PNG + b"more"))
    assert got("/c/kettles/media/refs/a.png", **{"if-none-match": tag})[0].status_code == 200
    assert got("/c/kettles/media/refs/a.png", **{"if-range": tag, "range": "bytes=0-1"})[0].status_code == 200


def test_svg_is_never_a_page(campaign):
    added(campaign, ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"))

    response, _ = got("/c/kettles/media/a.svg")

    assert response["Content-Disposition"] == 'attachment; filename="a.svg"'
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"


OUTSIDE = (
    "../secret.png",
    "refs/../../../secret.png",
    "..%2f..%2fsecret.png",
    "refs/%2e%2e/%2e%2e/%2e%2e/secret.png",
    "%252e%252e/secret.png",
    "/etc/secret.png",
    "//etc/secret.png",
    "%2Fetc/secret.png",
    "..%5c..%5csecret.png",
    "C:%5csecret.png",
    "C:/secret.png",
    "refs/a.png%00",
    "refs/a%00.png",
    "refs/a.png/",
    "refs//a.png",
    "./refs/a.png",
    "refs",
    "link.png",
    "linked/secret.png",
    ".hidden.png",
    "page.html",
    "pipe.png",
    "CON.png",
    "a" * 300 + ".png",
    "%ff%fe.png",
    "d/" * 12 + "a.png",
)


@pytest.mark.parametrize("path", OUTSIDE)
def test_no_file_outside_the_folder(campaign, picture, media_root, path):
    here = media.folder(campaign)
    for place in (media_root, media_root / "crowd", media_root.parent):
        (place / "secret.png").write_bytes(PNG)
    for name in (".hidden.png", "page.html", "CON.png"):
        (here / name).write_bytes(PNG)
    (here / "link.png").symlink_to(media_root / "secret.png")
    (here / "linked").symlink_to(media_root)
    os.mkfifo(here / "pipe.png")

    assert got(f"/c/kettles/media/{path}")[0].status_code == 404


def test_a_campaign_does_not_get_the_files_of_another(campaign, picture, house):
    campaigns.create(house.project, actor=house.lead, title="Lamps", slug="lamps")

    assert got("/c/lamps/media/refs/a.png")[0].status_code == 404
    assert got("/c/none/media/refs/a.png")[0].status_code == 404


def test_an_expired_link_opens_no_file(campaign, picture):
    campaign.link_expires_at = timezone.now() - timedelta(minutes=1)
    campaign.save()

    assert got("/c/kettles/media/refs/a.png")[0].status_code == 410


@pytest.mark.parametrize(("who", "status"), [("lead", 200), ("annotator", 403), ("elsewhere", 403)])
def test_managers_see_files_in_the_admin_without_the_link(campaign, picture, house, who, status):
    elsewhere = person("elsewhere", may_create_projects=True)
    project(lead=elsewhere)
    campaigns.renew_link(campaign, actor=house.lead)

    browser = browser_of(elsewhere if who == "elsewhere" else getattr(house, who))

    assert browser.get("/c/kettles/media/refs/a.png").status_code == status


def test_with_a_key_only_who_came_with_it_sees_files(campaign, picture, house):
    campaign = campaigns.renew_link(campaign, actor=house.lead)
    guest = Client()

    assert got("/c/kettles/media/refs/a.png", guest)[0].status_code == 403
    guest.get(f"/c/kettles/review?key={campaign.link_key}")
    response, body = got("/c/kettles/media/refs/a.png", guest)
    assert (response.status_code, body, response["Cache-Control"]) == (200, PNG, "private, no-cache")

    campaigns.renew_link(campaign, actor=house.lead)
    assert got("/c/kettles/media/refs/a.png", guest)[0].status_code == 403


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("refs/a b#.png", "/c/kettles/media/refs/a%20b%23.png"),
        ("https://example.org/v/1.mp4", "/c/kettles/media/example.org/v/1.mp4"),
        ("https://EXAMPLE.org/v/%31.mp4#t=2", "/c/kettles/media/example.org/v/1.mp4"),
        ("https://example.org/v/1.mp4?token=x", "https://example.org/v/1.mp4?token=x"),
        ("https://example.org/v/2.mp4", "https://example.org/v/2.mp4"),
        ("https://example.org/../../v/1.mp4", "https://example.org/../../v/1.mp4"),
        ("https://example.org:8000/v/1.mp4", "/c/kettles/media/example.org/v/1.mp4"),
        ("https://example.net/v/1.mp4", "https://example.net/v/1.mp4"),
    ],
)
def test_a_copy_in_the_folder_stands_in_for_a_remote_file(campaign, address, shown):
    added(campaign, ("example.org/v/1.mp4", MP4))

    assert showing.media_url(campaign, address) == shown


# --- a zip ------------------------------------------------------------------------------------------


def test_a_zip_is_unpacked_with_its_folders(campaign):
    files = [("kf/1.jpg", JPEG), ("refs/", b""), ("refs/deep/er/ü.png", PNG), ("__MACOSX/kf/._1.jpg", b"x")]

    assert added(campaign, *files) == report(stored=2)
    assert files_below(media.folder(campaign)) == {"kf/1.jpg", "refs/deep/er/ü.png"}
    assert got("/c/kettles/media/refs/deep/er/%C3%BC.png")[1] == PNG


def test_a_zip_again_changes_nothing_but_what_differs(campaign):
    added(campaign, ("1.png", PNG), ("2.png", PNG))

    assert added(campaign, ("1.png", PNG), ("2.png", PNG + b"2")) == report(unchanged=1, replaced=1)
    assert (media.folder(campaign) / "2.png").read_bytes() == PNG + b"2"


def info(name: str, **fields) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    for field, value in fields.items():
        setattr(entry, field, value)
    return entry


LINK = info("link.png", create_system=3, external_attr=(stat.S_IFLNK | 0o777) << 16)
DEVICE = info("device.png", create_system=3, external_attr=(stat.S_IFCHR | 0o777) << 16)
OUTSIDE_REASON = "its path is absolute, empty, or leads out of the folder"
UNSAFE_REASON = 'its name has a control character or one of \\ : * ? " < > |'
SYSTEM_REASON = "its name, or that of a folder, does not exist on every system"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("../a.png", PNG, OUTSIDE_REASON),
        ("kf/../../a.png", PNG, OUTSIDE_REASON),
        ("/a.png", PNG, OUTSIDE_REASON),
        ("kf//a.png", PNG, OUTSIDE_REASON),
        ("..\\a.png", PNG, UNSAFE_REASON),
        ("C:\\a.png", PNG, UNSAFE_REASON),
        ("C:a.png", PNG, UNSAFE_REASON),
        ("a\n.png", PNG, UNSAFE_REASON),
        ("a\x7f.png", PNG, UNSAFE_REASON),
        ("nul.png", PNG, SYSTEM_REASON),
        ("Com1/a.png", PNG, SYSTEM_REASON),
        ("a /b.png", PNG, SYSTEM_REASON),
        ("a./b.png", PNG, SYSTEM_REASON),
        (".a.png", PNG, "its name, or that of a folder, starts with a dot"),
        (".git/a.png", PNG, "its name, or that of a folder, starts with a dot"),
        ("d/" * 9 + "a.png", PNG, "it is more than 8 folders deep"),
        ("a" * 201 + ".png", PNG, "its path is longer than 400 bytes, or a part of it than 200"),
        ("a.exe", b"MZ", f"its type is not one of {' '.join(media.KINDS)}"),
        ("a.html", b"<p>", f"its type is not one of {' '.join(media.KINDS)}"),
        ("a.zip", b"PK", f"its type is not one of {' '.join(media.KINDS)}"),
        ("a.png", b"<script>alert(1)</script>", "its content is not image/png"),
        ("a.jpg", PNG, "its content is not image/jpeg"),
        ("a.png", b"", "it is empty"),
        ("a.png", PNG + bytes(2 * 2**20), "it is compressed more than 100 times, which media never are"),
        (LINK, b"/etc/passwd", "it is a link or another special file"),
        (DEVICE, PNG, "it is a link or another special file"),
    ],
)
def test_what_cannot_be_taken_is_refused_by_name_and_the_rest_is_stored(campaign, name, content, reason):
    counted = added(campaign, (name, content), ("good.png", PNG))

    shown = media.UNSAFE.sub("\ufffd", name if isinstance(name, str) else name.filename)[: media.MAX_NAME]
    refused = [{"path": shown, "reason": reason}]
    assert counted == report(stored=1, refused=1, refused_files=refused)
    assert files_below(media.folder(campaign).parent) == {f"{campaign.pk}/good.png"}


def test_a_name_with_a_nul_is_not_cut_off(campaign):
    content = zipped(("a.png_.txt", PNG)).read().replace(b"a.png_.txt", b"a.png\0.txt")

    counted = media.add_zip(campaign, io.BytesIO(content), actor=campaign.created_by).as_dict()

    assert counted["refused_files"] == [{"path": "a.png\ufffd.txt", "reason": UNSAFE_REASON}]


def test_a_name_twice_is_refused_the_second_time(campaign):
    with pytest.warns(UserWarning, match="Duplicate name"):
        files = zipped(("a.png", PNG), ("a.png", PNG + b"2"))

    counted = media.add_zip(campaign, files, actor=campaign.created_by).as_dict()

    refused = [{"path": "a.png", "reason": "it is in the zip twice"}]
    assert counted == report(stored=1, refused=1, refused_files=refused)


def test_files_and_folders_of_one_name(campaign):
    added(campaign, ("a.png/b.png", PNG), ("c.png", PNG))

    assert added(campaign, ("a.png", PNG), ("c.png/d.png", PNG)) == report(
        refused=2,
        refused_files=[
            {"path": "a.png", "reason": "a folder has this name"},
            {"path": "c.png/d.png", "reason": "a file or a link has the name of its folder"},
        ],
    )


def test_a_link_in_the_folder_is_not_written_through(campaign, tmp_path):
    here = media.folder(campaign)
    here.mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "victim.png").write_bytes(b"as it was")
    (here / "linked").symlink_to(tmp_path / "elsewhere")
    (here / "link.png").symlink_to(tmp_path / "victim.png")

    counted = added(campaign, ("linked/a.png", PNG), ("link.png", PNG))

    assert (counted["stored"], counted["refused"]) == (1, 1)
    assert files_below(tmp_path / "elsewhere") == set()
    assert (tmp_path / "victim.png").read_bytes() == b"as it was"
    assert (here / "link.png").read_bytes() == PNG and not (here / "link.png").is_symlink()


@pytest.mark.parametrize("spoil", [b"\x01\x00", b"\x09\x00"])
def test_encrypted_and_unusual_entries_are_refused(campaign, spoil):
    content = bytearray(zipped(("a.png", PNG)).read())
    directory = content.rindex(b"PK\x01\x02")
    # General purpose flags at 8, compression at 10; encrypted is flag 1, Deflate64 is method 9.
    place = directory + (8 if spoil == b"\x01\x00" else 10)
    content[place : place + 2] = spoil

    counted = media.add_zip(campaign, io.BytesIO(content), actor=campaign.created_by).as_dict()

    assert (counted["stored"], counted["refused"]) == (0, 1)


@pytest.mark.parametrize("at", [40, 60, 100])
def test_a_damaged_entry_leaves_nothing(campaign, at):
    content = bytearray(zipped(("a.png", PNG * 20)).read())
    content[at] ^= 0xFF

    counted = media.add_zip(campaign, io.BytesIO(content), actor=campaign.created_by).as_dict()

    assert (counted["stored"], counted["refused"]) == (0, 1)
    assert files_below(media.folder(campaign)) == set()


def test_an_entry_that_understates_its_size_is_damaged(campaign):
    """What a bomb would do: the list of contents says little, the data is long."""
    content = bytearray(zipped(("a.png", PNG + bytes(100_000))).read())
    directory = content.rindex(b"PK\x01\x02")
    content[directory + 24 : directory + 28] = len(PNG).to_bytes(4, "little")

    counted = media.add_zip(campaign, io.BytesIO(content), actor=campaign.created_by).as_dict()

    assert counted == report(refused=1, refused_files=[{"path": "a.png", "reason": "it is damaged"}])


@pytest.mark.parametrize(
    ("limits", "files", "code"),
    [
        ({"MAX_FILES": 2}, [(f"{n}.png", PNG) for n in range(3)], "too_many_files"),
        ({"MAX_TOTAL": 3 * len(PNG) - 1}, [(f"{n}.png", PNG) for n in range(3)], "zip_too_large"),
    ],
)
def test_too_much_is_refused_whole(campaign, monkeypatch, limits, files, code):
    for name, value in limits.items():
        monkeypatch.setattr(media, name, value)

    with pytest.raises(Refused) as refused:
        added(campaign, *files)

    assert (refused.value.code, refused.value.field) == (code, "file")
    assert not media.folder(campaign).exists()


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x05\x06" + bytes(10), b"PK\x03\x04" + bytes(100)])
def test_what_is_no_zip_is_refused(campaign, content):
    with pytest.raises(Refused) as refused:
        media.add_zip(campaign, io.BytesIO(content), actor=campaign.created_by)

    assert refused.value.code == "not_a_zip"


def test_a_long_list_of_contents_is_refused_before_it_is_read(campaign, monkeypatch):
    monkeypatch.setattr(zipfile.ZipFile, "_RealGetContents", None)  # would fail
    entries = ENTRY * (media.MAX_FILES + 1)

    with pytest.raises(Refused) as refused:
        media.add_zip(campaign, io.BytesIO(entries), actor=campaign.created_by)

    assert refused.value.code == "too_many_files"


def test_a_file_beyond_the_limit_of_uploads_is_refused(campaign, settings):
    settings.UPLOAD_FILE_LIMIT = 300

    counted = added(campaign, ("a.png", PNG), ("b.png", PNG + bytes(100)))

    refused = [{"path": "b.png", "reason": "it has 348 bytes; the limit is 300"}]
    assert counted == report(stored=1, refused=1, refused_files=refused)


@pytest.mark.parametrize("person", ["reviewer", "annotator", "stranger"])
def test_only_managers_add_media(campaign, house, person):
    with pytest.raises(Refused) as refused:
        media.add_zip(campaign, zipped(("a.png", PNG)), actor=getattr(house, person))

    assert refused.value.status == 403
    assert not media.folder(campaign).exists()
