"""Every command, and the one place where the layers are wired together."""

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def main() -> None:
    """Pahunch: which villages can get e-services right now, and who has to act where they cannot."""


if __name__ == "__main__":
    app()
