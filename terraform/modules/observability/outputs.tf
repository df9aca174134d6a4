output "alerts" {
  description = "ARN of the topic of alarms."
  value       = aws_sns_topic.alerts.arn
}

output "trail" {
  description = "ARN of the trail of objects."
  value       = aws_cloudtrail.this.arn
}
