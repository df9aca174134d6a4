# One failing case per validation.

mock_provider "aws" {}

variables {
  place          = { prefix = "plant", partition = "aws", region = "eu-central-1", account_id = "123456789012" }
  zones          = ["eu-central-1a", "eu-central-1b"]
  operations_key = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000"
}

run "public_addresses_are_refused" {
  command = plan

  variables {
    cidr = "8.8.0.0/20"
  }

  expect_failures = [var.cidr]
}

run "a_network_too_small_is_refused" {
  command = plan

  variables {
    cidr = "10.0.0.0/26"
  }

  expect_failures = [var.cidr]
}

run "one_zone_is_too_few" {
  command = plan

  variables {
    zones = ["eu-central-1a"]
  }

  expect_failures = [var.zones]
}

run "a_zone_of_another_region_is_refused" {
  command = plan

  variables {
    zones = ["eu-central-1a", "eu-west-1b"]
  }

  expect_failures = [var.zones]
}

run "logs_are_kept_for_a_year" {
  command = plan

  variables {
    log_days = 30
  }

  expect_failures = [var.log_days]
}
