"""What the processes of a site notice."""

from pathlib import Path

from udvej.notes import Note, Notes


def test_a_note_is_there_until_it_is_taken_away(tmp_path: Path) -> None:
    """For every process of the site, and of each kind."""
    for note in Note:
        Notes(tmp_path).write(note, "om.md:3")
        assert Notes(tmp_path).there(note)
        assert Notes(tmp_path).text(note) == "om.md:3"
    Notes(tmp_path).clear()
    assert not any(Notes(tmp_path).there(note) or Notes(tmp_path).text(note) for note in Note)


def test_a_folder_that_takes_no_note_breaks_nothing_that_runs(tmp_path: Path) -> None:
    """A full disk is noticed elsewhere; a request that noticed something goes on."""
    notes = Notes(tmp_path / "file" / "state")
    (tmp_path / "file").touch()
    for note in Note:
        notes.write(note, "om.md:3")
        assert not notes.there(note)
        assert notes.text(note) == ""
    notes.clear()
