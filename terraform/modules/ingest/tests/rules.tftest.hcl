mock_provider "aws" {
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/plant-ingest" }
  }
}

variables {
  place          = { prefix = "plant", partition = "aws", region = "eu-central-1", account_id = "123456789012" }
  bucket         = { name = "plant-important", key = "arn:aws:kms:eu-central-1:123456789012:key/important", grade = "important" }
  operations_key = "arn:aws:kms:eu-central-1:123456789012:key/operations"
  topics         = { press_line = "plant/press/#" }
}

run "a_topic_goes_into_the_inbox_of_its_dataset_under_the_key_of_the_lake" {
  assert {
    condition     = one(aws_kinesis_firehose_delivery_stream.dataset["press_line"].extended_s3_configuration).prefix == "inbox/press_line/" && one(aws_kinesis_firehose_delivery_stream.dataset["press_line"].extended_s3_configuration).kms_key_arn == var.bucket.key
    error_message = "Messages go elsewhere, or under another key."
  }

  assert {
    condition     = endswith(aws_iot_topic_rule.dataset["press_line"].sql, "FROM 'plant/press/#'") && !strcontains(aws_iam_role_policy.delivery.policy, "s3:GetObject")
    error_message = "Another topic, or a role that reads what it wrote."
  }
}

run "kafka_is_there_where_it_is_asked_for" {
  variables {
    msk = { subnets = ["subnet-1", "subnet-2"], security_groups = ["sg-1"] }
  }

  assert {
    condition     = length(aws_msk_serverless_cluster.this) == 1
    error_message = "No cluster."
  }
}
