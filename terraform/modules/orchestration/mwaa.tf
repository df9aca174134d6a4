# Managed Airflow. No emulator has it, so this is planned and never applied by the tests.
resource "aws_mwaa_environment" "this" {
  count = var.kind == "mwaa" ? 1 : 0

  name                            = "${var.place.prefix}-airflow"
  airflow_version                 = var.mwaa_source.version
  environment_class               = "mw1.small"
  source_bucket_arn               = var.mwaa_source.bucket_arn
  dag_s3_path                     = "dags/"
  requirements_s3_path            = "requirements.txt"
  execution_role_arn              = var.product.arn
  kms_key                         = var.operations_key
  webserver_access_mode           = "PRIVATE_ONLY"
  weekly_maintenance_window_start = "SUN:03:00"

  airflow_configuration_options = {
    "openlineage.disabled"           = "True"
    "workers.min_heartbeat_interval" = "1"
  }

  network_configuration {
    security_group_ids = [aws_security_group.airflow.id]
    subnet_ids         = slice(var.network.subnets, 0, 2)
  }

  logging_configuration {
    dag_processing_logs {
      enabled   = true
      log_level = "WARNING"
    }
    scheduler_logs {
      enabled   = true
      log_level = "WARNING"
    }
    task_logs {
      enabled   = true
      log_level = "INFO"
    }
    webserver_logs {
      enabled   = true
      log_level = "WARNING"
    }
    worker_logs {
      enabled   = true
      log_level = "WARNING"
    }
  }
}
