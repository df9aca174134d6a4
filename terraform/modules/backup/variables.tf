variable "place" {
  type        = object({ prefix = string, partition = string, region = string, account_id = string })
  description = "Where this is, and the prefix of all names; validated by the module lakehouse."
}

variable "grades" {
  type        = list(string)
  description = "The grades of the policy, the highest first."

  validation {
    condition     = toset(var.grades) == toset(["core", "important", "general"])
    error_message = "Expected a plan for each of core, important and general: data of another grade would have no backup."
  }
}

variable "days" {
  type        = map(number)
  default     = { core = 365, important = 180, general = 35 }
  description = "Grade -> days that a backup is kept."

  validation {
    condition     = toset(keys(var.days)) == toset(["core", "important", "general"]) && alltrue([for days in values(var.days) : days >= 7])
    error_message = "Expected at least 7 days for each of core, important and general."
  }
}

variable "lock" {
  type        = object({ days = number, final_after = number })
  default     = { days = 7, final_after = null }
  description = "Nobody deletes a backup before `days`. `final_after`: days (from 3) after which even the lock can't be removed; null for never."

  validation {
    condition     = var.lock.days >= 7 && (var.lock.final_after == null || try(var.lock.final_after >= 3, false))
    error_message = "Expected days from 7, and final_after null or from 3."
  }
}

variable "copies" {
  type        = map(string)
  default     = {}
  description = "Grade -> ARN of a vault elsewhere that gets a copy of each backup."

  validation {
    condition     = length(setsubtract(keys(var.copies), ["general"])) == 0
    error_message = "Core and important data stay in their region, and so do their backups: only general may be copied."
  }
}

variable "operations_key" {
  type        = string
  description = "ARN of the key of operations, for the vault."
}

variable "selections" {
  type        = bool
  default     = true
  description = "Whether buckets are chosen for the plans. False only against an emulator that does not know selections."
}
