mock_provider "aws" {}

variables {
  place          = { prefix = "plant", partition = "aws", region = "eu-central-1", account_id = "123456789012" }
  grades         = ["core", "important", "general"]
  categories     = ["none", "device.vin"]
  clear          = { analyst = { core = [], important = [], general = ["none"] }, steward = { core = [], important = ["none", "device.vin"], general = ["none", "device.vin"] } }
  personas       = { analyst = "arn:aws:iam::123456789012:role/plant-analyst", steward = "arn:aws:iam::123456789012:role/plant-steward" }
  lake           = { bucket = "plant-important", grade = "important", product = "arn:aws:iam::123456789012:role/plant-product", administrators = [] }
  operations_key = "arn:aws:kms:eu-central-1:123456789012:key/operations"
}

run "exactly_what_is_clear_is_granted" {
  assert {
    condition = jsonencode(output.grants) == jsonencode({
      "analyst/general"   = ["none"]
      "steward/important" = ["none", "device.vin"]
      "steward/general"   = ["none", "device.vin"]
    })
    error_message = "A column is granted that the policy masks, or one is not that it shows."
  }

  assert {
    condition     = length(aws_lakeformation_permissions.clear) == 3 && length(aws_lakeformation_data_lake_settings.this.create_table_default_permissions) == 0
    error_message = "New tables are given to whoever has a policy of IAM."
  }
}

run "without_people_nothing_is_granted" {
  variables {
    with_personas = false
    personas      = {}
  }

  assert {
    condition     = length(aws_lakeformation_permissions.clear) == 0 && length(aws_lakeformation_permissions.product) == 2
    error_message = "Somebody is granted a column."
  }
}
