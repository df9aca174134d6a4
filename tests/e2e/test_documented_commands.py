"""Every command of the documentation is given, in this process, as a reader would give it: files saved, codes and answers compared."""

import contextlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from lakeward.cli import main
from lakeward.cli.app import DEFAULTS, GROUPS, make_app
from lakeward.cli.main import split_options
from lakeward.core.messages import Lang
from support import documented_commands as documented
from support import source_tree

PAGES = [page for page in documented.pages() if any(block.is_shell for block in documented.blocks(documented.text_of(page)))]
# Programs of the shell that a page may use, beside ours.
TOOLS = {
    "base64",
    "cat",
    "chmod",
    "cp",
    "export",
    "grep",
    "head",
    "ls",
    "mkdir",
    "mv",
    "openssl",
    "printf",
    "python",
    "rm",
    "sed",
    "tail",
    "touch",
    "unzip",
}
# What a page may name where the block says that it needs more than this machine.
ELSEWHERE = {"airflow", "apt", "apt-get", "curl", "docker", "env/bin/pip", "git", "kubectl", "pip", "spark-submit", "tar", "uv"}
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
# What a shell does to a command of ours beside handing its answer on: then one gives it, in a process that first imports it all.
SHELL = re.compile(r"[<;*&`]|\d>|\$\(")
HANDED_ON = re.compile(r"[|>]")
GLOBAL = {"--project", "--lang", "--utc", "--verbose", "-v", "--help", "--version"}
# What a sentence writes for any command.
PLACEHOLDERS = {"_", "COMMAND"}
FEWEST = 150
# Pages that begin the reading, and how many commands a page may have that is followed with every change anyway.
FRONTS, FEW = {"README.md", "docs/tutorial.md"}, 5


@pytest.fixture
def reader(tmp_path, monkeypatch):
    """An empty folder `plant`, and no setting of this machine."""
    for name in [name for name in os.environ if name.startswith("LAKEWARD_")]:  # noqa: TID251
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(Path("~/.cache").expanduser()))  # Delta's jars
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")  # noqa: TID251
    (tmp_path / "plant").mkdir()
    monkeypatch.chdir(tmp_path / "plant")
    return monkeypatch


def follow(page, reader, wanted):
    """Do what the page says; blocks that need what is not in `wanted` are left out. The number of commands that ran."""
    reader.setenv("LAKEWARD_LANG", "zh" if page.endswith(".zh.md") else "en")
    ran = 0
    for step, needs in documented.steps(documented.text_of(page)):
        if needs not in wanted:
            continue
        if isinstance(step, documented.Saved):
            file = Path(step.path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(step.text, encoding="utf-8")
        else:
            run(page, step, reader)
            ran += 1
    return ran


def run(page, command, reader):
    for part in command.text.split(" && "):
        code, printed = answer(part, reader)
        assert (command.code if part == command.text.split(" && ")[-1] else 0) == code, (
            f"{page}:{command.line}: {part}\n{printed}"
        )
    if command.shown:
        line = documented.differs(command.shown, printed)
        assert line is None, f"{page}:{command.line}: the answer has not, in its place:\n{line}\n\n{printed}"


def answer(text, reader):
    """The exit code of one command, and what it printed."""
    variables, words = documented.words_of(text)
    if words[0] == "cd":
        reader.chdir(words[1])
        return 0, ""
    if words[0] == "export":
        for name, _, value in (word.partition("=") for word in words[1:]):
            reader.setenv(name, shell_value(value))
        return 0, ""
    if words[0] == "make":
        return 0, ""  # that there is such a target is another test's
    unquoted = QUOTED.sub(lambda quoted: "_" * len(quoted[0]), text)
    if words[0] == "lakeward" and not SHELL.search(unquoted):
        with pytest.MonkeyPatch.context() as given:
            for name, value in variables.items():
                given.setenv(name, value)
            end = HANDED_ON.search(unquoted)
            return handed_on(text[: end.start()], text[end.start() :]) if end else called(words_of_ours(words))
    done = subprocess.run(["bash", "-c", text], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def shell_value(value):
    """What the shell makes of a value: a path at home, or the text that a command in it prints."""
    if value.startswith("~"):
        return str(Path(value).expanduser())
    if "$(" in value:
        return subprocess.run(["bash", "-c", f'printf %s "{value}"'], capture_output=True, text=True, check=True).stdout
    return value


def words_of_ours(words):
    return [shell_value(word) if "$(" in word else word for word in words[1:]]


def handed_on(command, rest):
    """As `answer`, of a command whose answer a shell takes over, such as `| tail -n 1 > file`."""
    printed = io.StringIO()
    code, errors = called(words_of_ours(documented.words_of(command)[1]), printed)
    done = subprocess.run(["bash", "-c", f"cat {rest}"], input=printed.getvalue(), capture_output=True, text=True, check=False)
    return done.returncode if rest.startswith("|") else code, done.stdout + done.stderr + errors


def called(words, printed=None):
    """The exit code of a command of ours, and what it said; what it printed apart from its messages goes to `printed`."""
    said = io.StringIO()
    with contextlib.redirect_stdout(printed or said), contextlib.redirect_stderr(said), pytest.raises(SystemExit) as end:
        main(words)
    return end.value.code or 0, said.getvalue()


def options(lang=Lang.EN):
    """The options of every command, by its words."""
    made = make_app(lang)
    queue = [((), typer.main.get_command(made) if isinstance(made, typer.Typer) else made)]
    found = {}
    while queue:
        words, command = queue.pop()
        found[words] = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)} | GLOBAL
        queue += [((*words, name), member) for name, member in getattr(command, "commands", {}).items()]
    return found


