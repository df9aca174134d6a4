mock_provider "aws" {}

variables {
  region     = "eu-central-1"
  zones      = ["eu-central-1a", "eu-central-1b"]
  account_id = "123456789012"
  image      = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/plant@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  project    = "./tests/project"
}

run "a_project_for_general_data_is_planned" {
  command = plan

  assert {
    condition     = output.lakehouse.lake.grade == "general"
    error_message = "The lake lies in another bucket than the project asks for."
  }
}

run "a_call_is_tried_at_least_once" {
  command = plan

  variables {
    max_retries = 0
  }

  expect_failures = [var.max_retries]
}
