# One key per grade, so that who may decrypt what is one statement per grade; and one for operations: logs, secrets, databases, topics.

locals {
  root       = "arn:${var.place.partition}:iam::${var.place.account_id}:root"
  dns_suffix = var.place.partition == "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com"
  via_s3     = { StringEquals = { "kms:ViaService" = "s3.${var.place.region}.${local.dns_suffix}" } }

  # The account administers the keys. It does not use them: no policy of the account alone lets anyone decrypt.
  administer = {
    Sid       = "Administer"
    Effect    = "Allow"
    Principal = { AWS = local.root }
    Action = [
      "kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey", "kms:DisableKey", "kms:EnableKey",
      "kms:EnableKeyRotation", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListAliases", "kms:ListGrants",
      "kms:ListKeyPolicies", "kms:ListKeyRotations", "kms:ListResourceTags", "kms:PutKeyPolicy", "kms:RevokeGrant",
      "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription",
    ]
    Resource = "*"
  }

  grade_statements = { for grade in var.grades : grade => concat(
    [local.administer],
    [for principals in [lookup(var.writers, grade, [])] : {
      Sid       = "Write"
      Effect    = "Allow"
      Principal = { AWS = principals }
      Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
      Resource  = "*"
      Condition = local.via_s3
    } if length(principals) > 0],
    [for principals in [lookup(var.readers, grade, [])] : {
      Sid       = "Read"
      Effect    = "Allow"
      Principal = { AWS = principals }
      Action    = ["kms:Decrypt", "kms:DescribeKey"]
      Resource  = "*"
      Condition = local.via_s3
    } if length(principals) > 0],
    contains(var.multi_region_grades, grade) ? [] : [{
      Sid       = "StayInTheRegion"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = ["kms:ReplicateKey", "kms:UpdatePrimaryRegion"]
      Resource  = "*"
    }],
  ) }

  operations_statements = [
    local.administer,
    {
      Sid       = "UseThroughServices"
      Effect    = "Allow"
      Principal = { AWS = local.root }
      Action    = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
      Resource  = "*"
      Condition = { StringEquals = { "kms:CallerAccount" = var.place.account_id }, Null = { "kms:ViaService" = "false" } }
    },
    {
      Sid       = "Logs"
      Effect    = "Allow"
      Principal = { Service = "logs.${var.place.region}.${local.dns_suffix}" }
      Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
      Resource  = "*"
      Condition = { ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:${var.place.partition}:logs:${var.place.region}:${var.place.account_id}:*" } }
    },
    {
      Sid       = "Trails"
      Effect    = "Allow"
      Principal = { Service = "cloudtrail.amazonaws.com" }
      Action    = ["kms:DescribeKey", "kms:GenerateDataKey*"]
      Resource  = "*"
      Condition = { StringEquals = { "aws:SourceAccount" = var.place.account_id } }
    },
    {
      Sid       = "Alarms"
      Effect    = "Allow"
      Principal = { Service = ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"] }
      Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
      Resource  = "*"
      Condition = { StringEquals = { "aws:SourceAccount" = var.place.account_id } }
    },
  ]

  policies = merge(
    { for grade, statements in local.grade_statements : grade => { Version = "2012-10-17", Statement = statements } },
    { operations = { Version = "2012-10-17", Statement = local.operations_statements } },
  )
}

resource "aws_kms_key" "grade" {
  for_each = toset(var.grades)

  description             = "Data of grade ${each.key}"
  deletion_window_in_days = var.deletion_days
  enable_key_rotation     = true
  multi_region            = contains(var.multi_region_grades, each.key)
  policy                  = jsonencode(local.policies[each.key])

  tags = { grade = each.key }
}

resource "aws_kms_alias" "grade" {
  for_each = aws_kms_key.grade

  name          = "alias/${var.place.prefix}-${each.key}"
  target_key_id = each.value.key_id
}

resource "aws_kms_key" "operations" {
  description             = "Logs, secrets, databases and topics; no data"
  deletion_window_in_days = var.deletion_days
  enable_key_rotation     = true
  policy                  = jsonencode(local.policies["operations"])
}

resource "aws_kms_alias" "operations" {
  name          = "alias/${var.place.prefix}-operations"
  target_key_id = aws_kms_key.operations.key_id
}
