import sys

import pytest

from dnabilstm.browse import igv
from dnabilstm.browse.igv import find_igv
from dnabilstm.errors import DnabilstmError


def test_the_installed_igv_is_found_without_importing_its_package():
    script = find_igv()
    assert script.startswith("window.igv=")
    assert '"3.1.4"' in script
    assert igv.PACKAGE not in sys.modules


def test_another_file_is_taken_if_it_is_igv(tmp_path):
    path = tmp_path / "igv.min.js"
    path.write_text("!function(t){t.igv=1}(this)\r\n" + "/" * 200_000)
    assert "\r" not in find_igv(path)


@pytest.mark.parametrize(
    "text", ["", "<html>", "alert(1)" * 50_000, "window.igv=1;" + " " * 200_000 + "export{x}"]
)
def test_what_is_not_igv_is_refused(tmp_path, text):
    path = tmp_path / "igv.min.js"
    path.write_text(text)
    with pytest.raises(DnabilstmError, match=r"igv\.min\.js: is not igv\.js; wanted"):
        find_igv(path)


def test_what_is_missing_is_said(tmp_path, monkeypatch):
    with pytest.raises(DnabilstmError, match="cannot be read: No such file"):
        find_igv(tmp_path / "none.js")
    monkeypatch.setattr(igv, "PACKAGE", "no_such_package")
    with pytest.raises(DnabilstmError, match=r"igv\.js is not installed: pip install 'igv-notebook"):
        find_igv()
