variable "place" {
  type        = object({ prefix = string, partition = string, region = string, account_id = string })
  description = "Where this is, and the prefix of all names; validated by the module lakehouse."
}

variable "network" {
  type        = object({ vpc = string, subnets = list(string), s3_prefix_list = string, cidr = string })
  description = "The network in which it runs."
}

variable "clear" {
  type        = map(map(list(string)))
  description = "Role -> grade -> categories that the policy surely shows in clear (module policy)."
}

variable "results" {
  type        = object({ bucket = string, key = string })
  description = "Bucket and key of the results of queries: those of the lake, since a result holds what the lake holds."
}

variable "scan_gibibytes" {
  type        = number
  default     = 100
  description = "GiB that one query may scan before it is ended."

  validation {
    condition     = var.scan_gibibytes >= 1 && var.scan_gibibytes <= 7168
    error_message = "Expected 1 to 7168 GiB."
  }
}

variable "server" {
  type = object({
    image   = string
    command = list(string)
    port    = number
    cpu     = optional(number, 1024)
    memory  = optional(number, 4096)
  })
  default     = null
  description = "Lakeward's server: image by digest, command, and the port on which it itself ends TLS; null for none."

  validation {
    condition     = var.server == null || can(regex("@sha256:[0-9a-f]{64}$", var.server.image))
    error_message = "Expected an image by its digest, NAME@sha256:…: a tag can be moved to other code."
  }

  validation {
    condition     = var.server == null || try(var.server.port > 1023 && var.server.port < 65536, false)
    error_message = "Expected a port from 1024 to 65535: the server does not run as root."
  }
}

variable "lake" {
  type        = object({ bucket = string, grade = string })
  description = "Bucket and grade of the lake."
}

variable "product" {
  type        = object({ name = string, arn = string })
  description = "The role of Lakeward itself."
}

variable "operations_key" {
  type        = string
  description = "ARN of the key of operations, for logs."
}

variable "boundary" {
  type        = string
  default     = null
  description = "ARN of the permissions boundary of roles."
}

variable "protected" {
  type        = bool
  default     = true
  description = "Whether the balancer is kept from being deleted."
}
