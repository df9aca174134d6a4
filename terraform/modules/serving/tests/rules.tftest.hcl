mock_provider "aws" {
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/plant-any" }
  }
  mock_resource "aws_ecs_task_definition" {
    defaults = { arn = "arn:aws:ecs:eu-central-1:123456789012:task-definition/plant:1" }
  }
  mock_resource "aws_lb" {
    defaults = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/net/plant/1" }
  }
  mock_resource "aws_lb_target_group" {
    defaults = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/plant/1" }
  }
}

variables {
  place          = { prefix = "plant", partition = "aws", region = "eu-central-1", account_id = "123456789012" }
  network        = { vpc = "vpc-1", subnets = ["subnet-1", "subnet-2"], s3_prefix_list = "pl-1", cidr = "10.20.0.0/20" }
  clear          = { analyst = { core = [], important = [], general = ["none"] }, guest = { core = [], important = [], general = [] } }
  results        = { bucket = "plant-important", key = "arn:aws:kms:eu-central-1:123456789012:key/important" }
  lake           = { bucket = "plant-important", grade = "important" }
  product        = { name = "plant-product", arn = "arn:aws:iam::123456789012:role/plant-product" }
  operations_key = "arn:aws:kms:eu-central-1:123456789012:key/operations"
}

run "a_role_that_sees_something_in_clear_has_a_workgroup_that_it_cannot_bend" {
  assert {
    condition     = keys(aws_athena_workgroup.role) == ["analyst"] && one(aws_athena_workgroup.role["analyst"].configuration).enforce_workgroup_configuration
    error_message = "A workgroup too many, or one whose settings a reader may change."
  }

  assert {
    condition     = length(aws_ecs_service.server) == 0
    error_message = "A server that was not asked for."
  }
}

run "the_server_ends_tls_itself" {
  variables {
    server = {
      image   = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/plant@sha256:0000000000000000000000000000000000000000000000000000000000000000"
      command = ["lakeward", "--help"]
      port    = 8815
    }
  }

  assert {
    condition     = aws_lb_listener.server[0].protocol == "TCP" && aws_lb.server[0].internal
    error_message = "The balancer reads along, or is public."
  }
}
