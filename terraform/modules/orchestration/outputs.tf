output "settings" {
  description = "The settings of Airflow's processes, without secrets."
  value       = local.settings
}

output "log_group" {
  description = "Name of the log of Airflow and its tasks."
  value       = aws_cloudwatch_log_group.tasks.name
}

output "security_group" {
  description = "Group of Airflow's processes."
  value       = aws_security_group.airflow.id
}

output "cluster" {
  description = "Name of the cluster of services; null for managed Airflow."
  value       = one(aws_ecs_cluster.this[*].name)
}

output "database" {
  description = "Identifier of Airflow's database; null for managed Airflow."
  value       = one(aws_db_instance.airflow[*].identifier)
}

output "services" {
  description = "Names of the services."
  value       = keys(aws_ecs_service.process)
}
