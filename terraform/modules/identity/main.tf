# One role per role of the serving policy, one for the product itself, and what bounds them all.

locals {
  arn         = "arn:${var.place.partition}"
  dns_suffix  = var.place.partition == "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com"
  saml_signin = var.place.partition == "aws-cn" ? "https://signin.amazonaws.cn/saml" : "https://signin.aws.amazon.com/saml"
  personas    = var.saml_provider == null ? [] : keys(var.clear)
  catalog     = replace(var.place.prefix, "-", "_")
  names       = { for role in keys(var.clear) : role => "${var.place.prefix}-${role}" }

  # Whatever a later policy gives one of these roles: it stays in the region, changes no permission and no key.
  boundary = { Version = "2012-10-17", Statement = [
    {
      Sid    = "AtMost"
      Effect = "Allow"
      Action = [
        "athena:*", "ecr:*", "ecs:*", "elasticmapreduce:*", "emr-serverless:*", "glue:*", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey",
        "lakeformation:GetDataAccess", "logs:*", "s3:*", "secretsmanager:GetSecretValue", "cloudwatch:PutMetricData", "ssmmessages:*",
        "sts:GetCallerIdentity",
      ]
      Resource = "*"
    },
    {
      Sid       = "StayInTheRegion"
      Effect    = "Deny"
      Action    = "*"
      Resource  = "*"
      Condition = { StringNotEquals = { "aws:RequestedRegion" = var.place.region } }
    },
    {
      Sid    = "ChangeNoStorage"
      Effect = "Deny"
      Action = [
        "s3:DeleteBucket*", "s3:PutBucketAcl", "s3:PutBucketObjectLockConfiguration", "s3:PutBucketPolicy", "s3:PutBucketPublicAccessBlock",
        "s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration", "s3:PutReplicationConfiguration", "s3:BypassGovernanceRetention",
      ]
      Resource = "*"
    },
  ] }

  # Core and important data may not leave the region by any account of the organisation.
  organisation = { Version = "2012-10-17", Statement = [
    {
      Sid       = "StayInTheRegion"
      Effect    = "Deny"
      NotAction = ["budgets:*", "cloudfront:*", "iam:*", "organizations:*", "route53:*", "sts:*", "support:*"]
      Resource  = "*"
      Condition = { StringNotEquals = { "aws:RequestedRegion" = [var.place.region] } }
    },
    {
      Sid    = "CopyNothingAway"
      Effect = "Deny"
      Action = [
        "backup:CopyFromBackupVault", "backup:CopyIntoBackupVault", "ec2:CopySnapshot", "ec2:ModifySnapshotAttribute", "kms:ReplicateKey",
        "rds:CopyDBClusterSnapshot", "rds:CopyDBSnapshot", "rds:ModifyDBSnapshotAttribute", "s3:PutReplicationConfiguration",
      ]
      Resource  = "*"
      Condition = { "ForAnyValue:StringEquals" = { "aws:ResourceTag/grade" = ["core", "important"] } }
    },
  ] }

  # Which grades' buckets a role reads directly; of most roles none.
  raw_grades = { for role in keys(var.clear) : role => [for grade, roles in var.raw_readers : grade if contains(roles, role)] }

  persona_statements = { for role in keys(var.clear) : role => concat(
    [{
      Sid      = "ReadWhatIsGranted"
      Effect   = "Allow"
      Action   = "lakeformation:GetDataAccess"
      Resource = "*"
      }, {
      Sid    = "ReadNamesOfTables"
      Effect = "Allow"
      Action = ["glue:GetDatabase", "glue:GetDatabases", "glue:GetPartitions", "glue:GetTable", "glue:GetTables"]
      Resource = [for part in ["catalog", "database/${local.catalog}_*", "table/${local.catalog}_*/*"] :
        "${local.arn}:glue:${var.place.region}:${var.place.account_id}:${part}"
      ]
      }, {
      Sid      = "OwnWorkgroup"
      Effect   = "Allow"
      Action   = ["athena:GetQueryExecution", "athena:GetQueryResults", "athena:GetWorkGroup", "athena:StartQueryExecution", "athena:StopQueryExecution"]
      Resource = "${local.arn}:athena:${var.place.region}:${var.place.account_id}:workgroup/${local.names[role]}"
    }],
    length(local.raw_grades[role]) == 0 ? [] : [{
      Sid    = "ReadBuckets"
      Effect = "Allow"
      Action = ["s3:GetObject", "s3:ListBucket"]
      Resource = flatten([for grade in local.raw_grades[role] : [
        "${local.arn}:s3:::${var.buckets[grade]}", "${local.arn}:s3:::${var.buckets[grade]}/*",
      ]])
    }],
  ) }

  product_statements = [
    {
      Sid      = "OwnLake"
      Effect   = "Allow"
      Action   = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
      Resource = "${local.arn}:s3:::${var.buckets[var.lake_grade]}/*"
    },
    {
      Sid      = "ListOwnLake"
      Effect   = "Allow"
      Action   = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
      Resource = "${local.arn}:s3:::${var.buckets[var.lake_grade]}"
    },
    {
      Sid      = "AddEvidence"
      Effect   = "Allow"
      Action   = "s3:PutObject"
      Resource = "${local.arn}:s3:::${var.evidence_bucket}/*"
    },
    {
      Sid       = "EncryptEvidence"
      Effect    = "Allow"
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource  = var.operations_key
      Condition = { StringEquals = { "kms:ViaService" = "s3.${var.place.region}.${local.dns_suffix}" } }
    },
  ]

  policies = merge(
    { for role, statements in local.persona_statements : role => { Version = "2012-10-17", Statement = statements } },
    { product = { Version = "2012-10-17", Statement = local.product_statements } },
  )
}

