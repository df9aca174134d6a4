mock_provider "aws" {}

variables {
  region        = "eu-central-1"
  zones         = ["eu-central-1a", "eu-central-1b"]
  account_id    = "123456789012"
  image         = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/plant@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  certificate   = "arn:aws:acm:eu-central-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"
  saml_provider = "arn:aws:iam::123456789012:saml-provider/company"
  alert_email   = "data-steward@plant.example"
}

run "a_project_without_a_limit_lies_in_the_core_bucket" {
  command = plan

  assert {
    condition     = output.lakehouse.lake.grade == "core"
    error_message = "Core data lie elsewhere."
  }
}

run "the_same_in_china" {
  command = plan

  variables {
    partition     = "aws-cn"
    region        = "cn-north-1"
    zones         = ["cn-north-1a", "cn-north-1b"]
    certificate   = "arn:aws-cn:acm:cn-north-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"
    saml_provider = "arn:aws-cn:iam::123456789012:saml-provider/company"
  }

  assert {
    condition     = output.lakehouse.lake.url == "s3://lakeward-core-123456789012/lake"
    error_message = "The lake lies elsewhere."
  }
}

run "a_call_is_tried_at_least_once" {
  command = plan

  variables {
    max_retries = 0
  }

  expect_failures = [var.max_retries]
}
