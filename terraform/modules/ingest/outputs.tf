output "role" {
  description = "ARN of the role that writes into inboxes: the lake's key must let it."
  value       = aws_iam_role.delivery.arn
}

output "inboxes" {
  description = "Dataset -> address of its inbox."
  value       = { for dataset in keys(var.topics) : dataset => "s3://${var.bucket.name}/inbox/${dataset}/" }
}
