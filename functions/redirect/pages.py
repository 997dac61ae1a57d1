"""The two pages of the door, self-contained: nothing else is fetched, and nothing tells a third site where one was."""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center; font: 18px/1.5 system-ui, sans-serif;
  background: #f5f3ee; color: #23221f; }}
main {{ max-width: 26rem; padding: 2rem 1.5rem; }}
h1 {{ font-size: 1.6rem; line-height: 1.2; margin: 0 0 1rem; text-wrap: balance; }}
p {{ margin: 0 0 1rem; }}
@media (prefers-color-scheme: dark) {{ body {{ background: #1d1c1a; color: #edeae3; }} }}
</style>
</head>
<body><main><h1>{title}</h1>{text}</main></body>
</html>
"""
NOT_FOUND = _PAGE.format(
    title="We can\u2019t find this link",
    text="<p>It may have been copied without its last letters, or typed with one wrong.</p>"
    "<p>Please check it, or ask the person who sent it to share it with you again.</p>",
)
UNAVAILABLE = _PAGE.format(
    title="One moment, please",
    text="<p>We can\u2019t open this link right now. Nothing is lost: please try again in a minute.</p>",
)
HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
}
