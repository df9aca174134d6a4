variable "place" {
  type        = object({ prefix = string, partition = string, region = string, account_id = string })
  description = "Where this is, and the prefix of all names; validated by the module lakehouse."
}

variable "bucket" {
  type        = object({ name = string, key = string, grade = string })
  description = "Bucket of the lake, the ARN of its key and its grade: raw messages may hold whatever the lake may hold."
}

variable "topics" {
  type        = map(string)
  default     = {}
  description = "Dataset -> MQTT topic filter of AWS IoT whose messages are delivered into the inbox of this dataset."

  validation {
    condition     = alltrue([for dataset in keys(var.topics) : can(regex("^[a-z][a-z0-9_]{0,62}$", dataset))])
    error_message = "Expected names of datasets: lower-case letters, digits and _, beginning with a letter."
  }

  validation {
    condition     = alltrue([for topic in values(var.topics) : can(regex("^[^'\\s#]+(/#)?$", topic)) && topic != "#"])
    error_message = "Expected a topic filter such as plant/line1/#; `#` alone would take every message of the account."
  }
}

variable "buffer" {
  type        = object({ seconds = number, megabytes = number })
  default     = { seconds = 60, megabytes = 64 }
  description = "A file is delivered when it is this old or this large."

  validation {
    condition     = var.buffer.seconds >= 60 && var.buffer.seconds <= 900 && var.buffer.megabytes >= 64 && var.buffer.megabytes <= 128
    error_message = "Expected 60 to 900 seconds and 64 to 128 MiB: smaller files make more commits than a table can bear."
  }
}

variable "operations_key" {
  type        = string
  description = "ARN of the key of operations, for the log of errors."
}

variable "boundary" {
  type        = string
  default     = null
  description = "ARN of the permissions boundary of roles."
}

variable "msk" {
  type        = object({ subnets = list(string), security_groups = list(string) })
  default     = null
  description = "Subnets and groups of a serverless Kafka cluster; null for none."
}
