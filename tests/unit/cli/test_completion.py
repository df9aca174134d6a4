"""Completion (`cli.completion`): what may come next on a line, and the three scripts in their shells."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lakeward.cli.app import COMMANDS, GROUPS, make_app
from lakeward.cli.completion import Shell, write_next
from lakeward.core.messages import Lang


@pytest.fixture
def next_words(capsys):
    """Completes a line for a shell in a language: one list entry per line of the answer."""

    def complete(*words, shell=Shell.BASH, lang=Lang.EN):
        write_next(make_app(lang), [shell, *words], lang)
        return capsys.readouterr().out.splitlines()

    return complete


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """A home without settings, and a `lakeward` on the path that is the one under test."""
    home = tmp_path_factory.mktemp("home")
    script = home / "lakeward"
    script.write_text(f"#!{sys.executable}\nfrom lakeward.cli import main\nmain()\n", encoding="utf-8")
    script.chmod(0o755)
    return {"PATH": f"{home}:{os.defpath}:/usr/bin", "HOME": str(home), "LANG": "C.UTF-8"}


def run(environment, *words):
    done = subprocess.run(words, env=environment, cwd=environment["HOME"], capture_output=True, text=True, check=True)
    return done.stdout.split("\n")


def test_an_empty_line_offers_every_command(next_words):
    assert next_words("") == [*COMMANDS, *GROUPS]


def test_a_group_offers_its_commands_that_begin_so(next_words):
    assert next_words("quarantine", "re") == ["repair", "replay", "release"]


def test_a_command_offers_its_options_and_those_of_every_command(next_words):
    assert next_words("status", "--") == ["--watch", "--json", "--project", "--lang", "--verbose", "--utc", "--help"]


def test_options_before_the_command_are_passed_over(next_words):
    assert next_words("--project", "run", "--lang=zh", "scorecard", "") == ["build", "open"]


def test_a_language_is_offered_and_other_values_are_left_to_the_shell(next_words):
    assert next_words("status", "--lang", "") == ["en", "zh"]
    assert next_words("--project", "") == next_words("check", "data.csv", "--suite", "") == next_words("new", "") == []


@pytest.mark.parametrize(("lang", "meaning"), [(Lang.EN, "Create a project."), (Lang.ZH, "创建项目。")])
def test_zsh_and_fish_show_what_a_command_does_without_its_example(next_words, lang, meaning):
    assert next_words("ini", shell=Shell.ZSH, lang=lang) == [f"init:{meaning}"]
    assert next_words("ini", shell=Shell.FISH, lang=lang) == [f"init\t{meaning}"]


def test_bash_completes_by_the_script(environment):
    line = 'COMP_WORDS=(lakeward quarantine re); COMP_CWORD=2; _lakeward lakeward; printf "%s\\n" "${COMPREPLY[@]}"'
    assert run(environment, "bash", "-c", f'eval "$(lakeward completion bash)"; {line}') == ["repair", "replay", "release", ""]


@pytest.mark.skipif(shutil.which("fish") is None, reason="no fish on this machine: apt-get install fish")
def test_fish_completes_by_the_script_and_files_where_no_word_is_known(environment):
    (Path(environment["HOME"]) / "readings.csv").touch()
    script = "lakeward completion fish | source"
    commands = run(environment, "fish", "-c", f'{script}; complete --do-complete "lakeward quarantine rel"')
    files = run(environment, "fish", "-c", f'{script}; complete --do-complete "lakeward check read"')

    assert commands == ["release\tPublish rows although rules fail, or a halted batch (stewards only).", ""]
    assert files == ["readings.csv", ""]


@pytest.mark.skipif(shutil.which("zsh") is None, reason="no zsh on this machine: apt-get install zsh")
def test_zsh_completes_by_the_script(environment):
    # Without a terminal zsh completes nothing; what the script hands to it can be seen.
    shown = "_describe() { printf '%s\\n' ${(P)2} }; compdef() { }; words=(lakeward quarantine rel); CURRENT=3"
    assert run(environment, "zsh", "-f", "-c", f'{shown}; eval "$(lakeward completion zsh)"; _lakeward') == [
        "release:Publish rows although rules fail, or a halted batch (stewards only).",
        "",
    ]
