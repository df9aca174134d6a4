mock_provider "aws" {
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/plant-any" }
  }
  mock_resource "aws_secretsmanager_secret" {
    defaults = { arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:plant" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:/plant/airflow" }
  }
  mock_resource "aws_ecs_task_definition" {
    defaults = { arn = "arn:aws:ecs:eu-central-1:123456789012:task-definition/plant:1" }
  }
  mock_resource "aws_db_instance" {
    defaults = {
      endpoint           = "plant-airflow.local:5432"
      master_user_secret = [{ secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds", kms_key_id = "k", secret_status = "active" }]
    }
  }
  mock_resource "aws_lb" {
    defaults = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/plant/1" }
  }
  mock_resource "aws_lb_target_group" {
    defaults = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/plant/1" }
  }
  mock_resource "aws_service_discovery_service" {
    defaults = { arn = "arn:aws:servicediscovery:eu-central-1:123456789012:service/plant" }
  }
}

variables {
  place          = { prefix = "plant", partition = "aws", region = "eu-central-1", account_id = "123456789012" }
  network        = { vpc = "vpc-1", subnets = ["subnet-1", "subnet-2"], s3_prefix_list = "pl-1", cidr = "10.20.0.0/20" }
  image          = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/plant@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  lake           = { bucket = "plant-important", grade = "important" }
  product        = { name = "plant-product", arn = "arn:aws:iam::123456789012:role/plant-product" }
  operations_key = "arn:aws:kms:eu-central-1:123456789012:key/operations"
}

run "four_processes_share_keys_that_no_state_holds" {
  command = plan

  assert {
    condition     = toset(keys(aws_ecs_service.process)) == toset(["api-server", "scheduler", "dag-processor", "triggerer"])
    error_message = "Airflow lacks a process."
  }

  assert {
    condition     = toset(keys(aws_secretsmanager_secret.key)) == toset(["fernet", "session", "token"]) && aws_db_instance.airflow[0].manage_master_user_password && aws_db_instance.airflow[0].storage_encrypted
    error_message = "A key is missing, or the database's password is in the state."
  }

  assert {
    condition     = length(aws_lb.ui) == 0 && length(aws_mwaa_environment.this) == 0
    error_message = "An interface without a certificate, or managed Airflow beside it."
  }
}

run "tasks_know_lake_project_and_dags" {
  command = plan

  assert {
    condition = alltrue([
      for name in ["LAKEWARD_LAKE", "LAKEWARD_PROJECT", "LAKEWARD_AIRFLOW_SERVICES", "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"] :
      contains(keys(local.settings), name)
    ])
    error_message = "A process does not know where the lake, the project or the DAGs lie."
  }

  assert {
    condition     = local.settings.LAKEWARD_LAKE == "s3://plant-important/lake" && startswith(jsondecode(local.settings.AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST)[0].kwargs.path, local.settings.LAKEWARD_PROJECT)
    error_message = "The lake lies in another bucket, or the DAGs outside of the project."
  }
}

run "an_interface_speaks_tls_alone" {
  command = plan

  variables {
    certificate = "arn:aws:acm:eu-central-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"
  }

  assert {
    condition     = aws_lb_listener.ui[0].protocol == "HTTPS" && aws_lb.ui[0].internal
    error_message = "The interface is open, or plain."
  }
}

run "managed_airflow_in_its_place" {
  command = plan

  variables {
    kind        = "mwaa"
    image       = null
    mwaa_source = { bucket_arn = "arn:aws:s3:::plant-dags", version = "3.1.8" }
  }

  assert {
    condition     = aws_mwaa_environment.this[0].webserver_access_mode == "PRIVATE_ONLY" && length(aws_ecs_service.process) == 0 && length(aws_db_instance.airflow) == 0
    error_message = "Managed Airflow is public, or services run beside it."
  }
}
