"""How a person wants the pages to look: language, light or dark, size. It is kept in a cookie of their browser."""

from collections.abc import Mapping
from typing import Literal, get_args

from msgspec import Struct

from rung.page.say import LANGUAGES

COOKIE = "rung_look"
Theme = Literal["auto", "light", "dark"]
Size = Literal["usual", "large"]


class Look(Struct, frozen=True):
    """As the cookie says it: `de.dark.large.keys`."""

    language: str = LANGUAGES[0]
    theme: Theme = "auto"
    size: Size = "usual"
    keys: bool = True  # single keys act; WCAG wants them to be turned off by whoever needs that

    def cookie(self) -> str:
        return ".".join((self.language, self.theme, self.size, "keys" if self.keys else "nokeys"))


def look_of(cookies: Mapping[str, str], usual: str = LANGUAGES[0]) -> Look:
    """What does not make sense is as usual; ``usual`` is the site's language."""
    language, theme, size, keys = (*cookies.get(COOKIE, "").split("."), "", "", "", "")[:4]
    return Look(
        language=language if language in LANGUAGES else usual,
        theme=theme if theme in get_args(Theme) else "auto",  # type: ignore[arg-type]  # it is one of them
        size=size if size in get_args(Size) else "usual",  # type: ignore[arg-type]  # as above
        keys=keys != "nokeys",
    )
