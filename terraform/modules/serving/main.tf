# Readers: a workgroup of Athena per role that sees anything in clear, and Lakeward's server, which masks for all the others.

locals {
  workgroups = toset([for role, grades in var.clear : role if length(flatten(values(grades))) > 0])
  served     = var.server == null ? 0 : 1
  # The project in the image (deploy/Containerfile.project), and what the task may write in.
  plant   = "/srv/lakeward/plant"
  scratch = { scratch = "/tmp", work = "${local.plant}/.lakeward" }
}

resource "aws_athena_workgroup" "role" {
  for_each = local.workgroups

  name          = "${var.place.prefix}-${each.key}"
  description   = "Queries of the role ${each.key}"
  force_destroy = true
  configuration {
    enforce_workgroup_configuration    = true
    publish_cloudwatch_metrics_enabled = true
    bytes_scanned_cutoff_per_query     = var.scan_gibibytes * 1024 * 1024 * 1024
    result_configuration {
      output_location = "s3://${var.results.bucket}/results/${each.key}/"
      encryption_configuration {
        encryption_option = "SSE_KMS"
        kms_key_arn       = var.results.key
      }
    }
  }
}

resource "aws_ecr_repository" "this" {
  name                 = var.place.prefix
  image_tag_mutability = "IMMUTABLE"
  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = var.operations_key
  }
  image_scanning_configuration {
    scan_on_push = true
  }
}

resource "aws_ecr_lifecycle_policy" "this" {
  repository = aws_ecr_repository.this.name
  policy = jsonencode({ rules = [{
    rulePriority = 1
    description  = "Keep the last 30 images"
    selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 30 }
    action       = { type = "expire" }
  }] })
}

resource "aws_cloudwatch_log_group" "server" {
  name              = "/${var.place.prefix}/server"
  retention_in_days = 400
  kms_key_id        = var.operations_key
}
