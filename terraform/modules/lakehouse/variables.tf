variable "prefix" {
  type        = string
  description = "Front of all names: one deployment of one plant."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.prefix))
    error_message = "Expected 3 to 20 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "partition" {
  type        = string
  default     = "aws"
  description = "aws, or aws-cn for the regions in China."

  validation {
    condition     = contains(["aws", "aws-cn"], var.partition)
    error_message = "Expected aws or aws-cn."
  }
}

variable "region" {
  type        = string
  description = "Where all data lie and stay."

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "Expected a region, such as eu-central-1 or cn-north-1."
  }

  validation {
    condition     = startswith(var.region, "cn-") == (var.partition == "aws-cn")
    error_message = "The region does not belong to the partition: cn-north-1 and cn-northwest-1 are of aws-cn, all others of aws. Next: set partition and region together."
  }
}

variable "account_id" {
  type        = string
  description = "The account's number."

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "Expected the 12 digits of an account."
  }
}

variable "policy_file" {
  type        = string
  description = "The project's serving policy; validated by the module policy."
}

variable "project_file" {
  type        = string
  description = "The project's project.yaml; validated by the module policy."
}

variable "highest_grade" {
  type        = string
  description = "The highest grade that this environment may hold; validated by the module policy."
}

variable "raw_readers" {
  type        = map(list(string))
  default     = {}
  description = "Grade -> roles that read its bucket directly; validated by the module identity."
}

variable "saml_provider" {
  type        = string
  default     = null
  description = "ARN of the SAML provider of people; validated by the module identity."
}

variable "github_repository" {
  type        = string
  default     = null
  description = "OWNER/NAME that may run Terraform; validated by the module identity."
}

variable "deploy_policies" {
  type        = list(string)
  default     = []
  description = "ARNs of the policies of the role that runs Terraform."
}

variable "administrators" {
  type        = list(string)
  default     = []
  description = "ARNs of the roles that may administer buckets from outside of the network, beside that of github_repository; validated by the module storage."
}

variable "zones" {
  type        = list(string)
  description = "Availability zones; validated by the module network."
}

variable "cidr" {
  type        = string
  default     = "10.20.0.0/20"
  description = "Addresses of the network; validated by the module network."
}

variable "topics" {
  type        = map(string)
  default     = {}
  description = "Dataset -> MQTT topic filter of AWS IoT; validated by the module ingest."
}

variable "airflow" {
  type = object({
    kind        = optional(string, "ecs")
    image       = optional(string)
    certificate = optional(string)
    database = optional(object({ class = string, gibibytes = number, zones = number, days = number, protected = bool }),
    { class = "db.t4g.medium", gibibytes = 20, zones = 1, days = 7, protected = true })
    mwaa_source = optional(object({ bucket_arn = string, version = string }))
  })
  description = "Airflow; validated by the module orchestration."
}

variable "server" {
  type        = object({ image = string, command = list(string), port = number, cpu = optional(number), memory = optional(number) })
  default     = null
  description = "Lakeward's server; validated by the module serving."
}

variable "spark" {
  type        = bool
  default     = false
  description = "Whether there is an application of Spark."
}

variable "evidence_lock" {
  type        = object({ mode = string, days = number })
  default     = { mode = "GOVERNANCE", days = 1 }
  description = "Lock of the evidence bucket; validated by the module storage."
}

variable "backup_lock" {
  type        = object({ days = number, final_after = number })
  default     = { days = 7, final_after = null }
  description = "Lock of the vault of backups; validated by the module backup."
}

variable "alert_email" {
  type        = string
  default     = null
  description = "Address of alarms; validated by the module observability."
}

variable "monthly_budget" {
  type        = number
  default     = null
  description = "US dollars per month; validated by the module observability."
}

variable "emulated" {
  type        = bool
  default     = false
  description = "True only against an emulator: no bucket policies, no selection of backups, and buckets may be destroyed with their objects."
}
