"""What a draft can't know is a proposal with a CHECK, and what it drafts `run` takes, with the right values."""

import datetime as dt
import json
from functools import cached_property

import pytest

from lakeward.core.errors import UsageError
from lakeward.core.settings import Settings
from lakeward.flows import create_project, draft_from_files, ingest_dataset
from lakeward.flows.base.workspace import open_workspace
from support.workbooks import book_of

MINUTES = range(40)
EPOCH = 1_772_344_800  # 2026-03-01 06:00:00 UTC


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return Settings(start=create_project(tmp_path_factory.mktemp("doubts") / "plant"))


class Trial:
    """A file that is drafted and run."""

    def __init__(self, settings: Settings, path, content: bytes) -> None:
        path.write_bytes(content)
        name = f"d{len(list(settings.start.glob('expectations/datasets/*')))}"
        drafted = draft_from_files(settings, name, [path])
        self.contract = (drafted.folder / "contract.odcs.yaml").read_text(encoding="utf-8")
        self.notes = [(note.code, dict(note.facts)) for note in drafted.notes]
        self._settings, self._name = settings, name

    @cached_property
    def counts(self):
        """Rows of silver, rejects, and rows of quarantine."""
        counts = ingest_dataset(self._settings, self._name).counts
        return counts.silver, counts.rejects, counts.quarantine

    def value(self, select: str):
        assert self.counts[0]
        with open_workspace(self._settings).engine() as engine:
            return engine.fetch(f"SELECT {select} AS found FROM silver.{self._name}")[0]["found"]


@pytest.fixture
def draft(settings, tmp_path):
    return lambda content, name="a.csv", encoding="utf-8": Trial(settings, tmp_path / name, content.encode(encoding))


def rows(field, header="ts,v"):
    return f"{header}\n" + "".join(f"2026-03-01 06:{n:02}:00,{field(n)}\n" for n in MINUTES)


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("field", "told", "total"),
    [
        (lambda n: f'"{n},5"', 'decimal: ","      # CHECK', 800.0),
        (lambda n: f'"-1.{n + 100},5"', 'decimal: ","      # CHECK', -44800.0),
        (lambda n: f"{n}.5", 'decimal: "."\n', 800.0),
    ],
)
def test_a_decimal_sign_that_is_the_delimiter_too_is_read_in_quotes(draft, field, told, total):
    found = draft(rows(field))
    assert told in found.contract
    assert found.counts == (40, 0, 0)
    assert found.value("sum(v)") == total


def test_numbers_of_the_other_decimal_sign_stay_texts_with_a_doubt(draft):
    found = draft(rows(lambda n: f'"{n},5",{n}.25', "ts,v,w"))
    assert (
        "logicalType: string      # 40 of 40 values convert, 40 different\n        # CHECK: its texts look like numbers"
        in found.contract
    )
    assert found.value("max(v)") == "9,5"


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("sentinel", "factor", "form", "every"),
    [(0, 1, "epoch_s", 3), (4294967295, 1, "epoch_s", 20), (-1, 10**9, "epoch_ns", 5)],
)
def test_counts_that_are_no_time_are_suspects(draft, sentinel, factor, form, every):
    times = [sentinel if n % every == 1 else (EPOCH + 60 * n) * factor for n in MINUTES]
    found = draft("timestamp,v\n" + "".join(f"{time},{n}\n" for n, time in enumerate(times)))
    assert f'nulls, value: ["{sentinel}"]}}      # CHECK: times far from all others' in found.contract
    assert f'timeFormat, value: "{form}"' in found.contract
    assert "required: true" not in found.contract
    assert found.value("min(timestamp)::VARCHAR") == "2026-03-01 06:00:00+00"
    assert found.value("max(timestamp)::VARCHAR") == "2026-03-01 06:39:00+00"
    assert found.value("count_if(timestamp IS NULL)") == times.count(sentinel)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("sentinel", ["1970-01-01 00:00:00", "9999-12-31 23:59:59", "1970-01-01T00:00:00Z"])
def test_days_on_which_clocks_begin_are_suspects_too(draft, sentinel):
    found = draft("ts,v\n" + "".join(f"{sentinel if n == 7 else f'2026-03-01 06:{n:02}:00'},{n}\n" for n in MINUTES))
    assert f'nulls, value: ["{sentinel}"]}}      # CHECK: times far from all others' in found.contract
    assert found.value("min(ts)::VARCHAR || max(ts)::VARCHAR") == "2026-02-28 22:00:00+002026-02-28 22:39:00+00"


