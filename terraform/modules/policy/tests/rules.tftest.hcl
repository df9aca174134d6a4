# Of policies with a gap; what of the shipped policy is clear is compared with the product itself (tests/terraform/test_policy_map.py).

variables {
  policy_file   = "../../../expectations/policies/serving.yaml"
  project_file  = "../../../expectations/project.yaml"
  highest_grade = "core"
}

run "nobody_sees_core_in_clear" {
  command = plan

  assert {
    condition     = output.grades == ["core", "important", "general"] && length(flatten([for role, grades in output.clear : grades["core"]])) == 0
    error_message = "A grade is missing, or a role sees core data in clear."
  }

  assert {
    condition     = output.all_clear["important"] == ["steward"] && length(output.all_clear["core"]) == 0
    error_message = "Another role than the steward could read a bucket."
  }
}

run "a_lake_without_a_limit_is_refused_where_core_may_not_be" {
  command = plan

  variables {
    highest_grade = "general"
  }

  expect_failures = [output.highest_grade]
}
