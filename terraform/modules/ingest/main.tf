# Messages of AWS IoT become files in the inbox of a dataset, in the lake's own bucket and under its key. Lakeward reads them as any delivery.

resource "aws_cloudwatch_log_group" "delivery" {
  name              = "/${var.place.prefix}/ingest"
  retention_in_days = 400
  kms_key_id        = var.operations_key
}

resource "aws_iam_role" "delivery" {
  name                 = "${var.place.prefix}-ingest"
  description          = "Writes messages into the inbox of a dataset; reads nothing"
  permissions_boundary = var.boundary
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{
    Effect    = "Allow"
    Principal = { Service = ["firehose.amazonaws.com", "iot.amazonaws.com"] }
    Action    = "sts:AssumeRole"
    Condition = { StringEquals = { "aws:SourceAccount" = var.place.account_id } }
  }] })
}

resource "aws_iam_role_policy" "delivery" {
  name = "deliver"
  role = aws_iam_role.delivery.name
  policy = jsonencode({ Version = "2012-10-17", Statement = [
    {
      Sid      = "Files"
      Effect   = "Allow"
      Action   = ["s3:AbortMultipartUpload", "s3:PutObject"]
      Resource = "arn:${var.place.partition}:s3:::${var.bucket.name}/inbox/*"
    },
    {
      Sid      = "Bucket"
      Effect   = "Allow"
      Action   = ["s3:GetBucketLocation", "s3:ListBucketMultipartUploads"]
      Resource = "arn:${var.place.partition}:s3:::${var.bucket.name}"
    },
    {
      Sid      = "Messages"
      Effect   = "Allow"
      Action   = ["firehose:PutRecord", "firehose:PutRecordBatch"]
      Resource = "arn:${var.place.partition}:firehose:${var.place.region}:${var.place.account_id}:deliverystream/${var.place.prefix}-*"
    },
    {
      Sid      = "Log"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${aws_cloudwatch_log_group.delivery.arn}:*"
    },
  ] })
}

resource "aws_cloudwatch_log_stream" "delivery" {
  for_each = var.topics

  name           = each.key
  log_group_name = aws_cloudwatch_log_group.delivery.name
}

resource "aws_kinesis_firehose_delivery_stream" "dataset" {
  #checkov:skip=CKV_AWS_241:The stream is encrypted by a key of AWS until the file is written; the file has the key of its grade.
  for_each = var.topics

  name        = "${var.place.prefix}-${replace(each.key, "_", "-")}"
  destination = "extended_s3"

  server_side_encryption {
    enabled  = true
    key_type = "AWS_OWNED_CMK"
  }

  extended_s3_configuration {
    role_arn            = aws_iam_role.delivery.arn
    bucket_arn          = "arn:${var.place.partition}:s3:::${var.bucket.name}"
    prefix              = "inbox/${each.key}/"
    error_output_prefix = "inbox-errors/${each.key}/!{firehose:error-output-type}/"
    kms_key_arn         = var.bucket.key
    buffering_interval  = var.buffer.seconds
    buffering_size      = var.buffer.megabytes
    compression_format  = "GZIP"
    file_extension      = ".jsonl.gz"

    cloudwatch_logging_options {
      enabled         = true
      log_group_name  = aws_cloudwatch_log_group.delivery.name
      log_stream_name = aws_cloudwatch_log_stream.delivery[each.key].name
    }
  }

  tags = { grade = var.bucket.grade }

  depends_on = [aws_iam_role_policy.delivery]
}

resource "aws_iot_topic_rule" "dataset" {
  for_each = var.topics

  name        = replace("${var.place.prefix}_${each.key}", "-", "_")
  description = "Messages of ${each.value} for the dataset ${each.key}"
  enabled     = true
  sql         = "SELECT *, topic() AS topic, timestamp() AS received_ms FROM '${each.value}'"
  sql_version = "2016-03-23"

  firehose {
    delivery_stream_name = aws_kinesis_firehose_delivery_stream.dataset[each.key].name
    role_arn             = aws_iam_role.delivery.arn
    separator            = "\n"
  }

  error_action {
    cloudwatch_logs {
      log_group_name = aws_cloudwatch_log_group.delivery.name
      role_arn       = aws_iam_role.delivery.arn
    }
  }
}

resource "aws_msk_serverless_cluster" "this" {
  count = var.msk == null ? 0 : 1

  cluster_name = "${var.place.prefix}-kafka"
  vpc_config {
    subnet_ids         = var.msk.subnets
    security_group_ids = var.msk.security_groups
  }
  client_authentication {
    sasl {
      iam {
        enabled = true
      }
    }
  }
}
