output "grade_keys" {
  description = "Grade -> ARN of its key."
  value       = { for grade, key in aws_kms_key.grade : grade => key.arn }
}

output "operations_key" {
  description = "ARN of the key of operations."
  value       = aws_kms_key.operations.arn
}

output "policies" {
  description = "The key policies, by grade and `operations`: who may do what is shown by evaluating these."
  value       = local.policies
}
