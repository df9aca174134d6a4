variable "place" {
  type        = object({ prefix = string, partition = string, region = string, account_id = string })
  description = "Where this is, and the prefix of all names; validated by the module lakehouse."
}

variable "grades" {
  type        = list(string)
  description = "The grades of the policy, the highest first."

  validation {
    condition     = toset(var.grades) == toset(["core", "important", "general"])
    error_message = "Expected core, important and general: a column of a grade without a tag could not be granted or kept."
  }
}

variable "categories" {
  type        = list(string)
  description = "The categories of the policy."

  validation {
    condition     = contains(var.categories, "none")
    error_message = "Expected the category `none` among them: most columns have it."
  }
}

variable "clear" {
  type        = map(map(list(string)))
  description = "Role -> grade -> categories that the policy surely shows in clear (module policy)."
}

variable "personas" {
  type        = map(string)
  description = "Role of the policy -> ARN of its IAM role."
}

variable "with_personas" {
  type        = bool
  default     = true
  description = "Whether there are roles of people; their ARNs are known only after they are made."
}

variable "lake" {
  type        = object({ bucket = string, grade = string, product = string, administrators = list(string) })
  description = "The lake's bucket and grade, the ARN of the role that writes it, and the ARNs that administer grants."
}

variable "operations_key" {
  type        = string
  description = "ARN of the key of operations, for the catalogue's own metadata."
}

variable "tag_grants" {
  type        = bool
  default     = true
  description = "Whether roles of people are granted columns by tags. False only against an emulator that does not know such grants."
}
