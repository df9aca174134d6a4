variable "place" {
  type        = object({ prefix = string, partition = string, region = string, account_id = string })
  description = "Where this is, and the prefix of all names; validated by the module lakehouse."
}

variable "grades" {
  type        = list(string)
  description = "The grades that get a key of their own, the highest first: those of the policy."

  validation {
    condition     = toset(var.grades) == toset(["core", "important", "general"])
    error_message = "Expected a key for each of core, important and general: a grade without a key could not be stored."
  }
}

variable "writers" {
  type        = map(list(string))
  description = "Grade -> ARNs of the services that read and write data of this grade."

  validation {
    condition     = alltrue([for arn in flatten(values(var.writers)) : can(regex("^arn:aws(-cn)?:iam::[0-9]{12}:role/", arn))])
    error_message = "Expected ARNs of roles; a user or an account must not hold a key of data."
  }
}

variable "readers" {
  type        = map(list(string))
  default     = {}
  description = "Grade -> ARNs of the roles that may decrypt objects of this grade, and nothing else."

  validation {
    condition     = alltrue([for arn in flatten(values(var.readers)) : can(regex("^arn:aws(-cn)?:iam::[0-9]{12}:role/", arn))])
    error_message = "Expected ARNs of roles; a user or an account must not hold a key of data."
  }
}

variable "multi_region_grades" {
  type        = set(string)
  default     = []
  description = "Grades whose key can be replicated into another region."

  validation {
    condition     = length(setsubtract(var.multi_region_grades, ["general"])) == 0
    error_message = "Core and important data stay in their region, and so do their keys: only general may be listed."
  }
}

variable "deletion_days" {
  type        = number
  default     = 30
  description = "Days in which the deletion of a key can be taken back."

  validation {
    condition     = var.deletion_days >= 7 && var.deletion_days <= 30
    error_message = "Expected 7 to 30 days."
  }
}
