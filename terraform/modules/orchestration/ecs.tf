resource "aws_ecs_cluster" "this" {
  count = local.ecs ? 1 : 0

  name = "${var.place.prefix}-airflow"
  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_service_discovery_private_dns_namespace" "this" {
  count = local.ecs ? 1 : 0

  name        = "${var.place.prefix}.internal"
  description = "Names of the processes of Airflow"
  vpc         = var.network.vpc
}

resource "aws_service_discovery_service" "api" {
  count = local.ecs ? 1 : 0

  name = "airflow"
  dns_config {
    namespace_id   = aws_service_discovery_private_dns_namespace.this[0].id
    routing_policy = "MULTIVALUE"
    dns_records {
      ttl  = 10
      type = "A"
    }
  }
}

resource "aws_iam_role" "execution" {
  count = local.ecs ? 1 : 0

  name                 = "${var.place.prefix}-airflow-start"
  description          = "Starts the processes of Airflow: image, log, secrets"
  permissions_boundary = var.boundary
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{
    Effect    = "Allow"
    Principal = { Service = "ecs-tasks.amazonaws.com" }
    Action    = "sts:AssumeRole"
    Condition = { StringEquals = { "aws:SourceAccount" = var.place.account_id } }
  }] })
}

resource "aws_iam_role_policy" "execution" {
  count = local.ecs ? 1 : 0

  name = "start"
  role = aws_iam_role.execution[0].name
  policy = jsonencode({ Version = "2012-10-17", Statement = [
    {
      Sid      = "Secrets"
      Effect   = "Allow"
      Action   = "secretsmanager:GetSecretValue"
      Resource = concat(values(aws_secretsmanager_secret.key)[*].arn, [aws_db_instance.airflow[0].master_user_secret[0].secret_arn])
    },
    {
      Sid       = "DecryptSecrets"
      Effect    = "Allow"
      Action    = "kms:Decrypt"
      Resource  = var.operations_key
      Condition = { StringLike = { "kms:ViaService" = "secretsmanager.*" } }
    },
    {
      Sid      = "Log"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${aws_cloudwatch_log_group.tasks.arn}:*"
    },
    {
      Sid      = "Image"
      Effect   = "Allow"
      Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
      Resource = "${local.arn}:ecr:${var.place.region}:${var.place.account_id}:repository/${var.place.prefix}*"
    },
    {
      Sid      = "Login"
      Effect   = "Allow"
      Action   = "ecr:GetAuthorizationToken"
      Resource = "*"
    },
  ] })
}

# The product's role, which the tasks run as, writes their logs too.
resource "aws_iam_role_policy" "tasks" {
  name = "airflow"
  role = var.product.name
  policy = jsonencode({ Version = "2012-10-17", Statement = [{
    Sid      = "TaskLogs"
    Effect   = "Allow"
    Action   = ["logs:CreateLogStream", "logs:GetLogEvents", "logs:PutLogEvents"]
    Resource = "${aws_cloudwatch_log_group.tasks.arn}:*"
  }] })
}

resource "aws_ecs_task_definition" "process" {
  for_each = local.ecs ? local.processes : {}

  family                   = "${var.place.prefix}-airflow-${each.key}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = each.value.cpu
  memory                   = each.value.memory
  execution_role_arn       = aws_iam_role.execution[0].arn
  task_role_arn            = var.product.arn

  dynamic "volume" {
    for_each = local.scratch
    content {
      name = volume.key
    }
  }

  container_definitions = jsonencode([{
    name                   = each.key
    image                  = var.image
    essential              = true
    command                = each.value.command
    readonlyRootFilesystem = true
    portMappings           = each.key == "api-server" ? [{ containerPort = 8080, protocol = "tcp" }] : []
    mountPoints            = [for name, path in local.scratch : { sourceVolume = name, containerPath = path }]
    environment            = [for name, value in local.settings : { name = name, value = value }]
    secrets = concat(
      [for name, key in local.secrets : { name = name, valueFrom = aws_secretsmanager_secret.key[key].arn }],
      [{ name = "AIRFLOW_DATABASE_PASSWORD", valueFrom = "${aws_db_instance.airflow[0].master_user_secret[0].secret_arn}:password::" }],
    )
    logConfiguration = { logDriver = "awslogs", options = {
      awslogs-group         = aws_cloudwatch_log_group.tasks.name
      awslogs-region        = var.place.region
      awslogs-stream-prefix = each.key
    } }
  }])
}

resource "aws_ecs_service" "process" {
  for_each = aws_ecs_task_definition.process

  name                               = each.key
  cluster                            = aws_ecs_cluster.this[0].id
  task_definition                    = each.value.arn
  desired_count                      = 1
  launch_type                        = "FARGATE"
  platform_version                   = "LATEST"
  deployment_minimum_healthy_percent = 0
  deployment_maximum_percent         = 100
  propagate_tags                     = "SERVICE"

  network_configuration {
    subnets          = var.network.subnets
    security_groups  = [aws_security_group.airflow.id]
    assign_public_ip = false
  }

  dynamic "service_registries" {
    for_each = each.key == "api-server" ? aws_service_discovery_service.api : []
    content {
      registry_arn = service_registries.value.arn
    }
  }

  dynamic "load_balancer" {
    for_each = each.key == "api-server" ? aws_lb_target_group.ui : []
    content {
      target_group_arn = load_balancer.value.arn
      container_name   = "api-server"
      container_port   = 8080
    }
  }

  depends_on = [aws_lb_listener.ui]
}
