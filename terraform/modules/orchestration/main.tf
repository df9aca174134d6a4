# Airflow: its four processes as services of ECS with PostgreSQL, or Amazon's managed one.

locals {
  ecs = var.kind == "ecs"
  arn = "arn:${var.place.partition}"

  # Airflow's own name of each process; only the first one is reached by the others.
  processes = {
    api-server    = { command = ["airflow", "api-server"], cpu = 512, memory = 2048 }
    scheduler     = { command = ["airflow", "scheduler", "--skip-serve-logs"], cpu = 2048, memory = 8192 }
    dag-processor = { command = ["airflow", "dag-processor"], cpu = 512, memory = 2048 }
    triggerer     = { command = ["airflow", "triggerer", "--skip-serve-logs"], cpu = 256, memory = 1024 }
  }
  api_name = "airflow.${var.place.prefix}.internal"
  # Keys that every process must share.
  secrets = {
    AIRFLOW__CORE__FERNET_KEY     = "fernet"
    AIRFLOW__API__SECRET_KEY      = "session"
    AIRFLOW__API_AUTH__JWT_SECRET = "token"
  }
  # The project in the image (deploy/Containerfile.project), and what a task may write in; all else in the image is read only.
  plant   = "/srv/lakeward/plant"
  scratch = { scratch = "/tmp", airflow = "/srv/lakeward/airflow", work = "${local.plant}/.lakeward", scorecard = "${local.plant}/scorecard" }
  bundle = {
    name      = "lakeward"
    classpath = "airflow.dag_processing.bundles.local.LocalDagBundle"
    kwargs    = { path = "${local.plant}/dags" }
  }
  settings = local.ecs ? {
    AIRFLOW__CORE__EXECUTOR                           = "LocalExecutor"
    AIRFLOW__CORE__LOAD_EXAMPLES                      = "False"
    AIRFLOW__CORE__EXECUTION_API_SERVER_URL           = "http://${local.api_name}:8080/execution/"
    AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD           = "python -c 'import os; from urllib.parse import quote; print(\"postgresql+psycopg2://airflow:\" + quote(os.environ[\"AIRFLOW_DATABASE_PASSWORD\"], safe=\"\") + \"@${aws_db_instance.airflow[0].endpoint}/airflow?sslmode=require\")'"
    AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL          = "60"
    AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL = "300"
    AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST    = jsonencode([local.bundle])
    AIRFLOW__LOGGING__NAMESPACE_LEVELS                = "task=INFO airflow.task=INFO task.stdout=INFO"
    AIRFLOW__LOGGING__REMOTE_LOGGING                  = "True"
    AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER          = "cloudwatch://${aws_cloudwatch_log_group.tasks.arn}"
    AIRFLOW__OPENLINEAGE__DISABLED                    = "True"
    AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL          = "1"
    AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME     = "0.2"
    LAKEWARD_PROJECT                                  = local.plant
    LAKEWARD_AIRFLOW_SERVICES                         = "1"
    LAKEWARD_LAKE                                     = "s3://${var.lake.bucket}/lake"
    AWS_REGION                                        = var.place.region
  } : {}
}

resource "aws_cloudwatch_log_group" "tasks" {
  name              = "/${var.place.prefix}/airflow"
  retention_in_days = 400
  kms_key_id        = var.operations_key
}

resource "aws_security_group" "airflow" {
  name        = "${var.place.prefix}-airflow"
  description = "Airflow and its tasks"
  vpc_id      = var.network.vpc
}

resource "aws_vpc_security_group_ingress_rule" "airflow" {
  security_group_id            = aws_security_group.airflow.id
  description                  = "Each other: tasks report to the API server"
  referenced_security_group_id = aws_security_group.airflow.id
  ip_protocol                  = "-1"
}

resource "aws_vpc_security_group_egress_rule" "airflow" {
  security_group_id            = aws_security_group.airflow.id
  description                  = "Each other"
  referenced_security_group_id = aws_security_group.airflow.id
  ip_protocol                  = "-1"
}

resource "aws_vpc_security_group_egress_rule" "endpoints" {
  security_group_id = aws_security_group.airflow.id
  description       = "Endpoints of services"
  cidr_ipv4         = var.network.cidr
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "s3" {
  security_group_id = aws_security_group.airflow.id
  description       = "S3 by its endpoint"
  prefix_list_id    = var.network.s3_prefix_list
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}
