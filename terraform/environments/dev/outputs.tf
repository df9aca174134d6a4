output "lakehouse" {
  description = "What was deployed: lake, roles, rendered policies, settings."
  value       = module.lakehouse
}
