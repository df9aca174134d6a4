"""The house stays small enough to be read: sizes of style.md, with exceptions named and reasoned."""

import statistics

from support import source_tree

# path:function -> why it may be longer than a screen.
LONG_FUNCTIONS: dict[str, str] = {}
# path -> why it may be longer than 400 lines.
LONG_FILES: dict[str, str] = {}
# path:class -> why it may have more than ten public methods.
WIDE_CLASSES = {
    "pipelines/lakeward/contracts/view.py:View": "one reader per kind of value, so that all parts of a contract read alike",
    "pipelines/lakeward/engines/protocols.py:TableStore": "one word per thing that flows do with a table, so that an engine is one object",
    "pipelines/lakeward/engines/embedded/tables.py:EmbeddedTables": "the reading words of `TableStore`",
    "pipelines/lakeward/engines/spark/engine.py:SparkEngine": "all words of `TableStore`",
    "pipelines/lakeward/engines/renamed.py:RenamedTables": "all words of `TableStore` and `QueryEngine`, each by the name of then or of now",
    "pipelines/lakeward/engines/embedded/session.py:EmbeddedSession": "all words of `QueryEngine`",
    "pipelines/lakeward/engines/spark/query_engine.py:SparkQueryEngine": "all words of `QueryEngine`",
    "pipelines/lakeward/sources/sql/server.py:SqlServer": "one word per thing that a window asks of a server, so that a server is one object",
    "pipelines/lakeward/sources/sql/postgres.py:PostgresServer": "all words of `SqlServer`",
    "pipelines/lakeward/sources/sql/other_servers.py:OtherServer": "all words of `SqlServer`",
    "pipelines/lakeward/engines/text/text_sql.py:TextSqlDialect": "one word per thing that the rules of text say, so that they are written once",
    "pipelines/lakeward/engines/reading/text_sql.py:DuckDbTextSql": "all words of `TextSqlDialect`",
    "pipelines/lakeward/engines/spark/staging/text_sql.py:SparkTextSql": "all words of `TextSqlDialect`",
}
STOP_FUNCTION, STOP_FILE, MEDIAN_FUNCTION, PUBLIC_METHODS = 40, 400, 10, 10


def sizes():
    found = {
        f"{module.path}:{node.name}": source_tree.lines_of_code(node)
        for module in source_tree.library()
        for node in module.nodes(*source_tree.FUNCTIONS)
    }
    assert len(found) > 100
    return found


def test_half_of_all_functions_fit_ten_lines():
    assert statistics.median(sizes().values()) <= MEDIAN_FUNCTION


def test_no_function_is_longer_than_a_screen_without_a_reason():
    long = {name for name, lines in sizes().items() if lines > STOP_FUNCTION}
    assert long == set(LONG_FUNCTIONS)


def test_no_file_is_longer_than_four_hundred_lines_without_a_reason():
    everything = (*source_tree.library(), *source_tree.modules("tests/"))
    assert len(everything) > 30
    long = {module.path for module in everything if module.text.count("\n") > STOP_FILE}
    assert long == set(LONG_FILES)


def test_no_class_has_more_than_ten_public_methods():
    names = [name for module in source_tree.library() for name, node in source_tree.public(module)]
    assert len(names) > 100
    methods = [name.rpartition(".")[0] for name in names if name.rpartition(":")[2].count(".") == 1]
    assert {owner for owner in methods if methods.count(owner) > PUBLIC_METHODS} == set(WIDE_CLASSES)