resource "aws_iam_policy" "boundary" {
  #checkov:skip=CKV_AWS_288:A boundary gives nothing; it is the most that a role can ever have.
  #checkov:skip=CKV_AWS_289:A boundary gives nothing; it is the most that a role can ever have.
  #checkov:skip=CKV_AWS_290:A boundary gives nothing; it is the most that a role can ever have.
  #checkov:skip=CKV_AWS_355:A boundary gives nothing; it is the most that a role can ever have.
  name        = "${var.place.prefix}-boundary"
  description = "The most that any role of ${var.place.prefix} can ever have"
  policy      = jsonencode(local.boundary)
}

resource "aws_iam_role" "persona" {
  for_each = toset(local.personas)

  name                 = local.names[each.key]
  description          = "The role ${each.key} of the serving policy"
  max_session_duration = 3600
  permissions_boundary = aws_iam_policy.boundary.arn
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{
    Effect    = "Allow"
    Principal = { Federated = var.saml_provider }
    Action    = "sts:AssumeRoleWithSAML"
    Condition = { StringEquals = { "SAML:aud" = local.saml_signin } }
  }] })
}

resource "aws_iam_role_policy" "persona" {
  for_each = aws_iam_role.persona

  name   = "reads"
  role   = each.value.name
  policy = jsonencode(local.policies[each.key])
}

resource "aws_iam_role" "product" {
  name                 = "${var.place.prefix}-product"
  description          = "Lakeward itself: the tasks of Airflow, Spark and the server"
  permissions_boundary = aws_iam_policy.boundary.arn
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{
    Effect    = "Allow"
    Principal = { Service = ["ecs-tasks.amazonaws.com", "emr-serverless.amazonaws.com", "airflow-env.amazonaws.com", "airflow.amazonaws.com"] }
    Action    = "sts:AssumeRole"
    Condition = { StringEquals = { "aws:SourceAccount" = var.place.account_id } }
  }] })
}

resource "aws_iam_role_policy" "product" {
  name   = "lake"
  role   = aws_iam_role.product.name
  policy = jsonencode(local.policies["product"])
}

resource "aws_iam_openid_connect_provider" "github" {
  count = var.github_repository == null ? 0 : 1

  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.${local.dns_suffix}"]
}

resource "aws_iam_role" "deploy" {
  count = var.github_repository == null ? 0 : 1

  name                 = "${var.place.prefix}-deploy"
  description          = "Runs Terraform from the branch main of ${coalesce(var.github_repository, "-")}"
  max_session_duration = 3600
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{
    Effect    = "Allow"
    Principal = { Federated = aws_iam_openid_connect_provider.github[0].arn }
    Action    = "sts:AssumeRoleWithWebIdentity"
    Condition = { StringEquals = {
      "token.actions.githubusercontent.com:aud" = "sts.${local.dns_suffix}"
      "token.actions.githubusercontent.com:sub" = "repo:${coalesce(var.github_repository, "-")}:ref:refs/heads/main"
    } }
  }] })
}

resource "aws_iam_role_policy_attachment" "deploy" {
  for_each = var.github_repository == null ? [] : toset(var.deploy_policies)

  role       = aws_iam_role.deploy[0].name
  policy_arn = each.value
}
