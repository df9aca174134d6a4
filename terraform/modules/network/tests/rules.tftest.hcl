mock_provider "aws" {
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:/plant/network" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/plant-network-log" }
  }
}

variables {
  place          = { prefix = "plant", partition = "aws", region = "eu-central-1", account_id = "123456789012" }
  zones          = ["eu-central-1a", "eu-central-1b"]
  operations_key = "arn:aws:kms:eu-central-1:123456789012:key/operations"
}

run "there_is_no_way_out" {
  assert {
    condition     = alltrue([for subnet in aws_subnet.private : coalesce(subnet.map_public_ip_on_launch, false) == false]) && length(aws_route_table.private.route) == 0
    error_message = "A subnet is public, or has a route."
  }

  assert {
    condition     = aws_vpc_endpoint.service["kms"].service_name == "com.amazonaws.eu-central-1.kms" && length(aws_default_security_group.this.ingress) == 0
    error_message = "Keys are not reached inside the network, or the default group lets something in."
  }
}

run "endpoints_in_china_have_their_own_names" {
  variables {
    place = { prefix = "plant", partition = "aws-cn", region = "cn-north-1", account_id = "123456789012" }
    zones = ["cn-north-1a", "cn-north-1b"]
  }

  assert {
    condition     = aws_vpc_endpoint.service["kms"].service_name == "cn.com.amazonaws.cn-north-1.kms" && aws_vpc_endpoint.s3.service_name == "com.amazonaws.cn-north-1.s3"
    error_message = "A name of another partition."
  }
}
