"""The ledger on the report's first page: plain HTML, whatever texts hold."""

import pandas as pd

from twotower.report.tables import html


def test_a_table_is_one_element_and_its_texts_are_escaped(tmp_path):
    table = pd.DataFrame({"claim": ["1", "<b>"], "measured": ["", "a & 'b'"]})
    html.write(table, tmp_path / "claims.html")
    assert (tmp_path / "claims.html").read_text("utf-8").splitlines() == [
        '<table class="results">',
        "<tr><th>claim</th><th>measured</th></tr>",
        "<tr><td>1</td><td></td></tr>",
        "<tr><td>&lt;b&gt;</td><td>a &amp; &#x27;b&#x27;</td></tr>",
        "</table>",
    ]
