variable "place" {
  type        = object({ prefix = string, partition = string, region = string, account_id = string })
  description = "Where this is, and the prefix of all names; validated by the module lakehouse."
}

variable "cidr" {
  type        = string
  default     = "10.20.0.0/20"
  description = "Addresses of the network."

  validation {
    condition     = can(cidrhost(var.cidr, 0)) && can(regex("^(10\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|192\\.168\\.)", var.cidr))
    error_message = "Expected a private range, such as 10.20.0.0/20."
  }

  validation {
    condition     = try(tonumber(split("/", var.cidr)[1]), 0) >= 16 && try(tonumber(split("/", var.cidr)[1]), 0) <= 22
    error_message = "Expected a mask of /16 to /22, so that each zone gets a subnet of its own."
  }
}

variable "zones" {
  type        = list(string)
  description = "Availability zones, at least two."

  validation {
    condition     = length(toset(var.zones)) == length(var.zones) && length(var.zones) >= 2 && length(var.zones) <= 4
    error_message = "Expected two to four different zones: the database and the load balancer need two."
  }

  validation {
    condition     = alltrue([for zone in var.zones : startswith(zone, var.place.region)])
    error_message = "Expected zones of the region ${var.place.region}."
  }
}

variable "services" {
  type        = set(string)
  default     = ["ecr.api", "ecr.dkr", "kms", "logs", "monitoring", "secretsmanager", "sts", "athena", "glue", "lakeformation"]
  description = "Services that are reached by an endpoint inside the network: there is no way out of it."
}

variable "log_days" {
  type        = number
  default     = 400
  description = "Days that logs of connections are kept."

  validation {
    condition     = contains([365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_days)
    error_message = "Expected a number of days that CloudWatch knows, from a year: 365, 400, 545, 731 and so on."
  }
}

variable "operations_key" {
  type        = string
  description = "ARN of the key of operations, for the log."
}

variable "boundary" {
  type        = string
  default     = null
  description = "ARN of the permissions boundary of roles."
}
