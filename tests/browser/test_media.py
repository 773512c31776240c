"""Uploaded images on the review screen, and hosts that its CSP blocks."""

from django.core.files.uploadedfile import SimpleUploadedFile

from exchange.importing.media import import_media
from tests.factories import BOXES, annotation, boxes, project

SCRIPT = b'<script>document.title = "run"</script>'
PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20">' + SCRIPT + b"</svg>"
WIDTH = """src => new Promise(done => {
    const image = new Image();
    image.onload = () => done(image.naturalWidth);
    image.onerror = () => done(null);
    image.src = src;
})"""

BLOCKED_BY = """src => new Promise(done => {
    const blocked = event => done(event.effectiveDirective);
    document.addEventListener("securitypolicyviolation", blocked, {once: true});
    new Image().src = src;
})"""


def test_an_uploaded_picture_is_shown_and_a_foreign_one_is_not(house, page_of, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    made = project(lead=house.lead, label_config=BOXES)
    outcome, (upload,) = import_media(made, [SimpleUploadedFile("cat.svg", PICTURE)], actor=house.lead)
    annotation(made.tasks.get(), house.lead, result=boxes("Car"))
    page = page_of(house.lead)
    page.goto(f"/projects/{made.pk}/review/")

    assert outcome.report.tasks == 1
    assert page.evaluate(WIDTH, upload.path) == 30
    assert page.evaluate(BLOCKED_BY, "https://pictures.example.org/cat.png") == "img-src"
    assert page.title() != "run"
