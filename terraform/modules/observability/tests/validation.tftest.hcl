# One failing case per validation.

mock_provider "aws" {}

variables {
  place          = { prefix = "plant", partition = "aws", region = "eu-central-1", account_id = "123456789012" }
  buckets        = { core = "plant-core", important = "plant-important", general = "plant-general" }
  log_bucket     = "plant-logs"
  operations_key = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  airflow        = { log_group = "/plant/airflow", database = "plant-airflow", cluster = "plant-airflow", services = ["scheduler"] }
}

run "a_missing_grade_is_refused" {
  command = plan

  variables {
    trails = { core = "All", general = "WriteOnly" }
  }

  expect_failures = [var.trails]
}

run "reads_of_important_data_are_recorded" {
  command = plan

  variables {
    trails = { core = "All", important = "WriteOnly", general = "WriteOnly" }
  }

  expect_failures = [var.trails]
}

run "an_address_is_an_address" {
  command = plan

  variables {
    alert_email = "steward"
  }

  expect_failures = [var.alert_email]
}

run "a_budget_is_above_nothing" {
  command = plan

  variables {
    monthly_budget = 0
  }

  expect_failures = [var.monthly_budget]
}
