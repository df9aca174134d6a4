mock_provider "aws" {
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/plant-backup" }
  }
}

variables {
  place          = { prefix = "plant", partition = "aws", region = "eu-central-1", account_id = "123456789012" }
  grades         = ["core", "important", "general"]
  operations_key = "arn:aws:kms:eu-central-1:123456789012:key/operations"
  copies         = { general = "arn:aws:backup:eu-west-1:123456789012:backup-vault:elsewhere" }
}

run "each_grade_has_a_plan_and_only_general_is_copied_away" {
  assert {
    condition     = { for grade, plan in aws_backup_plan.grade : grade => length(one(plan.rule).copy_action) } == { core = 0, important = 0, general = 1 }
    error_message = "Core or important data leave their region."
  }

  assert {
    condition     = aws_backup_vault_lock_configuration.this.min_retention_days == 7 && length(aws_backup_selection.grade) == 3
    error_message = "A backup can be deleted at once, or a grade has none."
  }
}
