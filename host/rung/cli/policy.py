"""`rung policy`: what can be done with policies. A command of any size has its work in a module of its own."""

import typer

app = typer.Typer(no_args_is_help=True)


@app.callback()
def policy() -> None:
    """Policies: list them, and write the floor's own."""


@app.command()
def schema() -> None:
    """Print the JSON Schema of the policy language, for editors."""
    import msgspec

    from rung.policy.language import schema as language

    typer.echo(msgspec.json.format(msgspec.json.encode(language()), indent=2).decode())


@app.command(name="list")
def list_() -> None:
    """List the policies that come with Rung: name, version, languages of the scripts, title."""
    from rung.policy.language import version_of
    from rung.policy.library import load, shipped

    policies = [load(name) for name in shipped()]
    widest = max(len(policy.name) for policy in policies)
    for policy in policies:
        languages = ", ".join(policy.languages())
        typer.echo(f"{policy.name:{widest}}  {version_of(policy)}  {languages:6}  {policy.title}")
