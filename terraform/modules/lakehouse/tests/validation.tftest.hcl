# One failing case per validation.

mock_provider "aws" {}

variables {
  prefix        = "plant"
  region        = "eu-central-1"
  zones         = ["eu-central-1a", "eu-central-1b"]
  account_id    = "123456789012"
  policy_file   = "../../../expectations/policies/serving.yaml"
  project_file  = "../../../expectations/project.yaml"
  highest_grade = "core"
  airflow       = { image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/plant@sha256:0000000000000000000000000000000000000000000000000000000000000000" }
}

run "a_long_prefix_is_refused" {
  command = plan

  variables {
    prefix = "a-prefix-with-too-many-letters"
  }

  expect_failures = [var.prefix]
}

run "an_unknown_partition_is_refused" {
  command = plan

  variables {
    partition = "aws-us-gov"
  }

  expect_failures = [var.partition]
}

run "a_region_is_a_region" {
  command = plan

  variables {
    region = "Frankfurt"
  }

  expect_failures = [var.region]
}

run "a_region_of_another_partition_is_refused" {
  command = plan

  variables {
    region = "cn-north-1"
  }

  expect_failures = [var.region]
}

run "an_account_has_twelve_digits" {
  command = plan

  variables {
    account_id = "1234"
  }

  expect_failures = [var.account_id]
}
