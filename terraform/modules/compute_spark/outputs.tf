output "application" {
  description = "The application of EMR Serverless: id and ARN."
  value       = { id = aws_emrserverless_application.spark.id, arn = aws_emrserverless_application.spark.arn }
}
