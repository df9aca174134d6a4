# One failing case per validation.

variables {
  policy_file   = "../../../expectations/policies/serving.yaml"
  project_file  = "../../../expectations/project.yaml"
  highest_grade = "core"
}

run "a_policy_that_is_none_is_refused" {
  command = plan

  variables {
    policy_file = "versions.tf"
  }

  expect_failures = [var.policy_file]
}

run "a_project_that_is_none_is_refused" {
  command = plan

  variables {
    project_file = "versions.tf"
  }

  expect_failures = [var.project_file]
}

run "a_grade_that_there_is_not_is_refused" {
  command = plan

  variables {
    highest_grade = "secret"
  }

  expect_failures = [var.highest_grade]
}
