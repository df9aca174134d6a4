"""A header that comes again among the records, as where exports are put one behind another: a reject, never a row."""

import pytest

from support.staging import SHA, column, file_input, stage_files

pytestmark = pytest.mark.usefixtures("reader")

FIRST = "site,state,note\nA,on,x\nB,off,y\n"


def stage(tmp_path, content, columns="site state note", **dialect):
    path = tmp_path / "file.csv"
    path.write_text(content)
    return stage_files(tmp_path, [file_input(path)], [column(name) for name in columns.split()], **dialect)


@pytest.mark.parametrize(
    ("content", "line", "dialect"),
    [
        (FIRST + FIRST, 4, {}),
        (FIRST + "\ufeff" + FIRST, 4, {}),
        (FIRST + '"site","state" , note\nA,on,x\nB,off,y\n', 4, {}),
        (FIRST + "site,state,note", 4, {}),
        ("site,state,note\n" + FIRST + "A,on,x\nB,off,y\n", 2, {}),
        ("site,state,note,\nA,on,x,\nB,off,y,\nsite,state,note,\n", 4, {}),
        ("made by x\nsite,state,note\nA,on,x\nB,off,y\nsite,state,note\n", 5, {"header_row": 2}),
        ("# site,state,note\nA,on,x\nB,off,y\nsite,state,note\n", 4, {"comment": "#", "header_row": 1}),
        ("A,on,x\nB,off,y\nsite,state,note\n", 3, {"names": ("site", "state", "note")}),
        ("Ort,Status,Text\nA,on,x\nB,off,y\nOrt,Status,Text\n", 4, {"names": ("site", "state", "note"), "header_row": 1}),
        ('site,state,note\nA,on,x\n"B",off,"y\nz"\nsite,state,note\n', 5, {}),
        ("site;state;note;\nA;on;x\nB;off;y\nsite;state;note\n", 4, {"delimiter": ";", "null_padding": True}),
    ],
)
def test_a_header_that_comes_again_is_a_reject_at_its_line(tmp_path, content, line, dialect):
    got = stage(tmp_path, content, **dialect)
    assert got.rejects() == [(line, "reject_repeated_header")]
    assert {row[0] for row in got.rows("site")} == {"A", "B"}
    assert got.records == got.count("staged_rows") + 1


def test_each_line_of_a_header_of_several_lines_is_a_reject(tmp_path):
    content = "Temp,Temp,\nin,out,mode\n1,2,x\n"
    got = stage(tmp_path, content * 2, "Temp_in Temp_out mode", header_rows=2)
    assert got.rejects() == [(4, "reject_repeated_header"), (5, "reject_repeated_header")]
    assert got.rows("Temp_in, mode") == [("1", "x"), ("1", "x")]


def test_a_header_with_a_line_break_in_a_name_is_found_again(tmp_path):
    path = tmp_path / "f.csv"
    path.write_text('a,"b\n(C)"\nx,2\n' * 2)
    got = stage_files(tmp_path, [file_input(path)], [column("b", source_name="b\n(C)")])
    assert (got.rejects(), got.rows("b, _row")) == ([(4, "reject_repeated_header")], [("2", 3), ("2", 6)])


@pytest.mark.parametrize(
    "other",
    ["site,note,state", "state,site,note", '"note","state","site"', "note , site,state,"],
    ids=["two are changed", "the first is changed", "quoted", "padded"],
)
def test_the_header_of_another_table_makes_the_file_a_reject_that_names_the_line(tmp_path, other):
    got = stage(tmp_path, FIRST + other + "\nC,x,on\nD,y,off\n")
    assert got.rejects("_row, reason, detail") == [(0, "reject_other_header", f"{SHA}; line 4")]
    assert (got.rows(), got.records, got.reports[0].fault) == ([], 1, "reject_other_header")


@pytest.mark.parametrize(
    "records",
    [
        "state,text,what it does\nnote,text,site of the note\n",  # a list of columns
        "site,,\nstate,on,x\nnote,note,note\n",
        "A,site,note of x\n",
        "site,note,text\n",
        "site,state,\n",
        "state,state,note\nsite,site,site\n",
        ",,state\nsite,,\n",
    ],
)
def test_a_record_with_some_names_of_columns_is_a_record(tmp_path, records):
    got = stage(tmp_path, FIRST + records)
    assert (got.rejects(), got.count("staged_rows")) == ([], 2 + records.count("\n"))


def test_one_file_of_a_batch_has_another_table_and_the_rest_is_read(tmp_path):
    files = []
    for number, content in enumerate((FIRST, FIRST + "note,state,site\n", FIRST + FIRST), 1):
        path = tmp_path / f"{number}.csv"
        path.write_text(content)
        files.append(file_input(path, seq=number))
    got = stage_files(tmp_path, files, [column(name) for name in ("site", "state", "note")])
    assert got.rejects("_file_seq, _row, reason") == [(2, 0, "reject_other_header"), (3, 4, "reject_repeated_header")]
    assert [report.records for report in got.reports] == [2, 1, 5]
    assert got.count("staged_rows") == 6


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("kind\nflow\nkind\nB\n", [("flow",), ("kind",), ("B",)]),
        (
            "kind,pressure\npressure,high\nflow,low\npressure,kind\n",
            [("pressure", "high"), ("flow", "low"), ("pressure", "kind")],
        ),
        ("kind,pressure\npressure,\n,kind\nkind,\n", [("pressure", ""), ("", "kind"), ("kind", "")]),
    ],
    ids=["one column", "two columns", "a name alone"],
)
def test_a_value_that_is_the_name_of_a_column_is_a_value(tmp_path, content, rows):
    columns = content.partition("\n")[0].replace(",", " ")
    got = stage(tmp_path, content, columns)
    found = got.rows(", ".join(f"coalesce({name}, '')" for name in columns.split()))
    assert (got.rejects(), sorted(found)) == ([], sorted(rows))


def test_the_header_of_two_columns_is_a_reject_where_it_comes_again(tmp_path):
    got = stage(tmp_path, "kind,pressure\nflow,low\nkind,pressure\n", "kind pressure")
    assert (got.rejects(), got.rows("kind")) == ([(3, "reject_repeated_header")], [("flow",)])


def test_a_record_without_a_contracted_name_is_no_header_of_another_table(tmp_path):
    got = stage(tmp_path, "site,state,note,x,y\nA,on,z,1,2\nnote,state,x,y,\nsite,y,x,note,state\n", "site state")
    assert (got.rejects(), got.count("staged_rows")) == ([], 3)  # two contracted names are no evidence
