"""Texts with commands: whoever copies one from a message runs it as it is meant, whatever a path is called."""

import shlex

import pytest

from lakeward.core.messages import Lang, text

PATHS = ["/srv/plant", "/srv/my plant", "/srv/o'neil", "/srv/$HOME", "/srv/一号工厂", "/srv/a;b"]


@pytest.mark.parametrize("lang", Lang)
@pytest.mark.parametrize("path", PATHS)
def test_the_first_command_of_a_project_goes_into_its_folder(path, lang):
    said = text("init_done", lang, folder=path)
    assert path in said
    assert shlex.split(said[said.index("cd ") : said.index(" &&")]) == ["cd", path]


@pytest.mark.parametrize("path", PATHS)
def test_the_next_step_of_an_error_names_a_path_as_one_word(path):
    said = text("project_exists.next", Lang.EN, folder=path)
    assert shlex.split(said.removeprefix("Next: "))[:2] == ["cd", path]


def test_a_plain_path_is_not_quoted():
    assert "cd /srv/plant && lakeward new" in text("init_done", Lang.EN, folder="/srv/plant")
