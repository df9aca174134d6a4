# Backups of the buckets, chosen by their tag `grade`. `lakeward` has its own backup of a lake; this one also survives a deleted bucket.

resource "aws_backup_vault" "this" {
  name        = var.place.prefix
  kms_key_arn = var.operations_key
}

resource "aws_backup_vault_lock_configuration" "this" {
  backup_vault_name   = aws_backup_vault.this.name
  min_retention_days  = var.lock.days
  max_retention_days  = max(values(var.days)...)
  changeable_for_days = var.lock.final_after
}

resource "aws_backup_plan" "grade" {
  for_each = toset(var.grades)

  name = "${var.place.prefix}-${each.key}"
  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.this.name
    schedule          = "cron(0 18 * * ? *)"
    start_window      = 60
    completion_window = 360
    lifecycle {
      delete_after = var.days[each.key]
    }
    dynamic "copy_action" {
      for_each = [for grade, vault in var.copies : vault if grade == each.key]
      content {
        destination_vault_arn = copy_action.value
      }
    }
  }
}

resource "aws_iam_role" "backup" {
  name        = "${var.place.prefix}-backup"
  description = "Makes backups and restores them"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{
    Effect    = "Allow"
    Principal = { Service = "backup.amazonaws.com" }
    Action    = "sts:AssumeRole"
    Condition = { StringEquals = { "aws:SourceAccount" = var.place.account_id } }
  }] })
}

resource "aws_iam_role_policy_attachment" "backup" {
  for_each = toset(["AWSBackupServiceRolePolicyForS3Backup", "AWSBackupServiceRolePolicyForS3Restore"])

  role       = aws_iam_role.backup.name
  policy_arn = "arn:${var.place.partition}:iam::aws:policy/${each.key}"
}

resource "aws_backup_selection" "grade" {
  for_each = var.selections ? aws_backup_plan.grade : {}

  name         = each.key
  plan_id      = each.value.id
  iam_role_arn = aws_iam_role.backup.arn
  resources    = ["arn:${var.place.partition}:s3:::${var.place.prefix}-*"]
  condition {
    string_equals {
      key   = "aws:ResourceTag/grade"
      value = each.key
    }
  }
}
