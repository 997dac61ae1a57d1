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
body {{ margin: 0; font: 1.0625rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; background: #fff;
  color: #17212b; }}
main {{ max-width: 31rem; margin: 0 auto; padding: 3rem 1.25rem; }}
h1 {{ font-size: 1.75rem; line-height: 1.2; letter-spacing: -.01em; margin: 0 0 .6rem; text-wrap: balance; }}
p {{ margin: 0 0 1rem; text-wrap: pretty; }}
p:last-child {{ margin: 0; }}
@media (min-width: 44rem) {{
  body {{ background: #eff3f7; }}
  main {{ margin-top: 12vh; padding: 2.25rem 2.5rem; background: #fff; border-radius: .9rem; }}
}}
@media (prefers-color-scheme: dark) {{
  body {{ background: #10171e; color: #e9eef3; }}
  main {{ background: none; }}
}}
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
