# Spark for datasets that one machine is too small for; everything else runs in the tasks themselves.

resource "aws_security_group" "workers" {
  #checkov:skip=CKV2_AWS_5:It is the group of the application's workers, which this check does not know.
  name        = "${var.place.prefix}-spark"
  description = "Workers of Spark: each other, endpoints and S3"
  vpc_id      = var.network.vpc
}

resource "aws_vpc_security_group_ingress_rule" "workers" {
  security_group_id            = aws_security_group.workers.id
  description                  = "Each other"
  referenced_security_group_id = aws_security_group.workers.id
  ip_protocol                  = "-1"
}

resource "aws_vpc_security_group_egress_rule" "workers" {
  security_group_id            = aws_security_group.workers.id
  description                  = "Each other"
  referenced_security_group_id = aws_security_group.workers.id
  ip_protocol                  = "-1"
}

resource "aws_vpc_security_group_egress_rule" "endpoints" {
  security_group_id = aws_security_group.workers.id
  description       = "Endpoints of services"
  cidr_ipv4         = var.network.cidr
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "s3" {
  security_group_id = aws_security_group.workers.id
  description       = "S3 by its endpoint"
  prefix_list_id    = var.network.s3_prefix_list
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_emrserverless_application" "spark" {
  name          = "${var.place.prefix}-spark"
  release_label = var.release
  type          = "SPARK"

  maximum_capacity {
    cpu    = "${var.most.cores} vCPU"
    memory = "${var.most.gibibytes} GB"
  }

  auto_start_configuration {
    enabled = true
  }

  auto_stop_configuration {
    enabled              = true
    idle_timeout_minutes = var.idle_minutes
  }

  network_configuration {
    subnet_ids         = var.network.subnets
    security_group_ids = [aws_security_group.workers.id]
  }
}
