"""The tags of Label Studio's editor, as its documentation spells them.

The editor reads them in any case. Tags of its Enterprise edition are included: such a project may be reviewed
here as well.
"""

from difflib import get_close_matches
from functools import lru_cache

# What is shown, and can be labelled.
OBJECTS = (
    *("Audio", "AudioPlus", "Chat", "CustomInterface", "HTML", "HyperText", "Image", "List", "Object3D"),
    *("Paragraphs", "Pdf", "PdfOcr", "ReactCode", "Table", "Text", "TimeSeries", "Video"),
)
# What writes results.
CONTROLS = (
    *("Bitmask", "BitmaskLabels", "Brush", "BrushLabels", "Choices", "Cube", "CubeLabels", "DateTime"),
    *("Ellipse", "EllipseLabels", "HyperTextLabels", "KeyPoint", "KeyPointLabels", "Labels", "MagicWand"),
    *("Number", "OcrLabels", "OcrTokenLabels", "Pairwise", "ParagraphLabels", "PdfLabels", "Polygon"),
    *("PolygonLabels", "Ranker", "Rating", "Rectangle", "RectangleLabels", "TableLabels", "Taxonomy"),
    *("TextArea", "TimelineLabels", "TimeSeriesLabels", "Vector", "VectorLabels", "VideoRectangle"),
    *("VideoVector", "VideoVectorLabels"),
)
# Parts of the former, and what only arranges the page.
OTHERS = (
    *("Bucket", "Channel", "Choice", "Collapse", "Dialog", "Filter", "Header", "Label", "Markdown"),
    *("MultiChannel", "PagedView", "Panel", "Relation", "Relations", "Repeater", "Shortcut", "Style", "View"),
)
SPELLED = {tag.lower(): tag for tag in (*OBJECTS, *CONTROLS, *OTHERS)}
OBJECT_TAGS, CONTROL_TAGS = ({tag.lower() for tag in tags} for tags in (OBJECTS, CONTROLS))
MIN_LIKENESS = 0.75  # of a misspelled tag: `Choises`, `Veiw`


def is_known(tag: str) -> bool:
    return tag.lower() in SPELLED


@lru_cache(1000)
def nearest(tag: str) -> str | None:
    """The tag that somebody who wrote this one may have meant."""
    found = get_close_matches(tag.lower()[:100], SPELLED, n=1, cutoff=MIN_LIKENESS)
    return SPELLED[found[0]] if found else None
