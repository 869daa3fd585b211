"""Bad files: each fault names its line in one line."""

from pathlib import Path

import pytest

from twotower.study.reading import StudyError, load_study, read_study


def file_messages(tmp_path: Path, content: str | bytes) -> list[str]:
    path = tmp_path / "study.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(StudyError) as caught:
        load_study(path)
    assert caught.value.place == str(path)
    return caught.value.messages


@pytest.mark.parametrize(
    "content, line",
    [
        (
            "name: a\nseed: [1, 2\nreplicates: 3\n",
            "line 3, column 11: expected ',' or ']', but got ':' (while parsing a flow sequence)",
        ),
        ("name: a\n\tseed: 1\n", "line 2, column 1: found character '\\t'"),
        ("seed: 1\nname: a\nseed: 2\n", "line 3, column 1: 'seed' is given twice"),
        ("a: {b: 1, b: 2}\n", "line 1, column 11: 'b' is given twice"),
        (
            "a: !!python/object/apply:os.getcwd []\n",
            "line 1, column 4: tag tag:yaml.org,2002:python",
        ),
        ("a: !mine 1\n", "line 1, column 4: tag !mine; leave it out, values need none"),
        ("a: &x [1]\nb: *x\n", "line 2, column 4: alias *x; write the value out instead"),
        ("a: " + "[" * 40 + "]" * 40, "line 1, column 23: more than 20 levels of nesting"),
        ("a: [" + "1," * 60_000 + "]", "line 1, column 59999: more than 30,000 keys and values"),
        ("a: " + "9" * 5000, "line 1, column 4: a number that cannot be read"),
        ("? [a]\n: 1\n", "line 1, column 3: a list or mapping as a key; keys are names"),
        ("a: 1\n---\nb: 2\n", "line 2, column 1: but found another document"),
        ("a: \x00\n", "line 1: a control character, '\\x00'; allowed: printable text; delete it"),
        (b"a: 1\nb: \xff\n", "line 2: byte 0xff is not UTF-8; allowed: text in UTF-8"),
        ("#" * (2**20 + 1), "the file is too large; allowed: at most 1,048,576 bytes"),
        ("", "the file is empty; allowed: a study; config.yaml at the root of the project"),
        ("# nothing\n", "the file is empty; allowed: a study"),
        (
            "- a\n",
            "the file does not hold a mapping: ['a'] is a list; "
            "allowed: a mapping of keys to values",
        ),
    ],
)
def test_broken_files(tmp_path, content, line):
    (found,) = file_messages(tmp_path, content)
    assert found.startswith(line)
    assert "\n" not in found


def test_all_repeated_keys_are_named(tmp_path):
    assert file_messages(tmp_path, "a: 1\nb: 2\na: 3\nb: 4\n") == [
        "line 3, column 1: 'a' is given twice; allowed: each key once; "
        "it stands on line 1 too, remove one of the two",
        "line 4, column 1: 'b' is given twice; allowed: each key once; "
        "it stands on line 2 too, remove one of the two",
    ]


def test_missing_file_and_folder(tmp_path):
    for path, line in [
        (tmp_path / "none.yaml", "there is no such file; allowed: a YAML file; check the spelling"),
        (tmp_path, "this is a folder; allowed: a YAML file"),
    ]:
        with pytest.raises(StudyError) as caught:
            read_study(path)
        assert caught.value.messages == [line]


@pytest.mark.parametrize(
    "text",
    ["0512", "007", "1:30", "1:30.5", "2024-01-01", "0x20", "0b1", "0o7", "1e3", "yes", "No", "ON"]
    + ["off", "y", "=", "<<"],
)
def test_what_yaml_would_reinterpret_stays_text(tmp_path, text):
    path = tmp_path / "study.yaml"
    path.write_text(f"a: {text}\n", encoding="utf-8")
    assert load_study(path) == {"a": text}


def test_numbers_truth_values_and_nothing_are_what_they_seem(tmp_path):
    path = tmp_path / "study.yaml"
    written = "[1_000, -5, +0, 1.10, .5, 5., 1.0e+3, .inf, true, FALSE, ~, null, ]"
    path.write_text(f"a: {written}\nb:\n", encoding="utf-8")
    found = [1000, -5, 0, 1.1, 0.5, 5.0, 1000.0, float("inf"), True, False, None, None]
    assert load_study(path) == {"a": found, "b": None}


def test_keys_are_names_whatever_they_look_like(tmp_path):
    path = tmp_path / "study.yaml"
    keys = ["on", "no", "true", "null", "~", "007", "1.10", "1_000", "2024-01-01", ".inf"]
    path.write_text("".join(f"{key}: 1\n" for key in keys), encoding="utf-8")
    assert list(load_study(path)) == keys
    assert file_messages(tmp_path, "1: a\n'1': b\n") == [
        "line 2, column 1: '1' is given twice; allowed: each key once; "
        "it stands on line 1 too, remove one of the two"
    ]


def test_a_byte_order_mark_is_no_fault(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert load_study(path) == {"a": 1}
