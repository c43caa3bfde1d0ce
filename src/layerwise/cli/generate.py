"""`layerwise generate RUN --prompt TEXT`: let a language model write."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from layerwise.cli.options import Common, print_json
from layerwise.cli.tables import print_lines


def generate(
    run: str = "",
    *,
    prompt: str = "",
    temperature: float = 1.0,
    length: int = 200,
    seed: int = 0,
    common: Annotated[Common, Parameter(name="*")] = Common(),  # noqa: B008 - frozen
) -> None:
    """Let a language model write on from a beginning.

    Examples:
        layerwise generate --prompt "ROMEO:"

        layerwise generate book-char-lstm --prompt "The " --temperature 0.5 --length 500

    Args:
        run: A run of a language model; the newest when left out.
        prompt: Text that it continues; it begins on its own when left out.
        temperature: Below 1 more careful, above 1 bolder; 0 takes the most probable symbol every time. [default: 1]
        length: Characters (or words) to write. [default: 200]
        seed: Another seed writes another text. [default: 0]
    """
    from layerwise.runs.folder import find_run
    from layerwise.runs.opened import open_run
    from layerwise.workflow.generate import generate_text

    opened = open_run(find_run(run))
    written = generate_text(opened, prompt, length=length, temperature=temperature, seed=seed)
    if common.json:
        print_json({
            "run": str(opened.folder.path), "prompt": prompt, "text": written.text, "temperature": temperature,
            "seed": seed,
        })  # fmt: skip
    else:
        print_lines(written.whole)