def test_a_clock_that_was_not_set_is_a_doubt(draft):
    found = draft("ts,v\n" + "".join(f"{'1970-01-01 00' if n < 8 else '2026-03-01 06'}:{n:02}:00,{n}\n" for n in MINUTES))
    assert "# CHECK: more than 5 different values lie where clocks" in found.contract
    assert "nulls, value" not in found.contract


@pytest.mark.parametrize("first", ["1970-01-01 00:", "2000-01-01 00:"])
def test_times_that_all_lie_there_are_times(draft, first):
    assert "CHECK: times" not in draft("ts,v\n" + "".join(f"{first}{n:02}:00,{n}\n" for n in MINUTES)).contract


@pytest.mark.sampled(1)
@pytest.mark.parametrize("infinite", ["-Infinity", "1.#INF"])
def test_an_infinite_number_is_named(draft, infinite):
    found = draft(rows(lambda n: infinite if n == 5 else n * 0.5))
    assert found.notes == [("new_infinite", {"column": "v", "count": 1, "rows": 40})]
    assert "# CHECK: 1 values are infinite" in found.contract
    assert found.counts == (39, 0, 1)


def test_a_column_with_many_infinite_numbers_says_why_it_is_text(draft):
    found = draft(rows(lambda n: "inf" if n % 4 == 0 else n * 0.5))
    assert "# CHECK: 10 values are infinite, which no number of a contract is: with fewer" in found.contract


def test_pages_of_records_are_a_doubt(draft):
    pages = [{"page": page, "data": [{"v": page}, {"v": page + 0.5}]} for page in range(3)]
    assert "# CHECK: each text is a JSON list of objects" in draft("\n".join(map(json.dumps, pages)), "a.jsonl").contract


def test_an_envelope_larger_than_a_first_look_is_refused(draft):
    with pytest.raises(UsageError, match="'data' holds the records") as refusal:
        draft(json.dumps({"meta": 1, "data": [{"ts": n, "v": n} for n in range(40_000)]}), "a.json")
    assert refusal.value.code == "sample_json_envelope"


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("text", "encoding", "drafted"),
    [
        ("1炉", "gb18030", "gb18030"),
        ("煤炉", "gb18030", "gb18030"),
        ("{}°C", "utf-8", "utf-8"),
        ("Größe {}", "utf-8", "utf-8"),
        ("“{}” – €", "cp1252", "cp1252"),
    ],
)
def test_short_texts_are_read_in_their_encoding(draft, text, encoding, drafted):
    found = draft(rows(lambda n: f"{n},{text.format(n)}", "ts,v,note"), encoding=encoding)
    assert f"encoding: {drafted}  " in found.contract
    assert found.value("max(note)") == max(text.format(n) for n in MINUTES)


@pytest.mark.exhaustive
def test_names_with_signs_that_yaml_has_no_text_for_are_taken(draft):
    header = "ts,a\x85b,c\u2028d,e\x7ff,\u00a0g"
    found = draft(rows(lambda n: f"{n}.5,{n},{n},{n}", header))
    assert found.counts == (40, 0, 0)
    assert found.value("sum(a_b)::INT || ' ' || sum(c_d)") == "800 780"


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("times", "told"),
    [
        ([f"2026-03-01 06:00:{n:02}.123456{n:03}" for n in MINUTES], "# CHECK: 39 values are finer than microseconds"),
        ([f"2026-03-01 06:00:{n:02}.123456000" for n in MINUTES], None),
        ([f"{EPOCH}000000{n:03}" for n in MINUTES], "# CHECK: 39 values are finer than microseconds"),
        ([f"{EPOCH}{n:03}000000" for n in MINUTES], None),
    ],
)
def test_times_finer_than_a_table_keeps_are_a_doubt(draft, times, told):
    contract = draft("time,v\n" + "".join(f"{time},{n}\n" for n, time in enumerate(times))).contract
    assert "logicalType: timestamp" in contract
    assert ("finer than" in contract) == bool(told)
    assert (told or "") in contract


def test_steps_of_a_microsecond_have_no_period_of_zero_seconds(draft):
    found = draft("time,v\n" + "".join(f"{EPOCH}{n:06}000,{n}\n" for n in MINUTES))
    assert found.counts == (40, 0, 0)
    assert found.value("count(DISTINCT time)") == 40  # nanoseconds are not divided as doubles


WORDS = {1: "Bad", 9: "I/O Timeout", 12: "Uncertain", 20: "", 30: "Bad"}
CODES = {1: 2147483648, 9: 2147483648, 12: 1073741824, 20: None, 30: 2147483648}


