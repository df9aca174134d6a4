output "workgroups" {
  description = "Role -> name of its workgroup."
  value       = { for role, group in aws_athena_workgroup.role : role => group.name }
}

output "repository" {
  description = "Where the image is pushed to: name and address."
  value       = { name = aws_ecr_repository.this.name, url = aws_ecr_repository.this.repository_url }
}

output "server" {
  description = "Name and port of the server inside the network; null for none."
  value       = local.served == 1 ? { name = aws_lb.server[0].dns_name, port = var.server.port } : null
}

output "log_group" {
  description = "Name of the server's log."
  value       = aws_cloudwatch_log_group.server.name
}
