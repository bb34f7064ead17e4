"""One spelling for a caller's number, so that the same caller is found again however a phone system writes it.

The rule, after E.164: of an address (`sip:+4930123@host;x=y`) the part before the host; blanks, dots, dashes, slashes
and brackets go; `+` or `00` begins a number with its country; one leading `0` stands for ``country``, if that is known.
What has no digits, or any letter, is taken as it stands, in lower case: an address. No caller, and one whose number is
withheld, has none.
"""

import re

WITHHELD = frozenset({"", "anonymous", "unknown", "unavailable", "restricted", "private", "withheld"})
_SCHEME = re.compile(r"^(sips?|tel):", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s./()\-]|%20")


def normal(caller: str, country: str = "") -> str:
    """The number as `+` and digits where its country is known, else as digits; empty: nobody to be found again."""
    address = _SCHEME.sub("", caller.strip().strip("<>")).partition(";")[0].lower()
    user, _, host = address.partition("@")
    if user in WITHHELD or host == "anonymous.invalid":
        return ""
    digits = _BETWEEN.sub("", user)
    international = digits.startswith(("+", "00"))
    digits = digits.removeprefix("+") if digits.startswith("+") else digits
    if not (digits.isascii() and digits.isdigit()):
        return address
    if international:
        return "+" + digits.removeprefix("00")
    if country and digits.startswith("0"):
        return f"+{country}{digits[1:]}"
    return digits
