output "lake" {
  description = "The lake: address, bucket and grade."
  value       = { url = "s3://${local.lake.bucket}/lake", bucket = local.lake.bucket, grade = local.lake.grade }
}

output "clear" {
  description = "Role -> grade -> categories that are granted in clear: what the product's policy says, as storage can say it."
  value       = module.policy.clear
}

output "policies" {
  description = "Rendered policies of keys, buckets and roles: who may do what is shown by evaluating these."
  value = {
    keys       = module.keys.policies
    buckets    = module.storage.policies
    identities = module.identity.policies
  }
}

output "roles" {
  description = "ARNs of the roles: of people by role of the policy, and of the product."
  value       = { people = module.identity.personas, product = module.identity.product.arn }
}

output "organisation_policy" {
  description = "A service control policy for the accounts that hold data; the organisation attaches it."
  value       = module.identity.organisation_policy
}

output "repository" {
  description = "Where the image is pushed to."
  value       = module.serving.repository
}

output "airflow" {
  description = "The settings of Airflow's processes, without secrets."
  value       = module.orchestration.settings
}
