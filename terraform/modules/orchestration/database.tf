# PostgreSQL for Airflow's own state; nothing of the lake is in it.

resource "aws_db_subnet_group" "airflow" {
  count = local.ecs ? 1 : 0

  name       = "${var.place.prefix}-airflow"
  subnet_ids = var.network.subnets
}

resource "aws_security_group" "database" {
  count = local.ecs ? 1 : 0

  name        = "${var.place.prefix}-airflow-database"
  description = "Airflow's database, from Airflow alone"
  vpc_id      = var.network.vpc
}

resource "aws_vpc_security_group_ingress_rule" "database" {
  count = local.ecs ? 1 : 0

  security_group_id            = aws_security_group.database[0].id
  description                  = "PostgreSQL from Airflow"
  referenced_security_group_id = aws_security_group.airflow.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

resource "aws_iam_role" "monitoring" {
  count = local.ecs ? 1 : 0

  name                 = "${var.place.prefix}-airflow-database"
  description          = "Writes the database's own figures"
  permissions_boundary = var.boundary
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{
    Effect    = "Allow"
    Principal = { Service = "monitoring.rds.amazonaws.com" }
    Action    = "sts:AssumeRole"
    Condition = { StringEquals = { "aws:SourceAccount" = var.place.account_id } }
  }] })
}

resource "aws_iam_role_policy" "monitoring" {
  count = local.ecs ? 1 : 0

  name = "figures"
  role = aws_iam_role.monitoring[0].name
  policy = jsonencode({ Version = "2012-10-17", Statement = [{
    Effect   = "Allow"
    Action   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:PutRetentionPolicy"]
    Resource = "${local.arn}:logs:${var.place.region}:${var.place.account_id}:log-group:RDS*"
  }] })
}

resource "aws_db_instance" "airflow" {
  #checkov:skip=CKV2_AWS_30:Airflow's statements hold texts of connections and variables, which do not belong into a log.
  #checkov:skip=CKV_AWS_157:Whether there is a second zone is a setting of the environment: var.database.zones.
  #checkov:skip=CKV_AWS_293:Whether it may be deleted is a setting of the environment: var.database.protected.
  count = local.ecs ? 1 : 0

  identifier     = "${var.place.prefix}-airflow"
  engine         = "postgres"
  engine_version = "16"
  instance_class = var.database.class
  db_name        = "airflow"
  username       = "airflow"

  # Made and rotated by Secrets Manager: the password is in no state and in no variable.
  manage_master_user_password   = true
  master_user_secret_kms_key_id = var.operations_key

  allocated_storage     = var.database.gibibytes
  max_allocated_storage = 5 * var.database.gibibytes
  storage_encrypted     = true
  kms_key_id            = var.operations_key

  db_subnet_group_name   = aws_db_subnet_group.airflow[0].name
  vpc_security_group_ids = [aws_security_group.database[0].id]
  publicly_accessible    = false
  multi_az               = var.database.zones == 2

  iam_database_authentication_enabled = true
  auto_minor_version_upgrade          = true
  copy_tags_to_snapshot               = true
  backup_retention_period             = var.database.days
  deletion_protection                 = var.database.protected
  skip_final_snapshot                 = !var.database.protected
  final_snapshot_identifier           = "${var.place.prefix}-airflow-last"
  enabled_cloudwatch_logs_exports     = ["postgresql", "upgrade"]
  monitoring_interval                 = 60
  monitoring_role_arn                 = aws_iam_role.monitoring[0].arn
  performance_insights_enabled        = true
  performance_insights_kms_key_id     = var.operations_key
}

resource "aws_secretsmanager_secret" "key" {
  #checkov:skip=CKV2_AWS_57:A new key makes stored connections unreadable, so it is made by raising var.secrets_version.
  for_each = local.ecs ? toset(values(local.secrets)) : []

  name                    = "${var.place.prefix}/airflow/${each.key}"
  description             = "Airflow's key: ${each.key}"
  kms_key_id              = var.operations_key
  recovery_window_in_days = 7
}

resource "aws_secretsmanager_secret_version" "key" {
  for_each = aws_secretsmanager_secret.key

  secret_id = each.value.id
  # Random bytes in the alphabet of URLs: 32 for fernet, 64 for the others. Write-only: they are in no state and in no plan.
  secret_string_wo = replace(replace(
    each.key == "fernet" ? base64sha256("${uuid()}${uuid()}") : base64sha512("${uuid()}${uuid()}${uuid()}${uuid()}"),
  "+", "-"), "/", "_")
  secret_string_wo_version = var.secrets_version
}
