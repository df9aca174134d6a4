# Everything wired, by a mocked provider.

mock_provider "aws" {
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/plant-any" }
  }
  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000" }
  }
}

variables {
  prefix        = "plant"
  region        = "eu-central-1"
  zones         = ["eu-central-1a", "eu-central-1b"]
  account_id    = "123456789012"
  policy_file   = "../../../expectations/policies/serving.yaml"
  project_file  = "../../../expectations/project.yaml"
  highest_grade = "core"
  saml_provider = "arn:aws:iam::123456789012:saml-provider/company"
  topics        = { plant_telemetry = "plant/#" }
  spark         = true
  airflow       = { image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/plant@sha256:0000000000000000000000000000000000000000000000000000000000000000" }
}

run "the_lake_lies_in_the_bucket_of_the_highest_grade_that_it_may_hold" {
  command = plan

  assert {
    condition     = output.lake.grade == "core" && output.lake.bucket == "plant-core-123456789012"
    error_message = "The lake lies in a bucket that is not fit for it."
  }

  assert {
    condition     = length(module.compute_spark) == 1
    error_message = "Spark was asked for."
  }
}

run "the_same_in_china" {
  command = plan

  variables {
    partition     = "aws-cn"
    region        = "cn-north-1"
    zones         = ["cn-north-1a", "cn-north-1b"]
    saml_provider = "arn:aws-cn:iam::123456789012:saml-provider/company"
  }

  assert {
    condition     = strcontains(output.organisation_policy, "cn-north-1")
    error_message = "The fence is of another region."
  }
}
