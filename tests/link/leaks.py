"""Whether a key stands in what was printed, written or sent, in whatever form."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable
from pathlib import Path

KEPT = ("key", ".key")  # the box's file and the desk's: there alone it may be


def forms(key: str) -> dict[str, bytes]:
    """The beginnings that nothing else has by chance, so that a shortened key is found as well."""
    raw = bytes.fromhex(key)
    return {
        "hexadecimal": key[:12].encode(),
        "hexadecimal capitals": key[:12].upper().encode(),
        "base64": b64encode(raw)[:12],
        "base64 for URLs": urlsafe_b64encode(raw)[:12],
        "raw": raw[:8],
        "escaped": "".join(f"\\x{byte:02x}" for byte in raw[:4]).encode(),
        "numbers": ", ".join(map(str, raw[:5])).encode(),
    }


def leaks(key: str, said: Iterable[bytes | str]) -> list[str]:
    """The forms in which any of these tells the key."""
    whole = b"\n".join(part.encode() if isinstance(part, str) else part for part in said)
    return [name for name, form in forms(key).items() if form in whole]


def files_without_keys(*folders: Path) -> list[bytes]:
    """All that these folders hold, but for the keys' own files."""
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    return [file.read_bytes() for file in files if not file.name.endswith(KEPT)]