def unknown(text, known):
    """What of a command of Lakeward does not exist."""
    for part in re.split(r"[；：，]|[,;:] |\s(?=lakeward )", text.replace("…", "_")):
        if not part.startswith("lakeward "):
            continue
        words = part.split()[1:]  # half a command has half a quotation
        path = next(tuple(words[:end]) for end in range(len(words), -1, -1) if tuple(words[:end]) in known)
        rest = words[len(path) :]
        path = (*path, DEFAULTS[path[0]]) if len(path) == 1 and path[0] in DEFAULTS else path
        grouped = any(len(other) > len(path) and other[: len(path)] == path for other in known)
        if grouped and rest and not rest[0].startswith("-") and rest[0] not in PLACEHOLDERS:
            return rest[0]
        wrong = next((word for word in rest if word.startswith("--") and word.partition("=")[0] not in known[path]), None)
        if wrong:
            return wrong
    return None


def test_every_block_of_commands_says_what_it_needs():
    for page in documented.pages():
        for block in documented.blocks(documented.text_of(page)):
            at = f"{page}:{block.line}"
            assert not block.is_shell or block.words[0] == "console", f"{at}: commands stand in ```console blocks"
            assert not block.is_shell or block.needs in {None, *documented.NEEDS}, f"{at}: unknown need {block.needs}"
            assert block.is_shell or not re.search(r"^(?:\$ )?(?:lakeward|make|pip) ", block.text, re.MULTILINE), (
                f"{at}: no ```console"
            )
            assert not block.is_shell or list(documented.commands(block)), f"{at}: a command starts with `$ `"


def test_every_command_is_one_that_can_be_given():
    targets = set(re.findall(r"^([a-z-]+):", (source_tree.ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    found = 0
    for page in PAGES:
        for step, needs in documented.steps(documented.text_of(page)):
            for part in step.text.split(" && ") if isinstance(step, documented.Command) else ():
                _, words = documented.words_of(part)
                at = f"{page}:{step.line}: {part}"
                assert words[0] in {"lakeward", "cd", "make"} | TOOLS | (ELSEWHERE if needs else set()), at
                assert words[0] != "make" or set(words[1:]) <= targets, at
                found += 1
    assert found >= FEWEST


def test_every_command_that_is_named_exists():
    known = options()
    named = [(page, text) for page in documented.pages() for text in documented.named(documented.text_of(page))]
    given = [
        (f"{page}:{step.line}", part)
        for page in PAGES
        for step, _ in documented.steps(documented.text_of(page))
        if isinstance(step, documented.Command)
        for part in step.text.split(" && ")
        if documented.words_of(part)[1][0] == "lakeward"
    ]
    assert len(named) >= FEWEST
    assert [(at, text, wrong) for at, text in (*named, *given) if (wrong := unknown(text, known))] == []


def command_of(words):
    """The command that these words give, such as `grade list`."""
    first, *rest = [word for word in split_options(words)[1] if not word.startswith("-")] or [""]
    return f"{first} {rest[0]}" if first in GROUPS and rest else first


def commands_of(page):
    """The commands of Lakeward that a page gives on this machine, in order."""
    given = [
        step.text
        for step, needs in documented.steps(documented.text_of(page))
        if not needs and isinstance(step, documented.Command)
    ]
    words = [documented.words_of(part)[1] for text in given for part in text.split(" && ")]
    return [command_of(rest) for first, *rest in words if first == "lakeward"]


def followed_later():
    """Pages for the long run: translations, which give the commands of their originals, and long pages whose commands all stand on other pages."""
    translated = {page for page in PAGES if page.endswith(".zh.md") and page.replace(".zh.md", ".md") in PAGES}
    kept = {page: commands_of(page) for page in PAGES if page not in translated}
    for page, given in sorted(kept.items(), key=lambda one: (-len(one[1]), one[0])):
        elsewhere = {command for other, commands in kept.items() if other != page for command in commands}
        if len(given) > FEW and page not in FRONTS and elsewhere >= set(given):
            del kept[page]
    return set(PAGES) - kept.keys()


LATER = followed_later()


def test_every_command_of_the_pages_is_given_with_every_change():
    every, quick = ({command for page in pages for command in commands_of(page)} for pages in (PAGES, {*PAGES} - LATER))
    assert len(every) > 80
    assert every == quick


@pytest.mark.slow
@pytest.mark.parametrize("page", [pytest.param(page, marks=pytest.mark.exhaustive) if page in LATER else page for page in PAGES])
def test_a_page_can_be_followed(page, reader):
    follow(page, reader, {None})


@pytest.mark.spark
@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "page", [page for page in PAGES if any(b.needs == "spark" for b in documented.blocks(documented.text_of(page)))]
)
def test_a_page_can_be_followed_with_spark(page, reader):
    assert follow(page, reader, {None, "spark"})
