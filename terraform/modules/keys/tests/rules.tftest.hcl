# What the key policies say; who is refused is shown by the rendered policies of a whole deployment.

mock_provider "aws" {
  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000" }
  }
}

variables {
  place               = { prefix = "plant", partition = "aws-cn", region = "cn-north-1", account_id = "123456789012" }
  grades              = ["core", "important", "general"]
  writers             = { core = [], important = ["arn:aws-cn:iam::123456789012:role/product"], general = [] }
  readers             = { important = ["arn:aws-cn:iam::123456789012:role/steward"] }
  multi_region_grades = ["general"]
}

run "each_grade_has_a_key_that_rotates_and_core_stays" {
  assert {
    condition     = alltrue([for key in aws_kms_key.grade : key.enable_key_rotation]) && length(aws_kms_key.grade) == 3
    error_message = "A key does not rotate, or a grade has none."
  }

  assert {
    condition     = !aws_kms_key.grade["core"].multi_region && !aws_kms_key.grade["important"].multi_region && aws_kms_key.grade["general"].multi_region
    error_message = "Only general may have a key of several regions."
  }

  assert {
    condition     = [for statement in output.policies["core"].Statement : statement.Sid] == ["Administer", "StayInTheRegion"]
    error_message = "Somebody may use a key that nobody was given."
  }

  assert {
    condition     = contains([for statement in output.policies["important"].Statement : statement.Sid], "Read")
    error_message = "The reader that was given got no statement."
  }
}

run "addresses_are_of_the_partition" {
  command = plan

  assert {
    condition     = !strcontains(jsonencode(output.policies), "arn:aws:") && strcontains(jsonencode(output.policies), "s3.cn-north-1.amazonaws.com.cn")
    error_message = "An address of another partition."
  }
}
