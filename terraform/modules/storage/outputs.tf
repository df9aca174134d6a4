output "buckets" {
  description = "Grade -> name of its bucket, once it is encrypted and closed to the public."
  value       = { for grade, bucket in aws_s3_bucket.grade : grade => bucket.bucket }

  depends_on = [
    aws_s3_bucket_server_side_encryption_configuration.grade, aws_s3_bucket_public_access_block.grade,
    aws_s3_bucket_versioning.grade, aws_s3_bucket_policy.grade,
  ]
}

output "evidence_bucket" {
  description = "Name of the evidence bucket."
  value       = aws_s3_bucket.evidence.bucket
}

output "log_bucket" {
  description = "Name of the bucket of access logs and trails, once its policy lets them in."
  value       = aws_s3_bucket.logs.bucket

  depends_on = [aws_s3_bucket_policy.logs]
}

output "policies" {
  description = "The bucket policies, by grade and `evidence`: who may do what is shown by evaluating these."
  value       = merge(local.grade_policies, { evidence = local.evidence_policy })
}
