"""Cheats on results alone."""

from cheats.registry import TABLE, cheat, with_values
from forging import Forgery


@cheat(verify="job train recorded")
def flipped_bit(study: Forgery) -> str:
    """One bit of a weight file is flipped, its time kept."""
    path = study.first("results/runs/*/0.safetensors")
    study.flip(path)
    return path


@cheat(verify="job evaluate recorded")
def edited_risk(study: Forgery) -> str:
    """A risk in a CSV is halved, its time kept."""
    path = study.first("results/risks/[0-9a-f]*.csv")
    study.edit_table(path, lambda rows: with_values(rows, 0, risk=str(float(rows[0]["risk"]) / 2)))
    return path


@cheat(verify="job draw_figure recorded")
def swapped_figures(study: Forgery) -> str:
    """Two figures stand under each other's name."""
    study.swap("results/figures/learning_curves.png", "results/figures/slope_comparison.png")
    return "results/figures/learning_curves.png"


@cheat(verify="job combine_rates recorded")
def dropped_cell(study: Forgery) -> str:
    """A cell's row is missing in the table of rates."""
    study.edit_table("results/tables/rates.csv", lambda rows: rows[1:])
    return "results/tables/rates.csv"


@cheat(verify="job claims recorded")
def edited_verdict(study: Forgery) -> str:
    """A verdict is turned by hand in claims.csv."""
    study.edit_table(TABLE, lambda rows: with_values(rows, 0, verdict="holds"))
    return TABLE


@cheat(verify="job tables recorded")
def edited_verdict_for_readers(study: Forgery) -> str:
    """A verdict is turned by hand in claims.md, which no job reads."""
    study.replace("results/tables/claims.md", "not decided", "holds")
    return "results/tables/claims.md"


@cheat(verify="job generate_data recorded")
def swapped_data(study: Forgery) -> str:
    """The ratings of two cells are swapped."""
    one, other = (study.first("results/data/*/ratings.safetensors", each) for each in (0, 1))
    study.swap(one, other)
    return one


@cheat(verify="it was sealed")
def removed_table(study: Forgery) -> str:
    """An unwelcome table is removed with its record."""
    path = "results/tables/falsifiability.csv"
    for each in (path, study.record_path(path)):
        (study.folder / each).unlink()
    return path


@cheat(verify="it was sealed")
def removed_data(study: Forgery) -> str:
    """Ratings are removed, all that was made of them is there."""
    path = study.first("results/data/*/ratings.safetensors")
    (study.folder / path).unlink()
    return path


@cheat(verify="job fit_rates recorded")
def shortened_table(study: Forgery) -> str:
    """A table is cut at its middle."""
    path = "results/rates/smoothness/curves.csv"
    study.write(path, study.read(path)[: len(study.read(path)) // 2])
    return path


@cheat(verify="it was not sealed")
def extra_table(study: Forgery) -> str:
    """A file that no job made lies among the tables."""
    study.write("results/tables/better.csv", b"claim,verdict\n1,holds\n")
    return "results/tables/better.csv"


@cheat(verify="it was not sealed")
def hidden_file(study: Forgery) -> str:
    """A hidden file lies among the weights."""
    path = study.first("results/runs/*/0.safetensors").replace("0.safe", ".0.safe")
    study.write(path, b"weights")
    return path


@cheat(verify="a checkpoint, which no finished study has")
def foreign_checkpoint(study: Forgery) -> str:
    """A checkpoint of another training lies where a resumed one would take it up."""
    run = study.first("results/runs/*/0.safetensors").split("/")[2]
    path = f"results/checkpoints/{run}-0.safetensors"
    study.write(path, study.read(study.first("results/runs/*/0.safetensors", 1)))
    return path
