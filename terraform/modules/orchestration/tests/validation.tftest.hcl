# One failing case per validation.

mock_provider "aws" {}

variables {
  place          = { prefix = "plant", partition = "aws", region = "eu-central-1", account_id = "123456789012" }
  network        = { vpc = "vpc-1", subnets = ["subnet-1", "subnet-2"], s3_prefix_list = "pl-1", cidr = "10.20.0.0/20" }
  image          = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/plant@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  lake           = { bucket = "plant-important", grade = "important" }
  product        = { name = "plant-product", arn = "arn:aws:iam::123456789012:role/plant-product" }
  operations_key = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000"
}

run "an_unknown_kind_is_refused" {
  command = plan

  variables {
    kind = "kubernetes"
  }

  expect_failures = [var.kind]
}

run "managed_airflow_is_not_in_china" {
  command = plan

  variables {
    kind        = "mwaa"
    mwaa_source = { bucket_arn = "arn:aws-cn:s3:::dags", version = "2.10.3" }
    place       = { prefix = "plant", partition = "aws-cn", region = "cn-north-1", account_id = "123456789012" }
  }

  expect_failures = [var.kind]
}

run "an_image_by_tag_is_refused" {
  command = plan

  variables {
    image = "plant:latest"
  }

  expect_failures = [var.image]
}

run "an_interface_has_a_certificate" {
  command = plan

  variables {
    certificate = "airflow.plant.example"
  }

  expect_failures = [var.certificate]
}

run "backups_of_the_database_are_kept" {
  command = plan

  variables {
    database = { class = "db.t4g.small", gibibytes = 20, zones = 1, days = 0, protected = false }
  }

  expect_failures = [var.database]
}

run "keys_have_a_version" {
  command = plan

  variables {
    secrets_version = 0
  }

  expect_failures = [var.secrets_version]
}

run "managed_airflow_has_a_bucket_of_dags" {
  command = plan

  variables {
    kind = "mwaa"
  }

  expect_failures = [var.mwaa_source]
}

run "managed_airflow_is_one_that_lakeward_takes" {
  command = plan

  variables {
    kind        = "mwaa"
    mwaa_source = { bucket_arn = "arn:aws:s3:::plant-dags", version = "3.1.7" }
  }

  expect_failures = [var.mwaa_source]
}
