# One failing case per validation.

mock_provider "aws" {}

variables {
  place          = { prefix = "plant", partition = "aws", region = "eu-central-1", account_id = "123456789012" }
  network        = { vpc = "vpc-1", subnets = ["subnet-1", "subnet-2"], s3_prefix_list = "pl-1", cidr = "10.20.0.0/20" }
  clear          = { analyst = { core = [], important = [], general = ["none"] }, steward = { core = [], important = ["none", "device.vin"], general = ["none", "device.vin"] } }
  results        = { bucket = "plant-important", key = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000" }
  lake           = { bucket = "plant-important", grade = "important" }
  product        = { name = "plant-product", arn = "arn:aws:iam::123456789012:role/plant-product" }
  operations_key = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000"
}

run "a_query_has_a_limit" {
  command = plan

  variables {
    scan_gibibytes = 0
  }

  expect_failures = [var.scan_gibibytes]
}

run "an_image_by_tag_is_refused" {
  command = plan

  variables {
    server = { image = "plant:latest", command = ["lakeward"], port = 8443 }
  }

  expect_failures = [var.server]
}

run "a_port_of_root_is_refused" {
  command = plan

  variables {
    server = { image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/plant@sha256:0000000000000000000000000000000000000000000000000000000000000000", command = ["lakeward"], port = 443 }
  }

  expect_failures = [var.server]
}
