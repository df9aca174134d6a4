mock_provider "aws" {}

variables {
  place           = { prefix = "plant", partition = "aws", region = "eu-central-1", account_id = "123456789012" }
  buckets         = { for grade in ["core", "important", "general"] : grade => { name = "plant-${grade}", key = "arn:aws:kms:eu-central-1:123456789012:key/${grade}" } }
  evidence_bucket = "plant-evidence"
  operations_key  = "arn:aws:kms:eu-central-1:123456789012:key/operations"
}

run "each_grade_has_a_bucket_with_its_own_key_and_evidence_is_locked" {
  assert {
    condition     = alltrue([for grade, found in aws_s3_bucket_server_side_encryption_configuration.grade : endswith(one(one(found.rule).apply_server_side_encryption_by_default).kms_master_key_id, grade)])
    error_message = "A bucket has the key of another grade."
  }

  assert {
    condition     = alltrue([for found in aws_s3_bucket_versioning.grade : one(found.versioning_configuration).status == "Enabled"]) && length(aws_s3_bucket_policy.grade) == 3
    error_message = "A bucket keeps no versions, or has no policy."
  }

  assert {
    condition     = aws_s3_bucket.evidence.object_lock_enabled && !aws_s3_bucket.grade["core"].force_destroy
    error_message = "Evidence can be changed, or core data destroyed with their bucket."
  }
}

run "core_is_closed_to_the_outside_once_there_is_an_endpoint" {
  variables {
    vpc_endpoint     = "vpce-0a1b2c3d"
    has_vpc_endpoint = true
  }

  assert {
    condition = alltrue([for grade, closed in { core = true, important = true, general = false } :
      contains([for statement in output.policies[grade].Statement : statement.Sid], "DenyFromOutsideTheNetwork") == closed
    ])
    error_message = "Core and important are closed to the outside, general is not."
  }
}

run "without_policies_the_rest_is_the_same" {
  variables {
    bucket_policies = false
  }

  assert {
    condition     = length(aws_s3_bucket_policy.grade) == 0 && length(aws_s3_bucket.grade) == 3
    error_message = "Policies are there although they were taken off."
  }
}
