# Private subnets without a way out: no internet gateway, no NAT. What the product needs of AWS, it reaches by endpoints.

locals {
  # In China most endpoints carry another prefix; the gateway of S3 does not.
  endpoint_prefix = var.place.partition == "aws-cn" ? "cn.com.amazonaws" : "com.amazonaws"
}

resource "aws_vpc" "this" {
  cidr_block           = var.cidr
  enable_dns_hostnames = true
  enable_dns_support   = true

  tags = { Name = var.place.prefix }
}

# Whatever names no group of its own reaches nothing.
resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id
}

resource "aws_subnet" "private" {
  for_each = { for at, zone in var.zones : zone => cidrsubnet(var.cidr, 2, at) }

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = each.value

  tags = { Name = "${var.place.prefix}-${each.key}" }
}

resource "aws_route_table" "private" {
  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.place.prefix}-private" }
}

resource "aws_route_table_association" "private" {
  for_each = aws_subnet.private

  subnet_id      = each.value.id
  route_table_id = aws_route_table.private.id
}

resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.this.id
  vpc_endpoint_type = "Gateway"
  service_name      = "com.amazonaws.${var.place.region}.s3"
  route_table_ids   = [aws_route_table.private.id]
  # Only buckets of this account, and the layers of images, which ECR keeps in a bucket of its own.
  policy = jsonencode({ Version = "2012-10-17", Statement = [
    {
      Sid       = "OwnBuckets"
      Effect    = "Allow"
      Principal = "*"
      Action    = "s3:*"
      Resource  = "*"
      Condition = { StringEquals = { "aws:ResourceAccount" = var.place.account_id } }
    },
    {
      Sid       = "ImageLayers"
      Effect    = "Allow"
      Principal = "*"
      Action    = "s3:GetObject"
      Resource  = "arn:${var.place.partition}:s3:::prod-${var.place.region}-starport-layer-bucket/*"
    },
  ] })
}

resource "aws_security_group" "endpoints" {
  name        = "${var.place.prefix}-endpoints"
  description = "Endpoints of services, from inside the network"
  vpc_id      = aws_vpc.this.id
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  security_group_id = aws_security_group.endpoints.id
  description       = "TLS from inside the network"
  cidr_ipv4         = var.cidr
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_endpoint" "service" {
  for_each = var.services

  vpc_id              = aws_vpc.this.id
  vpc_endpoint_type   = "Interface"
  service_name        = "${local.endpoint_prefix}.${var.place.region}.${each.key}"
  private_dns_enabled = true
  subnet_ids          = values(aws_subnet.private)[*].id
  security_group_ids  = [aws_security_group.endpoints.id]
}

resource "aws_cloudwatch_log_group" "flows" {
  name              = "/${var.place.prefix}/network"
  retention_in_days = var.log_days
  kms_key_id        = var.operations_key
}

resource "aws_iam_role" "flows" {
  name                 = "${var.place.prefix}-network-log"
  description          = "Writes the log of connections"
  permissions_boundary = var.boundary
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{
    Effect    = "Allow"
    Principal = { Service = "vpc-flow-logs.amazonaws.com" }
    Action    = "sts:AssumeRole"
    Condition = { StringEquals = { "aws:SourceAccount" = var.place.account_id } }
  }] })
}

resource "aws_iam_role_policy" "flows" {
  name = "log"
  role = aws_iam_role.flows.name
  policy = jsonencode({ Version = "2012-10-17", Statement = [{
    Effect   = "Allow"
    Action   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    Resource = "${aws_cloudwatch_log_group.flows.arn}:*"
  }] })
}

resource "aws_flow_log" "this" {
  vpc_id          = aws_vpc.this.id
  traffic_type    = "ALL"
  iam_role_arn    = aws_iam_role.flows.arn
  log_destination = aws_cloudwatch_log_group.flows.arn
}
