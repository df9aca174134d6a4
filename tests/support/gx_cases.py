"""What the two judges are asked: every compiled expectation, and every form of condition on one of each family."""

import math

CASES = [
    ("column_values_to_not_be_null", {"column": "x"}),
    ("column_values_to_not_be_null", {"column": "x", "mostly": 0.6}),
    ("column_values_to_be_null", {"column": "y", "mostly": 0.2}),
    ("column_values_to_not_be_null", {"column": "c"}),
    *[("column_values_to_be_unique", {"column": c}) for c in "xnmscdtkb"],
    ("column_values_to_be_between", {"column": "x", "min_value": 0, "max_value": 2.5}),
    ("column_values_to_be_between", {"column": "x", "min_value": 1, "strict_min": True}),
    ("column_values_to_be_between", {"column": "n", "max_value": 3, "strict_max": True, "mostly": 0.5}),
    ("column_values_to_be_between", {"column": "m", "min_value": 2, "max_value": 4, "strict_min": True, "strict_max": True}),
    ("column_values_to_be_between", {"column": "d", "min_value": 0, "max_value": 2}),
    ("column_values_to_be_between", {"column": "s", "min_value": "a", "max_value": "中"}),
    ("column_values_to_be_between", {"column": "c", "min_value": "B"}),
    (
        "column_values_to_be_between",
        {"column": "t", "min_value": "2026-01-02T00:00:00+00:00", "max_value": "2026-01-03T00:00:00Z"},
    ),
    ("column_values_to_be_between", {"column": "t", "min_value": "2026-01-02T00:00:00"}),
    ("column_values_to_be_between", {"column": "k", "min_value": "2026-01-02"}),
    ("column_values_to_be_in_set", {"column": "s", "value_set": ["ab", "中文", ""]}),
    ("column_values_to_be_in_set", {"column": "n", "value_set": [1, 2, 3]}),
    ("column_values_to_be_in_set", {"column": "x", "value_set": [1, 2.5]}),
    ("column_values_to_be_in_set", {"column": "c", "value_set": ["A"]}),
    ("column_values_to_be_in_set", {"column": "d", "value_set": [1.5, 3]}),
    ("column_values_to_be_in_set", {"column": "b", "value_set": [True]}),
    ("column_values_to_be_in_set", {"column": "k", "value_set": ["2026-01-02"]}),
    ("column_values_to_be_in_set", {"column": "t", "value_set": ["2026-01-02T00:00:00Z"]}),
    ("column_values_to_be_in_set", {"column": "s", "value_set": []}),
    ("column_values_to_not_be_in_set", {"column": "s", "value_set": ["ab"]}),
    ("column_values_to_not_be_in_set", {"column": "n", "value_set": [3, None]}),
    ("column_values_to_match_regex", {"column": "s", "regex": r"^\w+$"}),
    ("column_values_to_match_regex", {"column": "c", "regex": "A"}),
    ("column_values_to_match_regex", {"column": "s"}),
    ("column_values_to_not_match_regex", {"column": "s", "regex": r"b"}),
    ("column_values_to_match_regex_list", {"column": "s", "regex_list": ["^a", r"文$"]}),
    ("column_values_to_match_regex_list", {"column": "s", "regex_list": ["^a", r"b$"], "match_on": "all"}),
    ("column_values_to_not_match_regex_list", {"column": "s", "regex_list": ["^a", r"\d$"]}),
    ("column_values_to_match_like_pattern", {"column": "s", "like_pattern": "a%"}),
    ("column_values_to_not_match_like_pattern", {"column": "s", "like_pattern": "a%"}),
    ("column_values_to_match_like_pattern_list", {"column": "s", "like_pattern_list": ["a%"]}),
    ("column_values_to_not_match_like_pattern_list", {"column": "s", "like_pattern_list": ["a%"]}),
    ("column_value_lengths_to_be_between", {"column": "s", "min_value": 1, "max_value": 2}),
    ("column_value_lengths_to_be_between", {"column": "s", "min_value": 1, "strict_min": True}),
    ("column_value_lengths_to_equal", {"column": "s", "value": 2}),
    ("column_values_to_match_strftime_format", {"column": "s", "strftime_format": "%Y-%m-%d"}),
    ("column_values_to_be_json_parseable", {"column": "s"}),
    *[("column_values_to_be_increasing", {"column": c, **k}) for c in "xnmdtk" for k in ({}, {"strictly": True})],
    *[("column_values_to_be_decreasing", {"column": c, **k}) for c in "xm" for k in ({}, {"strictly": True})],
    *[
        ("column_value_z_scores_to_be_less_than", {"column": c, "threshold": 1.1, "double_sided": w})
        for c in "xnd"
        for w in (True, False)
    ],
    ("column_values_to_not_be_outliers", {"column": "x"}),
    ("column_values_to_not_be_outliers", {"column": "m", "multiplier": 0.3}),
    ("column_values_to_not_be_outliers", {"column": "x", "method": "std", "multiplier": 1}),
    ("column_values_to_not_be_outliers", {"column": "m", "method": "std", "multiplier": 0}),
    ("column_values_to_not_be_outliers", {"column": "d"}),
    ("column_pair_values_a_to_be_greater_than_b", {"column_A": "x", "column_B": "y"}),
    ("column_pair_values_a_to_be_greater_than_b", {"column_A": "x", "column_B": "y", "or_equal": True}),
    ("column_pair_values_a_to_be_greater_than_b", {"column_A": "x", "column_B": "n", "ignore_row_if": "either_value_is_missing"}),
    ("column_pair_values_a_to_be_greater_than_b", {"column_A": "x", "column_B": "y", "ignore_row_if": "neither"}),
    ("column_pair_values_a_to_be_greater_than_b", {"column_A": "s", "column_B": "u", "ignore_row_if": "either_value_is_missing"}),
    ("column_pair_values_to_be_equal", {"column_A": "x", "column_B": "y", "mostly": 0.3}),
    ("column_pair_values_to_be_equal", {"column_A": "s", "column_B": "u", "ignore_row_if": "either_value_is_missing"}),
    ("column_pair_values_to_be_in_set", {"column_A": "s", "column_B": "u", "value_pairs_set": [["ab", "x"], [None, "y"]]}),
    (
        "column_pair_values_to_be_in_set",
        {"column_A": "n", "column_B": "m", "value_pairs_set": [[1, 1], [3, 2]], "ignore_row_if": "either_value_is_missing"},
    ),
    (
        "column_pair_values_to_be_in_set",
        {"column_A": "x", "column_B": "y", "value_pairs_set": [[1, 2], [2.5, 2.5]], "ignore_row_if": "neither"},
    ),
    *[
        ("multicolumn_sum_to_equal", {"column_list": ["x", "y"], "sum_total": 5, **i})
        for i in ({}, {"ignore_row_if": "any_value_is_missing"}, {"ignore_row_if": "never"})
    ],
    ("multicolumn_sum_to_equal", {"column_list": ["n", "m", "x"], "sum_total": 3}),
    ("multicolumn_sum_to_equal", {"column_list": ["d", "d"], "sum_total": 3}),
    *[
        ("multicolumn_values_to_be_equal", {"column_list": ["x", "y"], **i})
        for i in ({}, {"ignore_row_if": "any_value_is_missing"}, {"ignore_row_if": "never"})
    ],
    ("multicolumn_values_to_be_equal", {"column_list": ["s", "u"]}),
    *[
        ("select_column_values_to_be_unique_within_record", {"column_list": ["x", "y"], **i})
        for i in ({}, {"ignore_row_if": "any_value_is_missing"}, {"ignore_row_if": "never"})
    ],
    ("select_column_values_to_be_unique_within_record", {"column_list": ["s", "u", "c"]}),
    *[
        ("compound_columns_to_be_unique", {"column_list": ["x", "y"], **i})
        for i in ({}, {"ignore_row_if": "any_value_is_missing"}, {"ignore_row_if": "never"})
    ],
    ("compound_columns_to_be_unique", {"column_list": ["s", "u"]}),
    *[
        (f"column_{a}_to_be_between", {"column": c, "min_value": 1.1, "max_value": 3.4})
        for a in ("mean", "stdev", "median", "sum", "min", "max")
        for c in "xnmd"
    ],
    ("column_sum_to_be_between", {"column": "x", "min_value": 0, "strict_min": True}),
    ("column_min_to_be_between", {"column": "s", "min_value": "a"}),
    ("column_max_to_be_between", {"column": "s", "max_value": "中文"}),
    ("column_min_to_be_between", {"column": "t", "min_value": "2026-01-02T00:00:00Z"}),
    ("column_max_to_be_between", {"column": "t", "min_value": "2026-01-02T00:00:00Z"}),
    ("column_max_to_be_between", {"column": "k", "min_value": "2026-01-02"}),
    *[("column_unique_value_count_to_be_between", {"column": c, "min_value": 0, "max_value": 3}) for c in "xnscdtb"],
    *[("column_proportion_of_unique_values_to_be_between", {"column": c, "max_value": 0.7}) for c in "xnsct"],
    *[("column_proportion_of_non_null_values_to_be_between", {"column": c, "min_value": 0.5, "strict_min": True}) for c in "xns"],
    ("column_distinct_values_to_be_in_set", {"column": "s", "value_set": ["ab", "中文"]}),
    ("column_distinct_values_to_be_in_set", {"column": "n", "value_set": [1, 2, 3, 5, -1]}),
    ("column_distinct_values_to_be_in_set", {"column": "c", "value_set": ["A", "B", "C"]}),
    ("column_distinct_values_to_be_in_set", {"column": "k", "value_set": ["2026-01-02"]}),
    ("column_distinct_values_to_be_in_set", {"column": "t", "value_set": ["2026-01-02T00:00:00Z"]}),
    ("column_distinct_values_to_be_in_set", {"column": "d", "value_set": [1.5, 3]}),
    ("column_distinct_values_to_contain_set", {"column": "s", "value_set": ["ab", "zz"]}),
    ("column_distinct_values_to_contain_set", {"column": "x", "value_set": [1, 2.5]}),
    ("column_distinct_values_to_contain_set", {"column": "x", "value_set": [1, None]}),
    ("column_distinct_values_to_contain_set", {"column": "b", "value_set": [True]}),
    ("column_distinct_values_to_equal_set", {"column": "c", "value_set": ["A", "B", "C"]}),
    ("column_distinct_values_to_equal_set", {"column": "u", "value_set": ["x"]}),
    ("column_most_common_value_to_be_in_set", {"column": "s", "value_set": ["ab"]}),
    ("column_most_common_value_to_be_in_set", {"column": "n", "value_set": [3]}),
    ("column_most_common_value_to_be_in_set", {"column": "c", "value_set": ["A"]}),
    ("column_most_common_value_to_be_in_set", {"column": "x", "value_set": [1, 2.5], "ties_okay": True}),
    *[
        (
            "column_quantile_values_to_be_between",
            {
                "column": c,
                "quantile_ranges": {
                    "quantiles": [0, 0.1, 0.25, 0.5, 0.75, 1],
                    "value_ranges": [[-3, 0], [None, 2], [-1, 2], [1, None], [2, 5], [3, 5]],
                },
                **k,
            },
        )
        for c in "xmd"
        for k in (
            {},
            {"allow_relative_error": "lower"},
            {"allow_relative_error": "higher"},
            {"allow_relative_error": "midpoint"},
            {"allow_relative_error": "linear"},
        )
    ],
    ("column_to_exist", {"column": "x"}),
    ("column_to_exist", {"column": "x", "column_index": 0}),
    ("column_to_exist", {"column": "n", "column_index": 0}),
    ("column_to_exist", {"column": "n", "column_index": 2}),
    ("column_to_exist", {"column": "nope"}),
    ("column_values_to_be_of_type", {"column": "x", "type_": "float64"}),
    ("column_values_to_be_of_type", {"column": "m", "type_": "int64"}),
    ("column_values_to_be_of_type", {"column": "n", "type_": "int64"}),
    ("column_values_to_be_of_type", {"column": "s", "type_": "str"}),
    ("column_values_to_be_in_type_list", {"column": "s", "type_list": ["str"]}),
    ("column_values_to_be_in_type_list", {"column": "x", "type_list": ["int64", "float64"]}),
    ("column_type_to_be", {"column": "x", "type_": "float64"}),
    ("table_columns_to_match_set", {"column_set": ["x"], "exact_match": False}),
    ("table_columns_to_match_set", {"column_set": ["x"]}),
    ("table_columns_to_match_ordered_list", {"column_list": list("xynmsucdtkb")}),
    ("table_columns_to_match_ordered_list", {"column_list": ["x"]}),
    ("table_columns_to_match_ordered_list", {"column_list": [*"xynmsucdtk", "no_such_column"]}),
    ("table_columns_to_match_ordered_list", {"column_list": []}),
    ("table_columns_to_match_ordered_list", {}),
    ("table_column_count_to_be_between", {"min_value": 3, "max_value": 11}),
    ("table_column_count_to_equal", {"value": 4}),
    ("table_row_count_to_be_between", {"min_value": 1, "max_value": 7, "strict_max": True}),
    ("table_row_count_to_be_between", {}),
    ("table_column_count_to_be_between", {"min_value": None, "max_value": None}),
    *[(f"column_{what}_to_be_between", {"column": "x"}) for what in ("mean", "min", "median", "sum", "stdev")],
    ("column_unique_value_count_to_be_between", {"column": "n", "min_value": None, "max_value": None}),
    ("column_values_to_be_between", {"column": "x", "min_value": -math.inf, "max_value": math.inf}),
    ("column_values_to_be_between", {"column": "n", "min_value": math.inf}),
    ("column_values_to_be_between", {"column": "d", "min_value": 0, "max_value": math.inf}),
    ("column_max_to_be_between", {"column": "m", "min_value": -math.inf, "max_value": 2}),
    ("table_row_count_to_equal", {"value": 7}),
]


