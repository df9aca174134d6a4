# One failing case per validation.

mock_provider "aws" {}

variables {
  place   = { prefix = "plant", partition = "aws", region = "eu-central-1", account_id = "123456789012" }
  network = { vpc = "vpc-1", subnets = ["subnet-1", "subnet-2"], s3_prefix_list = "pl-1", cidr = "10.20.0.0/20" }
}

run "a_release_has_three_numbers" {
  command = plan

  variables {
    release = "7.12"
  }

  expect_failures = [var.release]
}

run "too_little_memory_is_refused" {
  command = plan

  variables {
    most = { cores = 8, gibibytes = 4 }
  }

  expect_failures = [var.most]
}

run "an_application_stops_at_last" {
  command = plan

  variables {
    idle_minutes = 0
  }

  expect_failures = [var.idle_minutes]
}
