# One failing case per validation.

mock_provider "aws" {}

variables {
  place           = { prefix = "plant", partition = "aws", region = "eu-central-1", account_id = "123456789012" }
  clear           = { analyst = { core = [], important = [], general = ["none"] }, steward = { core = [], important = ["none", "device.vin"], general = ["none", "device.vin"] } }
  all_clear       = { core = [], important = ["steward"], general = ["steward"] }
  buckets         = { core = "plant-core", important = "plant-important", general = "plant-general" }
  lake_grade      = "important"
  evidence_bucket = "plant-evidence"
  operations_key  = "arn:aws:kms:eu-central-1:123456789012:key/operations"
}

run "a_policy_without_roles_is_refused" {
  command = plan

  variables {
    clear = {}
  }

  expect_failures = [var.clear]
}

run "who_sees_masked_values_reads_no_bucket" {
  command = plan

  variables {
    raw_readers = { general = ["analyst"] }
  }

  expect_failures = [var.raw_readers]
}

run "a_lake_lies_in_a_bucket" {
  command = plan

  variables {
    lake_grade = "secret"
  }

  expect_failures = [var.lake_grade]
}

run "a_provider_is_an_arn" {
  command = plan

  variables {
    saml_provider = "company"
  }

  expect_failures = [var.saml_provider]
}

run "a_repository_has_no_star" {
  command = plan

  variables {
    github_repository = "company/*"
  }

  expect_failures = [var.github_repository]
}
