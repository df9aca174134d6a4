variable "place" {
  type        = object({ prefix = string, partition = string, region = string, account_id = string })
  description = "Where this is, and the prefix of all names; validated by the module lakehouse."
}

variable "network" {
  type        = object({ vpc = string, subnets = list(string), s3_prefix_list = string, cidr = string })
  description = "The network in which workers run."
}

variable "release" {
  type        = string
  default     = "emr-7.12.0"
  description = "Release of EMR."

  validation {
    condition     = can(regex("^emr-[0-9]+\\.[0-9]+\\.[0-9]+$", var.release))
    error_message = "Expected a release such as emr-7.12.0."
  }
}

variable "most" {
  type        = object({ cores = number, gibibytes = number })
  default     = { cores = 32, gibibytes = 128 }
  description = "The most that all workers together may take."

  validation {
    condition     = var.most.cores >= 4 && var.most.gibibytes >= 2 * var.most.cores && var.most.gibibytes <= 8 * var.most.cores
    error_message = "Expected at least 4 cores, and 2 to 8 GiB for each."
  }
}

variable "idle_minutes" {
  type        = number
  default     = 15
  description = "Minutes without a job after which the application stops and costs nothing."

  validation {
    condition     = var.idle_minutes >= 1 && var.idle_minutes <= 10080
    error_message = "Expected 1 to 10080 minutes."
  }
}
