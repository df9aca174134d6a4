# Airflow's user interface for people in the network, by TLS alone.

locals {
  served = local.ecs && var.certificate != null ? 1 : 0
}

resource "aws_security_group" "ui" {
  count = local.served

  name        = "${var.place.prefix}-airflow-ui"
  description = "Airflow's interface, from inside the network"
  vpc_id      = var.network.vpc
}

resource "aws_vpc_security_group_ingress_rule" "ui" {
  count = local.served

  security_group_id = aws_security_group.ui[0].id
  description       = "TLS from inside the network"
  cidr_ipv4         = var.network.cidr
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "ui" {
  count = local.served

  security_group_id            = aws_security_group.ui[0].id
  description                  = "The API server"
  referenced_security_group_id = aws_security_group.airflow.id
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
}

resource "aws_vpc_security_group_ingress_rule" "api" {
  count = local.served

  security_group_id            = aws_security_group.airflow.id
  description                  = "The interface's balancer"
  referenced_security_group_id = aws_security_group.ui[0].id
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
}

resource "aws_lb" "ui" {
  #checkov:skip=CKV_AWS_91:Who did what is in Airflow's own audit log; connections are in the log of the network.
  #checkov:skip=CKV2_AWS_28:It is internal: only the network reaches it.
  count = local.served

  name                       = "${var.place.prefix}-airflow"
  internal                   = true
  load_balancer_type         = "application"
  subnets                    = var.network.subnets
  security_groups            = [aws_security_group.ui[0].id]
  drop_invalid_header_fields = true
  enable_deletion_protection = var.database.protected
}

resource "aws_lb_target_group" "ui" {
  #checkov:skip=CKV_AWS_378:Airflow's own process speaks plain HTTP; it is reached from this balancer alone.
  count = local.served

  name        = "${var.place.prefix}-airflow"
  port        = 8080
  protocol    = "HTTP"
  target_type = "ip"
  vpc_id      = var.network.vpc
  health_check {
    path    = "/api/v2/monitor/health"
    matcher = "200"
  }
}

resource "aws_lb_listener" "ui" {
  count = local.served

  load_balancer_arn = aws_lb.ui[0].arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.certificate
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.ui[0].arn
  }
}
