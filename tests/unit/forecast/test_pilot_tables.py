"""CSVs as people save them: encodings, separators, headers, and tables that are wide."""

import io
import re

import numpy as np
import pandas as pd
import pytest

from planted_pilots import SIZES, pilot_rows
from twotower.forecast.pilot_files import pilots
from twotower.forecast.pilot_files.source import PilotError

ROWS = pilot_rows()
TEXT = ROWS.to_csv(index=False)
WIDE = ROWS.pivot(index="split", columns="n_ratings", values="mse").reset_index()
TALL = ROWS.pivot(index="n_ratings", columns="split", values="mse")
NO_CSV = "pilot.csv: is no CSV with one header"


def read(data, folder):
    path = folder / "pilot.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return pilots.read([path], {})[0]


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode("utf-8-sig"),
        TEXT.replace("\n", "\r\n"),
        TEXT.replace(",", ", "),
        TEXT.replace(",", ",\u00a0"),
        "\n" + TEXT.replace("1024,", "\n1024,") + "\n,,\n",
        TEXT.replace("\n", ",\n"),
        TEXT.replace("\n", ",\n").replace("mse,", "mse"),
        ROWS.astype({"n_ratings": float}).to_csv(index=False),
        ROWS.to_csv(),  # with pandas' own index, whose header is empty
    ],
)
def test_what_says_the_same_is_read_the_same(data, tmp_path):
    found = read(data, tmp_path).pilot
    assert found.n.tolist() == SIZES.tolist()
    np.testing.assert_array_equal(found.error, TALL.to_numpy().T)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (TEXT.encode("utf-16"), "is text in UTF-16; allowed: text in UTF-8; .*iconv"),
        (TEXT.encode("utf-16-le"), "is text in UTF-16"),
        (TEXT.replace("512,1", "512,é").encode("latin-1"), "line 7: byte 0xe9 is not UTF-8"),
        (b"PK\x03\x04 a workbook", "is a workbook or an archive; .*save it as CSV"),
        (b"\x1f\x8b a packed one", "is compressed"),
        (b"\x00\x01\xff", NO_CSV),
        ("<html>\n", "is HTML or XML, no CSV"),
        ('[{"n_ratings": 512}]\n', "is JSON, no CSV"),
        (" \n", "is empty"),
        ("# " + TEXT, "line 1: begins with #; .*remove the line, or its #"),
        (TEXT.replace("1024,", "#1024,"), "line 3: begins with #"),
        (TEXT.replace("1024,", '"1024,'), NO_CSV.replace("csv:", "csv, line 3:")),
        (TEXT.replace("mse", "split"), "the column split stands twice, as column 2 and column 3"),
        (
            TEXT.replace(".", ","),
            "line 2: 4 fields; allowed: 3, as in the header; write 0.05, with",
        ),
        (re.sub(r"0\.(\d+)", r'"0,\1"', TEXT), "mse is 0,.* in line 2; .*write 0.*, with a point"),
        (TEXT.replace("1024,", '"1,024",'), "n_ratings is 1,024 in line 3.*write 1024, without"),
        (re.sub(r"\d+,", "1.000,", TEXT), "n_ratings is 1.000 in line 2.*write 1000"),
        (TEXT + TEXT, "n_ratings is n_ratings in line 17; .*remove the second header"),
        ("\n\n" + TEXT.replace("8192,2", "x,2"), "n_ratings is x in line 18"),
        (TEXT.replace("512,0,", "512,0"), "line 2: 2 fields.*cut short"),
        (TEXT.upper(), "write n_ratings for N_RATINGS, split for SPLIT, mse for MSE$"),
        (TEXT.replace("mse", "mae"), "lacks the column mse .*add ERROR=mae$"),
        (TEXT.replace("split", "seed"), "mse; rename the column seed to replicate, if it is that$"),
        (
            # as exported by a tracker: names of single runs are no names of curves
            ROWS.assign(name=[f"a{i}" for i in range(15)], lr=0.1, k=3)
            .rename(columns={"split": "outer_seed", "n_ratings": "size_train", "mse": "test/mse"})
            .to_csv(index=False),
            "rename the column size_train to n_ratings.*rename the column outer_seed to replicate"
            ".*add ERROR=test/mse$",
        ),
        ("sep=,\n" + TEXT, "line 1: is no header: it names a separator.*remove the line"),
        ("sep=;\n" + TEXT.replace(",", ";"), "line 1: is no header: it names a separator"),
        (
            ROWS[ROWS["split"] == 0][["n_ratings", "mse"]].to_csv(index=False),
            "lacks the column replicate.*one run of each size is not enough: 3 or more.*splits",
        ),
    ],
)
def test_a_table_at_fault_is_told_by_its_place(data, says, tmp_path):
    with pytest.raises(PilotError, match=says):
        read(data, tmp_path)


