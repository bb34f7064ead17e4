"""What a floor hands out to a desk beside its key: a whole rung.toml, and the policies that it names."""

import tempfile
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from rung.config import ConfigError, read_config
from rung.policy.tables import TablesError
from rung.policy.tables import tables as tables_of
from rung.words import Role

KEY_FILE = "floor.json"  # beside rung.toml


class Settings(Struct, frozen=True):
    """Files for a desk."""

    config: str = ""
    policies: dict[str, str] = {}

    def write(self, config: Path) -> list[Path]:
        """Those that were written: what a desk has already is never written over."""
        if not self.config:
            return []
        files = {config: self.config, **{config.parent / name: text for name, text in self.policies.items()}}
        new = {file: text for file, text in files.items() if not file.exists()}
        for file, text in new.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)  # it may hold the phone's password
            file.write_text(text)
        return list(new)


def settings_for(file: Path, desk: str, role: Role, user: str, password: str, person: str) -> Settings:
    """The file with what is this desk's own. ConfigError if the desk could not use it."""
    try:
        tables = tables_of(file.read_bytes())
    except (OSError, TablesError) as error:
        raise ConfigError(f"{file}: cannot be read: {error}") from None
    for table in ("desk", "phone", "floor"):
        if not isinstance(tables.setdefault(table, {}), dict):
            raise ConfigError(f"{file}: {table}: is no table; write [{table}]")
    tables["desk"] |= {"name": desk, "role": str(role), **({"person": person} if person else {})}
    own = "extension" if tables["phone"].get("kind") in ("pbx", "baresip") else "user"
    tables["phone"] |= {k: v for k, v in ((own, user), ("password", password)) if v}
    tables["floor"] |= {"enrolment": KEY_FILE}
    policies = _policies(file, tables)
    settings = Settings(toml_of(tables), policies)
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / file.name
        settings.write(written)
        try:
            read_config(written)
        except ConfigError as error:
            raise ConfigError(str(error).replace(str(written), str(file))) from None
    return settings


def _policies(file: Path, tables: dict[str, Any]) -> dict[str, str]:
    """The texts of the policies that are files; from now on each lies beside the rung.toml."""
    found = {}
    for table in (tables["desk"], *tables.get("queue", ())):
        policy = table.get("policy", "")
        if isinstance(policy, str) and policy.endswith(".toml"):
            path = file.parent / policy
            try:
                found[path.name] = path.read_text()
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigError(f"{file}: policy: {path}: cannot be read: {error}") from None
            table["policy"] = path.name
    return found


def toml_of(tables: dict[str, Any]) -> str:
    """Tables, and lists of tables, of plain values."""
    lines: list[str] = []
    for name, table in tables.items():
        for one in table if isinstance(table, list) else [table]:
            lines.append(f"[[{name}]]" if isinstance(table, list) else f"[{name}]")
            lines += [f"{key} = {msgspec.json.encode(value).decode()}" for key, value in one.items()]
            lines.append("")
    return "\n".join(lines)
