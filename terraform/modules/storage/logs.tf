# S3 delivers access logs only to a bucket that is encrypted by S3 itself, and logs of the log bucket would log themselves.
resource "aws_s3_bucket" "logs" {
  #checkov:skip=CKV_AWS_18:Logs of the log bucket would log themselves.
  #checkov:skip=CKV_AWS_145:S3 delivers access logs to no bucket with a customer's key.
  bucket        = "${var.place.prefix}-logs-${var.place.account_id}"
  force_destroy = var.force_destroy
}

resource "aws_s3_bucket_versioning" "logs" {
  bucket = aws_s3_bucket.logs.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "logs" {
  bucket = aws_s3_bucket.logs.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_public_access_block" "logs" {
  bucket                  = aws_s3_bucket.logs.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "logs" {
  bucket = aws_s3_bucket.logs.id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "logs" {
  bucket = aws_s3_bucket.logs.id
  rule {
    id     = "expire"
    status = "Enabled"
    filter {}
    expiration {
      days = 400
    }
    noncurrent_version_expiration {
      noncurrent_days = 30
    }
    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  depends_on = [aws_s3_bucket_versioning.logs]
}

locals {
  log_statements = { open = [
    {
      Sid       = "AccessLogs"
      Effect    = "Allow"
      Principal = { Service = "logging.s3.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = "${local.arn}${aws_s3_bucket.logs.bucket}/*"
      Condition = { StringEquals = { "aws:SourceAccount" = var.place.account_id } }
    },
    {
      Sid       = "TrailChecks"
      Effect    = "Allow"
      Principal = { Service = "cloudtrail.amazonaws.com" }
      Action    = "s3:GetBucketAcl"
      Resource  = "${local.arn}${aws_s3_bucket.logs.bucket}"
      Condition = { StringEquals = { "aws:SourceAccount" = var.place.account_id } }
    },
    {
      Sid       = "TrailWrites"
      Effect    = "Allow"
      Principal = { Service = "cloudtrail.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = "${local.arn}${aws_s3_bucket.logs.bucket}/trail/*"
      Condition = { StringEquals = { "aws:SourceAccount" = var.place.account_id } }
    },
    ], closed = [{
      Sid       = "DenyWithoutTls"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = ["${local.arn}${aws_s3_bucket.logs.bucket}", "${local.arn}${aws_s3_bucket.logs.bucket}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }] }
}

# Without the first statements nothing could be delivered, so an emulator gets them too.
resource "aws_s3_bucket_policy" "logs" {
  bucket = aws_s3_bucket.logs.id
  policy = jsonencode({ Version = "2012-10-17", Statement = concat(local.log_statements.open, var.bucket_policies ? local.log_statements.closed : []) })

  depends_on = [aws_s3_bucket_public_access_block.logs]
}