@pytest.mark.parametrize(
    "table",
    [
        TEXT.replace(",", ";"),
        TEXT.replace(",", ";").replace(".", ","),
        TEXT.replace(",", "\t"),
        TEXT.replace(",", "  "),
        WIDE,
        WIDE.rename(columns={"split": "seed"}),
        WIDE.rename(columns=lambda n: n if n == "split" else f"{n:,}"),
        WIDE.rename(columns=lambda n: n if n == "split" else f"mse_{n}"),
        WIDE.drop(columns="split"),
        WIDE.drop(columns="split").assign(method="svd"),
        TALL.add_prefix("run").reset_index(),
        TALL.reset_index().rename(columns={"n_ratings": "size"}),
        WIDE.drop(columns="split").to_csv(),  # with pandas' own index
        WIDE.to_csv(),
        TALL.reset_index().to_csv(),
        WIDE.rename(columns=lambda n: n if n == "split" else f"{n:.1f}"),
        WIDE.rename(columns=lambda n: n if n == "split" else f"{n:.4e}"),
        WIDE.rename(columns=lambda n: n if n == "split" else f"{n / SIZES[-1]}"),
        WIDE.rename(columns=lambda n: n if n == "split" else f"{100 * n / SIZES[-1]}%"),
        TALL.add_suffix("_test_score").add_prefix("split").reset_index(names="Training examples"),
        TALL.add_prefix("train_").join(TALL.add_prefix("test_")).reset_index(names="train_sizes"),
        TALL.add_prefix("run-").join(TALL.add_prefix("run-").add_suffix("__MIN")).reset_index(),
    ],
)
def test_the_line_of_pandas_makes_a_pilot(table, tmp_path, monkeypatch):
    """What the message says to type in Python is typed."""
    monkeypatch.chdir(tmp_path)
    text = table if isinstance(table, str) else table.to_csv(index=False)
    with pytest.raises(PilotError, match="in Python.*: import") as told:
        read(text, tmp_path)
    typed = str(told.value).split(": import", 1)[1].split("; write '")[0]
    exec("import" + typed.replace("(N *", f"({SIZES[-1]} *"))  # noqa: S102
    (made,) = set(tmp_path.glob("*.csv")) - {tmp_path / "pilot.csv"}
    (found,) = pilots.read([made], {})
    assert found.pilot.n.tolist() == SIZES.tolist()
    np.testing.assert_array_equal(found.pilot.error, TALL.to_numpy().T)


def test_a_wide_table_of_one_run_a_method_hears_that_too(tmp_path):
    table = io.StringIO()
    WIDE.rename(columns={"split": "method"}).to_csv(table, index=False)
    with pytest.raises(PilotError, match="sizes stand as headers .512, .*one run of each size is"):
        read(table.getvalue(), tmp_path)


def test_methods_of_one_run_each_hear_that_too(tmp_path):
    frame = pd.concat([ROWS[ROWS["split"] == 0].assign(split=m) for m in ("svd", "knn")])
    text = frame.rename(columns={"split": "method"}).to_csv(index=False)
    with pytest.raises(PilotError, match="lacks the column replicate.*one run of each size is not"):
        read(text, tmp_path)


def test_a_table_of_means_names_the_table_of_runs_beside_it(tmp_path):
    (tmp_path / "scores.csv").write_text(TEXT)
    (tmp_path / "summary.csv").write_text("method,metric,mean\nsvd,rmse,0.9\n")
    with pytest.raises(PilotError, match="holds no errors of single runs.*RISKS=.*scores.csv$"):
        pilots.read([tmp_path / "summary.csv"], {})
