# One bucket per grade, an evidence bucket that only grows, and a bucket of access logs.

locals {
  arn    = "arn:${var.place.partition}:s3:::"
  graded = { for grade, bucket in var.buckets : grade => merge(bucket, { days = var.noncurrent_days[grade] }) }
  # Data of these grades can be reached only through the network's own endpoint.
  enclosed = ["core", "important"]

  transport = { for name in concat([for bucket in values(var.buckets) : bucket.name], [var.evidence_bucket]) : name => {
    Sid       = "DenyWithoutTls"
    Effect    = "Deny"
    Principal = "*"
    Action    = "s3:*"
    Resource  = ["${local.arn}${name}", "${local.arn}${name}/*"]
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  } }

  grade_policies = { for grade, bucket in local.graded : grade => { Version = "2012-10-17", Statement = concat(
    [
      local.transport[bucket.name],
      {
        Sid       = "DenyOtherKeys"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:PutObject"
        Resource  = "${local.arn}${bucket.name}/*"
        # Who names no key gets the bucket's own.
        Condition = {
          StringNotEquals = { "s3:x-amz-server-side-encryption-aws-kms-key-id" = bucket.key }
          Null            = { "s3:x-amz-server-side-encryption-aws-kms-key-id" = "false" }
        }
      },
      {
        Sid       = "DenyOtherAlgorithms"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:PutObject"
        Resource  = "${local.arn}${bucket.name}/*"
        Condition = {
          StringNotEquals = { "s3:x-amz-server-side-encryption" = "aws:kms" }
          Null            = { "s3:x-amz-server-side-encryption" = "false" }
        }
      },
    ],
    contains(local.enclosed, grade) ? [{
      Sid       = "StayInTheRegion"
      Effect    = "Deny"
      Principal = "*"
      Action    = ["s3:PutReplicationConfiguration", "s3:ReplicateObject", "s3:PutObjectAcl", "s3:PutBucketAcl"]
      Resource  = ["${local.arn}${bucket.name}", "${local.arn}${bucket.name}/*"]
    }] : [],
    contains(local.enclosed, grade) && var.has_vpc_endpoint ? [{
      Sid       = "DenyFromOutsideTheNetwork"
      Effect    = "Deny"
      Principal = "*"
      Action    = ["s3:GetObject*", "s3:PutObject*", "s3:DeleteObject*", "s3:ListBucket*"]
      Resource  = ["${local.arn}${bucket.name}", "${local.arn}${bucket.name}/*"]
      Condition = {
        StringNotEqualsIfExists = { "aws:SourceVpce" = var.vpc_endpoint }
        BoolIfExists            = { "aws:PrincipalIsAWSService" = "false", "aws:ViaAWSService" = "false" }
        ArnNotLikeIfExists      = { "aws:PrincipalArn" = concat(var.administrators, ["arn:${var.place.partition}:iam::${var.place.account_id}:role/aws-service-role/*"]) }
      }
    }] : [],
  ) } }

  evidence_policy = { Version = "2012-10-17", Statement = [
    local.transport[var.evidence_bucket],
    {
      Sid       = "NeverChange"
      Effect    = "Deny"
      Principal = "*"
      Action    = ["s3:DeleteObjectVersion", "s3:PutBucketObjectLockConfiguration", "s3:BypassGovernanceRetention"]
      Resource  = ["${local.arn}${var.evidence_bucket}", "${local.arn}${var.evidence_bucket}/*"]
      Condition = { ArnNotLikeIfExists = { "aws:PrincipalArn" = concat(var.administrators, ["arn:${var.place.partition}:iam::${var.place.account_id}:role/none"]) } }
    },
  ] }
}

resource "aws_s3_bucket" "grade" {
  for_each = local.graded

  bucket        = each.value.name
  force_destroy = var.force_destroy

  tags = { grade = each.key }
}

resource "aws_s3_bucket_versioning" "grade" {
  for_each = aws_s3_bucket.grade

  bucket = each.value.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "grade" {
  for_each = local.graded

  bucket = aws_s3_bucket.grade[each.key].id
  rule {
    bucket_key_enabled = true
    apply_server_side_encryption_by_default {
      kms_master_key_id = each.value.key
      sse_algorithm     = "aws:kms"
    }
  }
}

resource "aws_s3_bucket_public_access_block" "grade" {
  for_each = aws_s3_bucket.grade

  bucket                  = each.value.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "grade" {
  for_each = aws_s3_bucket.grade

  bucket = each.value.id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "grade" {
  for_each = local.graded

  bucket = aws_s3_bucket.grade[each.key].id
  # `lakeward maintain` removes files of expired versions of a table; this removes what S3 keeps of them, and what a killed writer left.
  rule {
    id     = "noncurrent"
    status = "Enabled"
    filter {}
    noncurrent_version_expiration {
      noncurrent_days = each.value.days
    }
    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  depends_on = [aws_s3_bucket_versioning.grade]
}

resource "aws_s3_bucket_logging" "grade" {
  for_each = aws_s3_bucket.grade

  bucket        = each.value.id
  target_bucket = aws_s3_bucket.logs.id
  target_prefix = "${each.key}/"

  depends_on = [aws_s3_bucket_policy.logs]
}

resource "aws_s3_bucket_policy" "grade" {
  for_each = var.bucket_policies ? aws_s3_bucket.grade : {}

  bucket = each.value.id
  policy = jsonencode(local.grade_policies[each.key])

  depends_on = [aws_s3_bucket_public_access_block.grade]
}

# Checkpoints of the logs, grants and filings. Object Lock is here alone: on tables it would keep every file of every version for ever.
resource "aws_s3_bucket" "evidence" {
  #checkov:skip=CKV2_AWS_61:Evidence is kept; nothing of it expires by itself.
  bucket              = var.evidence_bucket
  object_lock_enabled = true
  force_destroy       = var.force_destroy
}

resource "aws_s3_bucket_versioning" "evidence" {
  bucket = aws_s3_bucket.evidence.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_object_lock_configuration" "evidence" {
  bucket = aws_s3_bucket.evidence.id
  rule {
    default_retention {
      mode = var.evidence_lock.mode
      days = var.evidence_lock.days
    }
  }

  depends_on = [aws_s3_bucket_versioning.evidence]
}

resource "aws_s3_bucket_server_side_encryption_configuration" "evidence" {
  bucket = aws_s3_bucket.evidence.id
  rule {
    bucket_key_enabled = true
    apply_server_side_encryption_by_default {
      kms_master_key_id = var.operations_key
      sse_algorithm     = "aws:kms"
    }
  }
}

resource "aws_s3_bucket_public_access_block" "evidence" {
  bucket                  = aws_s3_bucket.evidence.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "evidence" {
  bucket = aws_s3_bucket.evidence.id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_logging" "evidence" {
  bucket        = aws_s3_bucket.evidence.id
  target_bucket = aws_s3_bucket.logs.id
  target_prefix = "evidence/"

  depends_on = [aws_s3_bucket_policy.logs]
}

resource "aws_s3_bucket_policy" "evidence" {
  count = var.bucket_policies ? 1 : 0

  bucket = aws_s3_bucket.evidence.id
  policy = jsonencode(local.evidence_policy)

  depends_on = [aws_s3_bucket_public_access_block.evidence]
}
