"""The words of the public pages in English and Chinese."""

from django.http import HttpRequest

LANGUAGES = {"en": "English", "zh": "中文"}
COOKIE = "crowd_language"

TEXTS: dict[str, tuple[str, str]] = {
    # around the item
    "to_content": ("To the item", "跳到内容"),
    "language": ("Language", "语言"),
    "you": ("You", "您"),
    "everybody": ("Everybody", "全体"),
    "reviews_by_you": ("reviewed", "项已评审"),
    "items_done": ("of {total} items done", "/ {total} 项已完成"),
    "target": ("Each item is reviewed by {target} people", "每项由 {target} 人评审"),
    "target_one": ("Each item is reviewed by one person", "每项由 1 人评审"),
    "notice": ("About the content", "内容说明"),
    "instructions": ("What to do", "说明"),
    "saved": ("Saved. Thank you.", "已保存，谢谢。"),
    "passed_on": ("Passed on.", "已跳过。"),
    "kept": ("Your earlier answers are kept.", "已保留您之前的答案。"),
    # the item
    "item": ("Item", "条目"),
    "unreadable": (
        "Part of this item's data cannot be shown. Judge what you see, or pass the item on.",
        "该条目的部分数据无法显示。请根据所见内容评审，或跳过此项。",
    ),
    "no_media": ("This item has no video and no images.", "该条目没有视频或图片。"),
    "video": ("Video", "视频"),
    "video_window": ("Watch from {start} to {end}.", "请观看 {start} 至 {end}。"),
    "open_video": ("Open the video in a new tab", "在新标签页打开视频"),
    "references": ("Reference images", "参考图"),
    "reference": ("Reference image {number}", "参考图 {number}"),
    "enlarge": ("Enlarge", "放大"),
    "close": ("Close", "关闭"),
    "keyframes": ("Frames", "关键帧"),
    "keyframe": ("Frame {number}", "关键帧 {number}"),
    "at_second": ("at {t} s", "{t} 秒"),
    "frame_number": ("frame {frame}", "第 {frame} 帧"),
    "boxes_drawn": ("Boxes drawn over the image", "图像上的方框"),
    "boxes_listed": ("Boxes as numbers", "方框坐标"),
    "existing_answer": ("Answer in the data", "现有答案"),
    "no_answer": ("no answer given", "无答案"),
    "options": ("Options", "选项"),
    # the form
    "questions": ("Your scores", "您的评分"),
    "comment": ("Comment", "评论"),
    "comment_hint": (
        "Needed (at least {length} characters) when a score is {at} or lower.",
        "任一评分不高于 {at} 时必填（至少 {length} 个字）。",
    ),
    "submit": ("Send and show the next", "提交并查看下一项"),
    "keys": (
        "Keys: 1, 2, 3 score the question in focus; Ctrl+Enter sends.",
        "按键：1、2、3 为当前问题评分；Ctrl+Enter 提交。",
    ),
    "check": ("Not sent yet", "尚未提交"),
    "go_there": ("Go there", "前往修改"),
    "skip": ("Pass this item on", "跳过此项"),
    "skip_send": ("Pass on", "跳过"),
    "dead_media": ("The video or an image does not load", "视频或图片无法加载"),
    "unclear": ("I cannot tell", "无法判断"),
    "uncomfortable": ("I do not want to look at this", "我不想看这个"),
    "other": ("Something else", "其他"),
    # nothing left
    "thanks": ("Thank you!", "谢谢！"),
    "nothing_now": ("Nothing to review right now", "目前没有可评审的条目"),
    "all_done": ("All items have all their reviews.", "所有条目都已完成评审。"),
    "all_you_can": (
        "You have reviewed everything you can. What is left needs other people.",
        "您已完成所有可评审的条目，剩余条目需要其他人评审。",
    ),
    "others_hold": (
        "Others have the remaining items open. Please try again in {minutes} minutes.",
        "其余条目正由他人评审，请 {minutes} 分钟后再试。",
    ),
    "others_hold_one": (
        "Others have the remaining items open. Please try again in a minute.",
        "其余条目正由他人评审，请 1 分钟后再试。",
    ),
    "cap_reached": ("You have done as many as one person may.", "您已达到每人上限。"),
    "paused": ("The campaign is paused. Please come back later.", "活动已暂停，请稍后再来。"),
    "closed": ("The campaign has ended.", "活动已结束。"),
    "blocked": ("Your reviews are not accepted in this campaign.", "您的评审在此活动中不被接受。"),
    "try_again": ("Try again", "重试"),
    "to_review": ("To the items", "前往评审"),
    # not stored
    "conflict": ("You have answered this item before", "您已评审过该项"),
    "conflict_hint": (
        "Your earlier answers still count. What you sent now is kept below until you choose. They differ in:",
        "您之前的答案仍然有效。您刚才提交的内容保留在下方，请选择。不同之处：",
    ),
    "earlier": ("Earlier", "之前"),
    "now": ("Now", "现在"),
    "replace": ("Replace my earlier answers", "替换之前的答案"),
    "keep": ("Keep my earlier answers", "保留之前的答案"),
    "you_wrote": ("What you wrote", "您写的内容"),
    "send_again": ("Send again", "重新提交"),
    "cookies": ("Not sent: cookies are blocked or have expired", "未提交：Cookie 被阻止或已过期"),
    "cookies_hint": (
        "This page recognises you by a cookie, and your browser did not send it. Nothing you wrote is lost: "
        "send it again. If this page comes back, allow cookies for this site or open it in a tab of its own.",
        "本页面通过 Cookie 识别您，但浏览器没有发送。您写的内容没有丢失，请重新提交。"
        "如果再次出现此页面，请允许本站使用 Cookie，或在单独的标签页中打开。",
    ),
    "too_fast": ("Not sent: one moment, please", "未提交：请稍候"),
    "too_fast_hint": (
        "More is sent from here than this page accepts at once. Nothing you wrote is lost: send it again in "
        "{seconds} seconds.",
        "来自此处的提交过于频繁。您写的内容没有丢失，请在 {seconds} 秒后重新提交。",
    ),
    "busy": ("The site is busy", "网站繁忙"),
    "busy_hint": (
        "Please try again in a moment. Nothing you wrote is lost.",
        "请稍后再试。您写的内容没有丢失。",
    ),
    "link_invalid": ("This link is no longer valid", "链接已失效"),
    "link_expired": ("This link has expired", "链接已过期"),
    "link_hint": ("Ask whoever sent it to you for a new one.", "请向发送者索取新链接。"),
    "too_many": ("Too many new reviewers", "新评审者过多"),
    "unknown_item": ("There is no such item", "没有该条目"),
}


def language_of(request: HttpRequest) -> str:
    """As asked for in the address, else as chosen before, else as the browser says."""
    for wanted in (request.GET.get("lang"), request.COOKIES.get(COOKIE)):
        if wanted in LANGUAGES:
            return wanted
    accepted = request.headers.get("Accept-Language", "")
    first = accepted.split(",")[0].strip().lower()
    return "zh" if first.startswith("zh") else "en"


def words(language: str) -> dict[str, str]:
    """Every text in one language, for templates."""
    place = list(LANGUAGES).index(language)
    return {key: both[place] for key, both in TEXTS.items()}


def in_language(text: dict[str, str], language: str) -> str:
    """A text of a rubric, in English if there is no other."""
    return text.get(language) or text.get("en", "")
