"""The words of the public pages in English and Chinese."""

from django.http import HttpRequest

LANGUAGES = {"en": "English", "zh": "中文"}
COOKIE = "crowd_language"

TEXTS: dict[str, tuple[str, str]] = {
    "you": ("You", "您"),
    "everybody": ("Everybody", "全体"),
    "reviews_by_you": ("reviews by you", "项由您评审"),
    "items_done": ("of {total} items done", "/ {total} 项已完成"),
    "target": ("each item is reviewed by {target} people", "每项由 {target} 人评审"),
    "video": ("Video", "视频"),
    "video_window": ("Watch from {start} to {end}.", "请观看 {start} 至 {end}。"),
    "open_video": ("Open the video in a new tab", "在新标签页打开视频"),
    "references": ("Reference images", "参考图"),
    "enlarge": ("Enlarge", "放大"),
    "keyframes": ("Frames", "关键帧"),
    "at_second": ("at {t} s", "{t} 秒"),
    "frame_number": ("frame {frame}", "第 {frame} 帧"),
    "boxes_listed": ("Boxes as numbers", "方框坐标"),
    "existing_answer": ("Answer in the data", "现有答案"),
    "no_answer": ("no answer given", "无答案"),
    "options": ("Options", "选项"),
    "score": ("Your score", "您的评分"),
    "comment": ("Comment", "评论"),
    "comment_hint": (
        "Needed (at least {length} characters) when a score is {at} or lower.",
        "任一评分不高于 {at} 时必填（至少 {length} 个字）。",
    ),
    "submit": ("Send and show the next", "提交并查看下一项"),
    "keys": ("Keys: 1, 2, 3 score; Ctrl+Enter sends.", "按键：1、2、3 评分；Ctrl+Enter 提交。"),
    "skip": ("Pass this item on", "跳过此项"),
    "skip_send": ("Pass on", "跳过"),
    "dead_media": ("The video or an image does not load", "视频或图片无法加载"),
    "unclear": ("I cannot tell", "无法判断"),
    "uncomfortable": ("I do not want to look at this", "我不想看这个"),
    "other": ("Something else", "其他"),
    "notice": ("About the content", "内容说明"),
    "instructions": ("What to do", "说明"),
    "saved": ("Saved. Thank you.", "已保存，谢谢。"),
    "passed_on": ("Passed on.", "已跳过。"),
    "thanks": ("Thank you!", "谢谢！"),
    "all_done": ("All items have all their reviews.", "所有条目都已完成评审。"),
    "all_you_can": (
        "You have reviewed everything you can. What is left needs other people.",
        "您已完成所有可评审的条目，剩余条目需要其他人评审。",
    ),
    "others_hold": (
        "Others have the remaining items open. Please try again in {minutes} minutes.",
        "其余条目正由他人评审，请 {minutes} 分钟后再试。",
    ),
    "cap_reached": ("You have done as many as one person may.", "您已达到每人上限。"),
    "paused": ("The campaign is paused. Please come back later.", "活动已暂停，请稍后再来。"),
    "closed": ("The campaign has ended.", "活动已结束。"),
    "blocked": ("Your reviews are not accepted in this campaign.", "您的评审在此活动中不被接受。"),
    "try_again": ("Try again", "重试"),
    "conflict": ("You have answered this item before", "您已评审过该项"),
    "conflict_hint": (
        "Your earlier answers are kept. Below is what you sent now.",
        "您之前的答案已保留，以下是您刚才提交的内容。",
    ),
    "replace": ("Replace my earlier answers", "替换之前的答案"),
    "keep": ("Keep my earlier answers", "保留之前的答案"),
    "cookies": ("Cookies are blocked", "Cookie 被阻止"),
    "cookies_hint": (
        "This page remembers who you are by a cookie, and your browser did not send it. Allow cookies for "
        "this site (or open it in a tab of its own), then go back and send again. What you wrote:",
        "本页面通过 Cookie 识别您，但浏览器没有发送。请允许本站使用 Cookie（或在单独标签页打开），"
        "然后返回并重新提交。您写的内容：",
    ),
    "link_invalid": ("This link is no longer valid", "链接已失效"),
    "link_invalid_hint": ("Ask whoever sent it to you for a new one.", "请向发送者索取新链接。"),
    "link_expired": ("This link has expired", "链接已过期"),
    "too_many": ("Too many new reviewers", "新评审者过多"),
    "not_found": ("There is no such campaign", "没有该活动"),
    "language": ("Language", "语言"),
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
