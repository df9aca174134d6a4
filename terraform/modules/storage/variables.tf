variable "place" {
  type        = object({ prefix = string, partition = string, region = string, account_id = string })
  description = "Where this is, and the prefix of all names; validated by the module lakehouse."
}

variable "buckets" {
  type = map(object({
    name = string
    key  = string
  }))
  description = "Grade -> name of its bucket, and ARN of its key. Layers are folders in it: keys, trails and retention hang on a bucket."

  validation {
    condition     = toset(keys(var.buckets)) == toset(["core", "important", "general"])
    error_message = "Expected a bucket for each of core, important and general: data of a grade without a bucket could not be stored."
  }

  validation {
    condition     = alltrue([for bucket in values(var.buckets) : can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", bucket.name))])
    error_message = "Expected names of 3 to 63 lower-case letters, digits and hyphens."
  }
}

variable "evidence_bucket" {
  type        = string
  description = "Name of the bucket of checkpoints and sealed logs, in which nothing can be changed."

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.evidence_bucket))
    error_message = "Expected a name of 3 to 63 lower-case letters, digits and hyphens."
  }
}

variable "operations_key" {
  type        = string
  description = "ARN of the key of operations, for the evidence bucket."
}

variable "noncurrent_days" {
  type        = map(number)
  default     = { core = 365, important = 180, general = 30 }
  description = "Grade -> days that a replaced or deleted object can be restored."

  validation {
    condition     = toset(keys(var.noncurrent_days)) == toset(["core", "important", "general"]) && alltrue([for days in values(var.noncurrent_days) : days >= 1])
    error_message = "Expected a number of days from 1 for each of core, important and general."
  }
}

variable "evidence_lock" {
  type        = object({ mode = string, days = number })
  default     = { mode = "GOVERNANCE", days = 1 }
  description = "Lock of the evidence bucket. COMPLIANCE can't be undone by anyone, the account's root included."

  validation {
    condition     = contains(["GOVERNANCE", "COMPLIANCE"], var.evidence_lock.mode) && var.evidence_lock.days >= 1
    error_message = "Expected mode GOVERNANCE or COMPLIANCE, and days from 1."
  }
}

variable "vpc_endpoint" {
  type        = string
  default     = null
  description = "Id of the S3 endpoint by which alone core and important data may be reached; null for no such limit."

  validation {
    condition     = var.vpc_endpoint == null || can(regex("^vpce-[0-9a-z]+$", coalesce(var.vpc_endpoint, "-")))
    error_message = "Expected the id of a VPC endpoint, such as vpce-0a1b2c3d."
  }
}

variable "has_vpc_endpoint" {
  type        = bool
  default     = false
  description = "Whether vpc_endpoint is given; its id itself is known only after the endpoint is made."
}

variable "administrators" {
  type        = list(string)
  default     = []
  description = "ARNs of the roles that may administer the buckets from outside of the network: those that run Terraform."

  validation {
    condition     = alltrue([for arn in var.administrators : can(regex("^arn:aws(-cn)?:iam::[0-9]{12}:role/", arn))])
    error_message = "Expected ARNs of roles."
  }
}

variable "bucket_policies" {
  type        = bool
  default     = true
  description = "Whether buckets get their policies. False only against an emulator that applies a Deny without its conditions."
}

variable "force_destroy" {
  type        = bool
  default     = false
  description = "Whether a bucket with objects may be destroyed. False wherever data matter."
}
