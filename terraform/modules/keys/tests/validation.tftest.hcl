# One failing case per validation.

mock_provider "aws" {}

variables {
  place   = { prefix = "plant", partition = "aws", region = "eu-central-1", account_id = "123456789012" }
  grades  = ["core", "important", "general"]
  writers = { core = ["arn:aws:iam::123456789012:role/x"], important = ["arn:aws:iam::123456789012:role/x"], general = ["arn:aws:iam::123456789012:role/x"] }
}

run "a_missing_grade_is_refused" {
  command = plan

  variables {
    grades = ["core", "general"]
  }

  expect_failures = [var.grades]
}

run "a_user_holds_no_key" {
  command = plan

  variables {
    writers = { core = ["arn:aws:iam::123456789012:user/x"] }
  }

  expect_failures = [var.writers]
}

run "an_account_reads_nothing" {
  command = plan

  variables {
    readers = { general = ["arn:aws:iam::123456789012:root"] }
  }

  expect_failures = [var.readers]
}

run "a_core_key_stays_in_its_region" {
  command = plan

  variables {
    multi_region_grades = ["core"]
  }

  expect_failures = [var.multi_region_grades]
}

run "a_key_is_not_deleted_at_once" {
  command = plan

  variables {
    deletion_days = 1
  }

  expect_failures = [var.deletion_days]
}
