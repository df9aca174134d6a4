variable "place" {
  type        = object({ prefix = string, partition = string, region = string, account_id = string })
  description = "Where this is, and the prefix of all names; validated by the module lakehouse."
}

variable "buckets" {
  type        = map(string)
  description = "Grade -> name of its bucket."
}

variable "log_bucket" {
  type        = string
  description = "Name of the bucket of trails."
}

variable "operations_key" {
  type        = string
  description = "ARN of the key of operations."
}

variable "boundary" {
  type        = string
  default     = null
  description = "ARN of the permissions boundary of roles."
}

variable "trails" {
  type        = map(string)
  default     = { core = "All", important = "All", general = "WriteOnly" }
  description = "Grade -> which accesses to objects are recorded: All, or WriteOnly."

  validation {
    condition     = toset(keys(var.trails)) == toset(["core", "important", "general"])
    error_message = "Expected a choice for each of core, important and general."
  }

  validation {
    condition     = lookup(var.trails, "core", "All") == "All" && lookup(var.trails, "important", "All") == "All" && contains(["All", "WriteOnly"], lookup(var.trails, "general", "All"))
    error_message = "Every access to core and important data is recorded, reads too; general may be All or WriteOnly."
  }
}

variable "alert_email" {
  type        = string
  default     = null
  description = "Address that alarms are mailed to, once it has confirmed; null for none."

  validation {
    condition     = var.alert_email == null || can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", coalesce(var.alert_email, "-")))
    error_message = "Expected an address such as data-steward@plant.example."
  }
}

variable "monthly_budget" {
  type        = number
  default     = null
  description = "US dollars per month, of which 80 % and 100 % raise an alarm; null for none."

  validation {
    condition     = var.monthly_budget == null || try(var.monthly_budget > 0, false)
    error_message = "Expected an amount above 0."
  }
}

variable "airflow" {
  type        = object({ log_group = string, database = string, cluster = string, services = list(string) })
  description = "What is watched of Airflow; database and cluster are null for managed Airflow."
}
