variable "place" {
  type        = object({ prefix = string, partition = string, region = string, account_id = string })
  description = "Where this is, and the prefix of all names; validated by the module lakehouse."
}

variable "clear" {
  type        = map(map(list(string)))
  description = "Role -> grade -> categories that the policy surely shows in clear (module policy)."

  validation {
    condition     = length(var.clear) > 0
    error_message = "Expected at least one role of the policy."
  }
}

variable "all_clear" {
  type        = map(list(string))
  description = "Grade -> roles that the policy shows everything of it in clear (module policy)."
}

variable "raw_readers" {
  type        = map(list(string))
  default     = {}
  description = "Grade -> roles that read its bucket directly, past the server, its masks and its log. Nobody by default: a column without a grade is in there too."

  validation {
    condition     = alltrue([for grade, roles in var.raw_readers : length(setsubtract(roles, lookup(var.all_clear, grade, []))) == 0])
    error_message = "A role that the policy does not show everything of a grade in clear would see masked values in its bucket. Next: take it out of raw_readers, and let it read through the server."
  }
}

variable "buckets" {
  type        = map(string)
  description = "Grade -> name of its bucket."
}

variable "lake_grade" {
  type        = string
  description = "Grade of the bucket in which the lake lies: the highest that it may hold."

  validation {
    condition     = contains(keys(var.buckets), var.lake_grade)
    error_message = "Expected a grade that has a bucket."
  }
}

variable "evidence_bucket" {
  type        = string
  description = "Name of the bucket of checkpoints."
}

variable "operations_key" {
  type        = string
  description = "ARN of the key of operations, which the evidence bucket has."
}

variable "saml_provider" {
  type        = string
  default     = null
  description = "ARN of the SAML provider by which people take the roles of the policy; null for no roles of people."

  validation {
    condition     = var.saml_provider == null || can(regex("^arn:aws(-cn)?:iam::[0-9]{12}:saml-provider/", coalesce(var.saml_provider, "-")))
    error_message = "Expected the ARN of a SAML provider."
  }
}

variable "github_repository" {
  type        = string
  default     = null
  description = "OWNER/NAME whose branch main may take the role that runs Terraform; null for no such role."

  validation {
    condition     = var.github_repository == null || can(regex("^[\\w.-]+/[\\w.-]+$", coalesce(var.github_repository, "-")))
    error_message = "Expected OWNER/NAME, without a star: each repository that is named could change this account."
  }
}

variable "deploy_policies" {
  type        = list(string)
  default     = []
  description = "ARNs of the policies of the role that runs Terraform."
}
