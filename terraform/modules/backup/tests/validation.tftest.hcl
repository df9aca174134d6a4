# One failing case per validation.

mock_provider "aws" {}

variables {
  place          = { prefix = "plant", partition = "aws", region = "eu-central-1", account_id = "123456789012" }
  grades         = ["core", "important", "general"]
  operations_key = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000"
}

run "a_missing_grade_is_refused" {
  command = plan

  variables {
    grades = ["core", "important"]
  }

  expect_failures = [var.grades]
}

run "every_grade_says_how_long_it_is_kept" {
  command = plan

  variables {
    days = { core = 365, important = 180 }
  }

  expect_failures = [var.days]
}

run "a_lock_holds_for_a_week" {
  command = plan

  variables {
    lock = { days = 1, final_after = null }
  }

  expect_failures = [var.lock]
}

run "core_data_are_not_copied_away" {
  command = plan

  variables {
    copies = { core = "arn:aws:backup:eu-west-1:123456789012:backup-vault:x" }
  }

  expect_failures = [var.copies]
}
