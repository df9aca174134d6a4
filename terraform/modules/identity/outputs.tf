output "personas" {
  description = "Role of the policy -> ARN of its IAM role; empty without a SAML provider."
  value       = { for role, found in aws_iam_role.persona : role => found.arn }
}

output "product" {
  description = "The role of Lakeward itself."
  value       = { name = aws_iam_role.product.name, arn = aws_iam_role.product.arn }
}

output "administrators" {
  description = "ARNs of the roles that run Terraform."
  value       = aws_iam_role.deploy[*].arn
}

output "boundary" {
  description = "ARN of the permissions boundary."
  value       = aws_iam_policy.boundary.arn
}

output "policies" {
  description = "The policies of the roles of the policy, `product`, and what bounds them: who may do what is shown by evaluating these."
  value       = merge(local.policies, { boundary = local.boundary })
}

output "organisation_policy" {
  description = "A service control policy for the accounts that hold data; the organisation attaches it."
  value       = jsonencode(local.organisation)
}
