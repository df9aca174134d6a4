# One failing case per validation.

mock_provider "aws" {}

variables {
  place           = { prefix = "plant", partition = "aws", region = "eu-central-1", account_id = "123456789012" }
  buckets         = { for grade in ["core", "important", "general"] : grade => { name = "plant-${grade}", key = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000" } }
  evidence_bucket = "plant-evidence"
  operations_key  = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000"
}

run "a_missing_grade_is_refused" {
  command = plan

  variables {
    buckets = { core = { name = "plant-core", key = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000" } }
  }

  expect_failures = [var.buckets]
}

run "a_name_that_s3_does_not_take_is_refused" {
  command = plan

  variables {
    buckets = { for grade in ["core", "important", "general"] : grade => { name = "Plant_${grade}", key = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000" } }
  }

  expect_failures = [var.buckets]
}

run "a_name_of_evidence_that_s3_does_not_take_is_refused" {
  command = plan

  variables {
    evidence_bucket = "E"
  }

  expect_failures = [var.evidence_bucket]
}

run "every_grade_says_how_long_it_is_restored" {
  command = plan

  variables {
    noncurrent_days = { core = 365, general = 30 }
  }

  expect_failures = [var.noncurrent_days]
}

run "an_unknown_lock_is_refused" {
  command = plan

  variables {
    evidence_lock = { mode = "NONE", days = 1 }
  }

  expect_failures = [var.evidence_lock]
}

run "an_endpoint_is_an_id" {
  command = plan

  variables {
    vpc_endpoint = "s3"
  }

  expect_failures = [var.vpc_endpoint]
}

run "an_administrator_is_a_role" {
  command = plan

  variables {
    administrators = ["arn:aws:iam::123456789012:root"]
  }

  expect_failures = [var.administrators]
}