@pytest.mark.sampled(1)
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_words_of_historians_set_a_quality(draft, form):
    values = [WORDS.get(n, n * 0.5) for n in MINUTES]
    lines = [{"ts": f"2026-03-01 06:{n:02}:00", "v": value} for n, value in enumerate(values)]
    content = "\n".join(map(json.dumps, lines)) if form == "jsonl" else rows(lambda n: values[n])
    found = draft(content, f"a.{form}")
    assert '- name: "v_quality"\n        logicalType: integer' in found.contract
    assert found.counts == (40, 0, 0)
    assert found.value("list(v_quality ORDER BY ts)") == [CODES.get(n, 0) for n in MINUTES]
    assert found.value("count(v)") == 35


@pytest.mark.sampled(1)
@pytest.mark.parametrize("form", ["jsonl", "xlsx"])
def test_date_and_time_in_two_columns_are_joined_in_any_text(settings, tmp_path, form):
    path = tmp_path / f"a.{form}"
    records = [{"day": dt.date(2026, 3, 1), "time": dt.time(6, n), "v": n} for n in MINUTES]
    if form == "xlsx":
        book_of(path, [["day", "time", "v"], *(list(record.values()) for record in records)])
    else:
        path.write_text("\n".join(json.dumps(record, default=str) for record in records))
    found = Trial(settings, path, path.read_bytes())
    assert 'joins, value: ["day", "time"]' in found.contract
    assert found.counts == (40, 0, 0)
    assert found.value("max(day_time)::VARCHAR") == "2026-02-28 22:39:00+00"


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("M1,RUN,ok\nM2,STOP,ok\nM3,RUN,bad\n", ["column_1", "column_2", "column_3"]),
        ("P-101\nP-102\nP-103\n", ["column_1"]),
    ],
)
def test_a_first_record_of_texts_like_the_others_is_no_header(draft, text, names):
    found = draft(text)
    assert f"names: {json.dumps(names)}      # CHECK" in found.contract
    assert found.counts == (3, 0, 0)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("text", ["machine,state\nM-1,RUN\nM-2,STOP\nM-3,RUN\n", "a,b\nx,y\nz,w\nv,u\n", "m,s\nx,y\nm,s\nz,w\n"])
def test_a_header_above_texts_stays_one(draft, text):
    assert "names:" not in draft(text).contract


def test_a_cut_file_of_json_is_named_with_the_line_of_its_end(draft):
    records = [{"ts": f"2026-03-01 06:{n:02}:00", "v": n} for n in MINUTES]
    for content, line in ((json.dumps(records)[:-9], 1), (json.dumps(records, indent=1)[:-9], 160)):
        with pytest.raises(UsageError, match=f"ends in line {line}, before its JSON does"):
            draft(content, "a.json")
    lines = "\n".join(map(json.dumps, records))
    with pytest.raises(UsageError, match="no valid JSON from line 1, character 38 on"):
        draft(lines.replace("\n", ",\n"), "a.json")
    found = draft(lines[:-9], "a.jsonl")
    assert found.notes[0][0] == "new_rejects"
    assert found.notes[0][1].items() >= {"rejects": 1, "records": 40, "line": 40}.items()


@pytest.mark.exhaustive
def test_a_fraction_of_a_german_file_says_what_its_points_are(draft):
    lines = "".join(f"02.02.2026 08:{n:02};{n},5;text;{n + 1}.001\n" for n in MINUTES)
    trial = draft("Datum;Wert;Bemerkung;Preis\n" + lines)
    assert (trial.value("max(Preis)"), trial.value("max(Wert)")) == (40001, 39.5)
    assert [code for code, _ in trial.notes] == []


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("sign", "other"), [(",", "5;6"), (".", "5;6"), (".", "5,5;5.5")])
def test_numbers_that_can_be_read_in_two_ways_are_said(draft, sign, other):
    trial = draft("ts;n;v;a;b\n" + "".join(f"2026-03-01 06:{n:02}:00;{n};{n + 1}{sign}001;{other}\n" for n in MINUTES))
    assert f'# CHECK: "{sign}" may be the decimal sign or stand between thousands' in trial.contract
    assert [(code, facts["column"], facts["sign"]) for code, facts in trial.notes] == [("new_unsure_sign", "v", sign)]


def test_part_numbers_with_an_e_stay_as_they_are(draft):
    trial = draft(
        "ts,part\n"
        + "".join(f"2026-03-01 06:{n:02}:00,{n + 10}{'E4' if n % 9 == 0 else ''}\n" for n in MINUTES)
        + "2026-03-01 07:00:00,A17\n"
    )
    assert trial.value("min(part)") == "10E4"
    assert "texts like 12E4 are identifiers or numbers" in trial.contract
