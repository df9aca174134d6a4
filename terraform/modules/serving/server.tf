resource "aws_ecs_cluster" "this" {
  count = local.served

  name = "${var.place.prefix}-serving"
  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_iam_role" "execution" {
  count = local.served

  name                 = "${var.place.prefix}-server-start"
  description          = "Starts the server: image and log"
  permissions_boundary = var.boundary
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{
    Effect    = "Allow"
    Principal = { Service = "ecs-tasks.amazonaws.com" }
    Action    = "sts:AssumeRole"
    Condition = { StringEquals = { "aws:SourceAccount" = var.place.account_id } }
  }] })
}

resource "aws_iam_role_policy" "execution" {
  count = local.served

  name = "start"
  role = aws_iam_role.execution[0].name
  policy = jsonencode({ Version = "2012-10-17", Statement = [
    {
      Sid      = "Log"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${aws_cloudwatch_log_group.server.arn}:*"
    },
    {
      Sid      = "Image"
      Effect   = "Allow"
      Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
      Resource = aws_ecr_repository.this.arn
    },
    {
      Sid      = "Login"
      Effect   = "Allow"
      Action   = "ecr:GetAuthorizationToken"
      Resource = "*"
    },
  ] })
}

resource "aws_security_group" "server" {
  count = local.served

  name        = "${var.place.prefix}-server"
  description = "Lakeward's server, from inside the network"
  vpc_id      = var.network.vpc
}

resource "aws_vpc_security_group_ingress_rule" "server" {
  count = local.served

  security_group_id = aws_security_group.server[0].id
  description       = "Readers inside the network"
  cidr_ipv4         = var.network.cidr
  ip_protocol       = "tcp"
  from_port         = var.server.port
  to_port           = var.server.port
}

resource "aws_vpc_security_group_egress_rule" "endpoints" {
  count = local.served

  security_group_id = aws_security_group.server[0].id
  description       = "Endpoints of services"
  cidr_ipv4         = var.network.cidr
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "s3" {
  count = local.served

  security_group_id = aws_security_group.server[0].id
  description       = "S3 by its endpoint"
  prefix_list_id    = var.network.s3_prefix_list
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

# It passes bytes on: TLS ends in the server itself, which sees who reads.
resource "aws_lb" "server" {
  #checkov:skip=CKV_AWS_91:Every read is in Lakeward's own access log; connections are in the log of the network.
  count = local.served

  name                             = "${var.place.prefix}-server"
  internal                         = true
  load_balancer_type               = "network"
  subnets                          = var.network.subnets
  security_groups                  = [aws_security_group.server[0].id]
  enable_cross_zone_load_balancing = true
  enable_deletion_protection       = var.protected
}

resource "aws_lb_target_group" "server" {
  count = local.served

  name        = "${var.place.prefix}-server"
  port        = var.server.port
  protocol    = "TCP"
  target_type = "ip"
  vpc_id      = var.network.vpc
  health_check {
    protocol = "TCP"
  }
}

resource "aws_lb_listener" "server" {
  #checkov:skip=CKV_AWS_2:TLS ends in the server itself.
  #checkov:skip=CKV_AWS_103:TLS ends in the server itself.
  count = local.served

  load_balancer_arn = aws_lb.server[0].arn
  port              = var.server.port
  protocol          = "TCP"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.server[0].arn
  }
}

resource "aws_ecs_task_definition" "server" {
  count = local.served

  family                   = "${var.place.prefix}-server"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.server.cpu
  memory                   = var.server.memory
  execution_role_arn       = aws_iam_role.execution[0].arn
  task_role_arn            = var.product.arn

  dynamic "volume" {
    for_each = local.scratch
    content {
      name = volume.key
    }
  }

  container_definitions = jsonencode([{
    name                   = "server"
    image                  = var.server.image
    essential              = true
    command                = var.server.command
    readonlyRootFilesystem = true
    portMappings           = [{ containerPort = var.server.port, protocol = "tcp" }]
    mountPoints            = [for name, path in local.scratch : { sourceVolume = name, containerPath = path }]
    environment = [
      { name = "AWS_REGION", value = var.place.region },
      { name = "LAKEWARD_PROJECT", value = local.plant },
      { name = "LAKEWARD_LAKE", value = "s3://${var.lake.bucket}/lake" },
    ]
    logConfiguration = { logDriver = "awslogs", options = {
      awslogs-group         = aws_cloudwatch_log_group.server.name
      awslogs-region        = var.place.region
      awslogs-stream-prefix = "server"
    } }
  }])
}

resource "aws_ecs_service" "server" {
  count = local.served

  name             = "server"
  cluster          = aws_ecs_cluster.this[0].id
  task_definition  = aws_ecs_task_definition.server[0].arn
  desired_count    = 1
  launch_type      = "FARGATE"
  platform_version = "LATEST"
  propagate_tags   = "SERVICE"

  network_configuration {
    subnets          = var.network.subnets
    security_groups  = [aws_security_group.server[0].id]
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.server[0].arn
    container_name   = "server"
    container_port   = var.server.port
  }

  depends_on = [aws_lb_listener.server]
}
