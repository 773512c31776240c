"""The files of Label Studio's web application: only the ones that were tried, all or none."""

import zipfile

import pytest

from labelstudio import frontend


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A table of one file and a licence, and nothing fetched yet."""
    table = tmp_path / "table"
    rows = {"web/main.js": b"run()", "x.dist-info/licenses/LICENSE": b"Apache"}
    table.write_text("".join(f"{frontend.sha256(content)}  {path}\n" for path, content in rows.items()))
    monkeypatch.setattr(frontend, "TABLE", table)
    monkeypatch.setattr(frontend, "FOLDER", tmp_path / "frontend")
    return tmp_path


def wheel(folder, **changed):
    path = folder / "some.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("web/main.js", changed.get("script", "run()"))
        archive.writestr("web/other.js", "not asked for")
        archive.writestr("x.dist-info/licenses/LICENSE", "Apache")
    return path


def test_unpack_takes_the_named_files_and_their_licence(folder):
    frontend.unpack(wheel(folder))

    found = {path.name: path.read_text() for path in frontend.FOLDER.iterdir()}
    assert found == {"main.js": "run()", "label-studio.LICENSE.txt": "Apache"}
    assert frontend.is_present() and not list(frontend.missing())


def test_unpack_writes_nothing_when_one_file_is_another(folder):
    with pytest.raises(frontend.WrongFiles, match="web/main.js"):
        frontend.unpack(wheel(folder, script="steal()"))

    assert not frontend.FOLDER.exists()


def test_a_changed_file_is_fetched_again(folder):
    frontend.unpack(wheel(folder))
    (frontend.FOLDER / "main.js").write_text("changed")

    assert [path.name for path in frontend.missing()] == ["main.js"]


def test_the_table_names_licences_and_no_source_maps():
    names = [path.rpartition("/")[2] for path in frontend.table()]
    assert {"LICENSE", "NOTICE", "3rdpartylicenses.txt", "main.js.LICENSE.txt"} <= set(names)
    assert not [name for name in names if name.endswith(".map")]
