"""Who opens a link without anybody having clicked: crawlers, chat previewers, browsers that fetch ahead.

A word list, not one big expression: it costs a microsecond. Programs that people use to try a link (curl and the like)
count; so do the browsers inside apps, which is why no app's bare name is in the list.
"""

WORDS = (
    "bot", "crawl", "spider", "preview", "slurp", "facebookexternalhit", "facebookcatalog", "meta-externalagent",
    "whatsapp", "google-read-aloud", "googleimageproxy", "google-pagerenderer", "mediapartners", "embedly", "iframely",
    "lighthouse", "snap url", "validator", "monitor", "safelinks", "proofpoint", "mimecast", "barracuda",
)  # fmt: skip
_AHEAD = ("purpose", "sec-purpose", "x-purpose", "x-moz")


def is_machine(headers: dict[str, str]) -> bool:
    """`headers` with lower-case names."""
    agent = headers.get("user-agent", "").lower().replace("cubot", "")  # a make of phone
    if any(word in agent for word in WORDS):
        return True
    return any(value in headers.get(name, "").lower() for name in _AHEAD for value in ("prefetch", "preview"))
