output "grades" {
  description = "The grades, the highest first."
  value       = local.grades

  precondition {
    condition     = length(local.unknown_grades) == 0
    error_message = "The policy has grades that no key and no bucket is made for: ${join(", ", local.unknown_grades)}. Known: ${join(", ", local.grades)}. Next: lakeward policy lint"
  }

  precondition {
    condition     = length(local.unruled_grades) == 0
    error_message = "No rule of the policy is for these grades: ${join(", ", local.unruled_grades)}. Next: add a rule for each, if only to deny; then lakeward policy test"
  }
}

output "actions" {
  description = "The actions of a policy, the least protective first."
  value       = local.actions

  precondition {
    condition     = length(local.unknown_actions) == 0
    error_message = "The policy has actions that this configuration does not know: ${join(", ", local.unknown_actions)}. Known: ${join(", ", local.actions)}. Next: lakeward policy lint"
  }
}

output "roles" {
  description = "The roles of the policy."
  value       = local.roles
}

output "categories" {
  description = "The categories of content that the policy lists."
  value       = local.categories
}

output "clear" {
  description = "Role -> grade -> the categories whose values the policy surely shows in clear."
  value       = local.clear
}

output "all_clear" {
  description = "Grade -> the roles that see every listed category of it in clear: only these may ever read a bucket of that grade directly."
  value = { for grade in local.grades : grade => [for role in local.roles : role
    if length(local.clear[role][grade]) == length(local.categories)
  ] }
}

output "highest_grade" {
  description = "The highest grade that the project's lake may hold, as its project.yaml says; core where it says none."
  value       = local.highest_grade

  precondition {
    condition     = contains(local.grades, local.highest_grade)
    error_message = "`highest_grade` of ${var.project_file} is ${local.highest_grade}. Expected ${join(", ", local.grades)}."
  }

  precondition {
    condition     = !contains(local.grades, local.highest_grade) || index(local.grades, local.highest_grade) >= index(local.grades, var.highest_grade)
    error_message = "The project's lake may hold ${local.highest_grade}, and this environment nothing above ${var.highest_grade}. Next: write `highest_grade: ${var.highest_grade}` into ${var.project_file}, or deploy to an environment for ${local.highest_grade}."
  }
}
