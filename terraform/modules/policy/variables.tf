variable "policy_file" {
  type        = string
  description = "The serving policy of the product: expectations/policies/serving.yaml of the project."

  validation {
    condition     = can(yamldecode(file(var.policy_file)).roles)
    error_message = "Expected a serving policy: a YAML file with `roles`. Next: name expectations/policies/serving.yaml of the project."
  }
}

variable "project_file" {
  type        = string
  description = "The project's expectations/project.yaml; its `highest_grade` is the highest grade that its lake may hold."

  validation {
    condition     = can(yamldecode(file(var.project_file)).name)
    error_message = "Expected a project: a YAML file with `name`. Next: name expectations/project.yaml of the project."
  }
}

variable "highest_grade" {
  type        = string
  description = "The highest grade that this environment may hold: core, important or general."

  validation {
    condition     = contains(["core", "important", "general"], var.highest_grade)
    error_message = "Expected core, important or general."
  }
}
