mock_provider "aws" {
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/plant-trail" }
  }
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-central-1:123456789012:plant-alerts" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:/plant/trail" }
  }
}

variables {
  place          = { prefix = "plant", partition = "aws", region = "eu-central-1", account_id = "123456789012" }
  buckets        = { core = "plant-core", important = "plant-important", general = "plant-general" }
  log_bucket     = "plant-logs"
  operations_key = "arn:aws:kms:eu-central-1:123456789012:key/operations"
  airflow        = { log_group = "/plant/airflow", database = "plant-airflow", cluster = "plant-airflow", services = ["scheduler", "triggerer"] }
}

run "reads_of_core_are_recorded_and_of_general_only_writes" {
  assert {
    condition = { for selector in aws_cloudtrail.this.advanced_event_selector : selector.name => length(selector.field_selector) } == {
      "Changes of the account"     = 1
      "Objects of grade core"      = 3
      "Objects of grade important" = 3
      "Objects of grade general"   = 4
    }
    error_message = "A grade is recorded otherwise than it should be."
  }

  assert {
    condition     = aws_cloudtrail.this.enable_log_file_validation && length(aws_cloudwatch_metric_alarm.service) == 2
    error_message = "A trail that can be changed, or a process that nobody watches."
  }
}

run "a_budget_and_an_address_are_used_where_they_are_given" {
  variables {
    alert_email    = "data-steward@plant.example"
    monthly_budget = 500
  }

  assert {
    condition     = length(aws_budgets_budget.monthly[0].notification) == 2 && aws_sns_topic_subscription.mail[0].endpoint == "data-steward@plant.example"
    error_message = "Nobody hears of an alarm."
  }
}
