"""Where a link leads: the location's own site with the code in its query, or our quote page."""

from urllib.parse import urlsplit, urlunsplit

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def target(site_url: str | None, code: str, *, base_url: str, stage: str, credited: bool = True) -> str:
    """Never anything but the https site that the organization configured (loopback http in the local stage only).

    Not `credited`, it is the site without our code: the company closes its account with us.
    """
    quote_page = f"{base_url}/q/{code}"
    if not site_url or not all("!" <= character <= "~" for character in site_url):
        return quote_page
    try:
        parts = urlsplit(site_url)
        host = parts.hostname or ""
    except ValueError:
        return quote_page
    allowed = parts.scheme == "https" or (stage == "local" and parts.scheme == "http" and host in LOOPBACK)
    if not allowed or not host or "@" in parts.netloc:
        return quote_page
    kept = [pair for pair in parts.query.split("&") if pair and pair.partition("=")[0] != "ref"]
    ours = [f"ref={code}"] if credited else []
    return urlunsplit(parts._replace(query="&".join([*kept, *ours])))
