# Who touched which object, and whether the processes live. What the data themselves say is in the lake's governance tables and the scorecard.

resource "aws_sns_topic" "alerts" {
  name              = "${var.place.prefix}-alerts"
  kms_master_key_id = var.operations_key
}

resource "aws_sns_topic_policy" "alerts" {
  arn = aws_sns_topic.alerts.arn
  policy = jsonencode({ Version = "2012-10-17", Statement = [{
    Sid       = "Alarms"
    Effect    = "Allow"
    Principal = { Service = ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"] }
    Action    = "sns:Publish"
    Resource  = aws_sns_topic.alerts.arn
    Condition = { StringEquals = { "aws:SourceAccount" = var.place.account_id } }
  }] })
}

resource "aws_sns_topic_subscription" "mail" {
  count = var.alert_email == null ? 0 : 1

  topic_arn = aws_sns_topic.alerts.arn
  protocol  = "email"
  endpoint  = var.alert_email
}

resource "aws_cloudwatch_log_group" "trail" {
  name              = "/${var.place.prefix}/trail"
  retention_in_days = 400
  kms_key_id        = var.operations_key
}

resource "aws_iam_role" "trail" {
  name                 = "${var.place.prefix}-trail"
  description          = "Writes the trail into its log"
  permissions_boundary = var.boundary
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{
    Effect    = "Allow"
    Principal = { Service = "cloudtrail.amazonaws.com" }
    Action    = "sts:AssumeRole"
    Condition = { StringEquals = { "aws:SourceAccount" = var.place.account_id } }
  }] })
}

resource "aws_iam_role_policy" "trail" {
  name = "log"
  role = aws_iam_role.trail.name
  policy = jsonencode({ Version = "2012-10-17", Statement = [{
    Effect   = "Allow"
    Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    Resource = "${aws_cloudwatch_log_group.trail.arn}:*"
  }] })
}

resource "aws_cloudtrail" "this" {
  #checkov:skip=CKV_AWS_67:Data stay in one region, and so does what is said of them; a trail of the organisation records the others.
  #checkov:skip=CKV_AWS_252:Alarms come from the log; a notice per file of the trail says nothing.
  name                          = "${var.place.prefix}-data"
  s3_bucket_name                = var.log_bucket
  s3_key_prefix                 = "trail"
  kms_key_id                    = var.operations_key
  cloud_watch_logs_group_arn    = "${aws_cloudwatch_log_group.trail.arn}:*"
  cloud_watch_logs_role_arn     = aws_iam_role.trail.arn
  enable_log_file_validation    = true
  include_global_service_events = true

  advanced_event_selector {
    name = "Changes of the account"
    field_selector {
      field  = "eventCategory"
      equals = ["Management"]
    }
  }

  dynamic "advanced_event_selector" {
    for_each = var.trails
    content {
      name = "Objects of grade ${advanced_event_selector.key}"
      field_selector {
        field  = "eventCategory"
        equals = ["Data"]
      }
      field_selector {
        field  = "resources.type"
        equals = ["AWS::S3::Object"]
      }
      field_selector {
        field       = "resources.ARN"
        starts_with = ["arn:${var.place.partition}:s3:::${var.buckets[advanced_event_selector.key]}/"]
      }
      dynamic "field_selector" {
        for_each = advanced_event_selector.value == "WriteOnly" ? ["readOnly"] : []
        content {
          field  = field_selector.value
          equals = ["false"]
        }
      }
    }
  }

  depends_on = [aws_iam_role_policy.trail]
}

# Someone was refused an object: a wrong role, or a try.
resource "aws_cloudwatch_log_metric_filter" "denied" {
  name           = "${var.place.prefix}-denied"
  log_group_name = aws_cloudwatch_log_group.trail.name
  pattern        = "{ ($.eventSource = \"s3.amazonaws.com\" || $.eventSource = \"kms.amazonaws.com\") && $.errorCode = \"AccessDenied*\" }"
  metric_transformation {
    name      = "Denied"
    namespace = var.place.prefix
    value     = "1"
  }
}

resource "aws_cloudwatch_metric_alarm" "denied" {
  alarm_name          = "${var.place.prefix}-denied"
  alarm_description   = "Objects or keys were refused. Next: look in the trail who asked for what."
  namespace           = var.place.prefix
  metric_name         = "Denied"
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
}

resource "aws_cloudwatch_log_metric_filter" "failed" {
  name           = "${var.place.prefix}-failed"
  log_group_name = var.airflow.log_group
  pattern        = "\"Task failed\""
  metric_transformation {
    name      = "FailedTasks"
    namespace = var.place.prefix
    value     = "1"
  }
}

resource "aws_cloudwatch_metric_alarm" "failed" {
  alarm_name          = "${var.place.prefix}-failed"
  alarm_description   = "A task of Airflow failed. Next: open the run in Airflow; its log says what to do."
  namespace           = var.place.prefix
  metric_name         = "FailedTasks"
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
}

resource "aws_cloudwatch_metric_alarm" "service" {
  for_each = toset(var.airflow.services)

  alarm_name          = "${var.place.prefix}-airflow-${each.key}"
  alarm_description   = "The ${each.key} of Airflow sends no figures: it is not running. Next: look into the log of its service."
  namespace           = "AWS/ECS"
  metric_name         = "CPUUtilization"
  dimensions          = { ClusterName = var.airflow.cluster, ServiceName = each.key }
  statistic           = "SampleCount"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.place.prefix
  dashboard_body = jsonencode({ widgets = [for at, alarm in concat(
    [aws_cloudwatch_metric_alarm.denied.arn, aws_cloudwatch_metric_alarm.failed.arn],
    values(aws_cloudwatch_metric_alarm.service)[*].arn,
    ) : {
    type       = "alarm", x = 0, y = at * 2, width = 24, height = 2
    properties = { title = reverse(split(":", alarm))[0], alarms = [alarm] }
  }] })
}

resource "aws_budgets_budget" "monthly" {
  count = var.monthly_budget == null ? 0 : 1

  name         = "${var.place.prefix}-monthly"
  budget_type  = "COST"
  limit_amount = tostring(var.monthly_budget)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  dynamic "notification" {
    for_each = toset([80, 100])
    content {
      comparison_operator       = "GREATER_THAN"
      threshold                 = notification.value
      threshold_type            = "PERCENTAGE"
      notification_type         = "ACTUAL"
      subscriber_sns_topic_arns = [aws_sns_topic.alerts.arn]
    }
  }
}