def _comparison(column, operator, parameter):
    return {"type": "comparison", "column": {"name": column}, "operator": operator, "parameter": parameter}


def _null(column, *, is_null):
    return {"type": "nullity", "column": {"name": column}, "is_null": is_null}


CONDITIONS = [
    {"row_condition": "x > 1", "condition_parser": "pandas"},
    {"row_condition": "n != 3 and not (x <= 1)", "condition_parser": "pandas"},
    {"row_condition": "~(y == 2.5) | `u` == 'x'", "condition_parser": "pandas"},
    {"row_condition": "u.notnull() & s.isnull()", "condition_parser": "pandas"},
    {"row_condition": "s in ['ab', '中文'] or 0 < m < 3", "condition_parser": "pandas"},
    {"row_condition": "u not in ('x',) and b == True", "condition_parser": "pandas"},
    {"row_condition": "x > y", "condition_parser": "pandas"},
    {"row_condition": {"type": "pass_through", "pass_through_filter": "n.isna() or n >= 2"}, "condition_parser": "pandas"},
    {"row_condition": 'col("n") != 3', "condition_parser": "great_expectations"},
    {"row_condition": 'col("u").notNull()', "condition_parser": "great_expectations__experimental__"},
    {"row_condition": "col('u') == 'x'".replace("('u')", '("u")'), "condition_parser": "great_expectations"},
    {"row_condition": 'col("t") > date("2026-01-02T00:00:00Z")', "condition_parser": "great_expectations"},
    {"row_condition": _comparison("u", "==", "x")},
    {"row_condition": _comparison("u", "!=", "x")},
    {"row_condition": _comparison("n", "NOT_IN", [1, 3])},
    {
        "row_condition": {
            "type": "or",
            "conditions": [
                _null("x", is_null=True),
                {"type": "and", "conditions": [_comparison("m", ">", 2), _comparison("s", "IN", ["ab", ""])]},
            ],
        }
    },
    {"row_condition": {"type": "and", "conditions": [_null("x", is_null=False), _comparison("m", "<=", 4)]}},
    {"row_condition": "m > 100", "condition_parser": "pandas"},
]
CONDITIONED = [
    ("column_values_to_not_be_null", {"column": "s"}),
    ("column_values_to_be_null", {"column": "y"}),
    ("column_values_to_be_between", {"column": "x", "min_value": 2}),
    ("column_values_to_be_in_set", {"column": "s", "value_set": ["ab"], "mostly": 0.5}),
    ("column_values_to_be_unique", {"column": "u"}),
    ("column_values_to_be_increasing", {"column": "m", "strictly": True}),
    ("column_value_z_scores_to_be_less_than", {"column": "x", "threshold": 1.1, "double_sided": True}),
    ("column_values_to_not_be_outliers", {"column": "m", "multiplier": 0.2}),
    ("column_pair_values_a_to_be_greater_than_b", {"column_A": "x", "column_B": "y", "ignore_row_if": "either_value_is_missing"}),
    ("column_pair_values_to_be_equal", {"column_A": "s", "column_B": "u"}),
    ("multicolumn_sum_to_equal", {"column_list": ["x", "y"], "sum_total": 5}),
    ("compound_columns_to_be_unique", {"column_list": ["s", "u"]}),
    ("column_mean_to_be_between", {"column": "x", "min_value": 0}),
    ("column_max_to_be_between", {"column": "n", "max_value": 3}),
    ("column_unique_value_count_to_be_between", {"column": "s", "max_value": 2}),
    ("column_proportion_of_unique_values_to_be_between", {"column": "n", "max_value": 0.7}),
    ("column_proportion_of_non_null_values_to_be_between", {"column": "n", "max_value": 0.7}),
    ("column_distinct_values_to_equal_set", {"column": "u", "value_set": ["x"]}),
    ("column_most_common_value_to_be_in_set", {"column": "u", "value_set": ["x"]}),
    (
        "column_quantile_values_to_be_between",
        {"column": "m", "quantile_ranges": {"quantiles": [0.3, 0.6], "value_ranges": [[1, 3], [2, None]]}},
    ),
    ("table_row_count_to_be_between", {"min_value": 1, "max_value": 4}),
    ("table_row_count_to_equal", {"value": 2}),
]
WITH_CONDITION = [
    (type_, kwargs | condition)
    for number, (type_, kwargs) in enumerate(CONDITIONED)
    for place, condition in enumerate(CONDITIONS)
    if (number + place) % 3 == 0
]
