output "databases" {
  description = "Layer -> name of its database."
  value       = { for layer, database in aws_glue_catalog_database.layer : layer => database.name }
}

output "grants" {
  description = "What roles of people are granted, by role and grade: the categories of columns."
  value       = { for name, grant in local.grants : name => grant.categories }
}

output "tags" {
  description = "Names of the two tags that a column needs to be granted."
  value       = { grade = aws_lakeformation_lf_tag.grade.key, category = aws_lakeformation_lf_tag.category.key }
}
