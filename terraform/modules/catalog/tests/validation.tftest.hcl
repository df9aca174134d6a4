# One failing case per validation.

mock_provider "aws" {}

variables {
  place          = { prefix = "plant", partition = "aws", region = "eu-central-1", account_id = "123456789012" }
  grades         = ["core", "important", "general"]
  categories     = ["none", "device.vin"]
  clear          = { analyst = { core = [], important = [], general = ["none"] }, steward = { core = [], important = ["none", "device.vin"], general = ["none", "device.vin"] } }
  personas       = { analyst = "arn:aws:iam::123456789012:role/plant-analyst", steward = "arn:aws:iam::123456789012:role/plant-steward" }
  lake           = { bucket = "plant-important", grade = "important", product = "arn:aws:iam::123456789012:role/x", administrators = [] }
  operations_key = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000"
}

run "a_missing_grade_is_refused" {
  command = plan

  variables {
    grades = ["important", "general"]
  }

  expect_failures = [var.grades]
}

run "columns_without_content_have_a_category" {
  command = plan

  variables {
    categories = ["device.vin"]
  }

  expect_failures = [var.categories]
}
