output "vault" {
  description = "Name of the vault."
  value       = aws_backup_vault.this.name
}

output "role" {
  description = "ARN of the role that makes backups: the keys of the grades must let it."
  value       = aws_iam_role.backup.arn
}

output "plans" {
  description = "Grade -> id of its plan."
  value       = { for grade, plan in aws_backup_plan.grade : grade => plan.id }
}
