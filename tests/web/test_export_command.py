"""`madang export`, as an operator meets it."""

import json
import zipfile

from tests.web.test_cli import alice, folder, madang, refusal

__all__ = ["alice", "folder", "madang", "refusal"]  # the fixtures


def test_a_board_is_written_into_a_file_that_was_not_there(madang, alice, refusal, folder):
    madang("community", "create", "garden", "--kind", "board", "--moderator", "alice")
    file = folder / "garden.zip"
    said = madang("export", "--community", "garden", str(file))
    assert "0 stories" in said and "not in it" in said
    told = json.loads(zipfile.ZipFile(file).read("blog.json"))
    assert (told["name"], told["stories"]) == ("garden", [])
    assert "exists already" in refusal("export", "--community", "garden", str(file))
    other = str(folder / "other.zip")
    assert "no such board" in refusal("export", "--community", "nobody", other)
    assert "Cannot write" in refusal("export", "--community", "garden", f"{folder}/x/y.zip")
    assert "too long" in refusal("export", "--community", "garden", "x" * 300)
    assert "too long" in refusal("backup", "x" * 300)
    assert sorted(path.name for path in folder.glob("*.part")) == []
