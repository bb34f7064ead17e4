"""Where policies come from: the shipped ones by name, a floor's own by its path."""

from importlib import resources
from pathlib import Path

import msgspec

from rung.policy.checks import mistakes
from rung.policy.language import Policy, Times
from rung.policy.mistakes import wrong_types
from rung.policy.tables import TablesError, one_line, tables


class PolicyError(Exception):
    """A policy that cannot be used; the message is one line for each mistake, with place and mend."""


def shipped() -> list[str]:
    """Names of the policies that come with Rung."""
    folder = resources.files("rung.policy") / "shipped"
    return sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml"))


def load(name_or_file: str, times: Times | None = None) -> Policy:
    """Load a shipped policy by name, or a policy file by its path; ``times`` replaces the policy's own.

    Raises PolicyError: file, key path, what is wrong and what is allowed, a line for each mistake.
    """
    if name_or_file in shipped():
        source = (resources.files("rung.policy") / "shipped" / f"{name_or_file}.toml").read_bytes()
    elif name_or_file.endswith(".toml"):
        try:
            source = Path(name_or_file).read_bytes()
        except (OSError, ValueError) as error:  # a name may have a NUL in it
            raise PolicyError(one_line(f"{name_or_file}: cannot be read: {error}")) from None
    else:
        allowed = ", ".join(shipped())
        raise PolicyError(f"policy {name_or_file!r}: no such policy; allowed: {allowed}, or a path that ends in .toml")
    policy = parse(source, name_or_file)
    return policy if times is None else checked(msgspec.structs.replace(policy, times=times), name_or_file)


def parse(source: str | bytes, file: str) -> Policy:
    """Read a policy from TOML; ``file`` is named in mistakes. Raises PolicyError."""
    try:
        data = tables(source)
    except TablesError as error:
        raise PolicyError(one_line(f"{file}: {error}")) from None
    try:
        policy = msgspec.convert(data, Policy)
    except msgspec.ValidationError:  # what is of another type can be asked no more
        raise PolicyError("\n".join(one_line(f"{file}: {line}") for line in wrong_types(Policy, data))) from None
    return checked(policy, file)


def checked(policy: Policy, file: str) -> Policy:
    """Return the policy if it makes sense beyond its types, else raise PolicyError with all its mistakes."""
    if found := [one_line(f"{file}: {where}: {mistake}") for where, mistake in mistakes(policy)]:
        raise PolicyError("\n".join(found))
    return policy
