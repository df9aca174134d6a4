variable "place" {
  type        = object({ prefix = string, partition = string, region = string, account_id = string })
  description = "Where this is, and the prefix of all names; validated by the module lakehouse."
}

variable "kind" {
  type        = string
  default     = "ecs"
  description = "ecs: Airflow's four processes as services of ECS, with PostgreSQL. mwaa: Amazon's managed Airflow."

  validation {
    condition     = contains(["ecs", "mwaa"], var.kind)
    error_message = "Expected ecs or mwaa."
  }

  validation {
    condition     = var.kind != "mwaa" || var.place.partition == "aws"
    error_message = "Managed Airflow is not offered in the partition aws-cn. Next: kind = \"ecs\"."
  }
}

variable "network" {
  type        = object({ vpc = string, subnets = list(string), s3_prefix_list = string, cidr = string })
  description = "The network in which it runs."
}

variable "image" {
  type        = string
  default     = null
  description = "Image with Lakeward, Airflow and the project, by digest (deploy/Containerfile); for ecs."

  validation {
    condition     = var.kind != "ecs" || can(regex("@sha256:[0-9a-f]{64}$", coalesce(var.image, "-")))
    error_message = "Expected an image by its digest, NAME@sha256:…: a tag can be moved to other code under running DAGs."
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
  description = "ARN of the key of operations."
}

variable "boundary" {
  type        = string
  default     = null
  description = "ARN of the permissions boundary of roles."
}

variable "certificate" {
  type        = string
  default     = null
  description = "ARN of the certificate of Airflow's user interface; null for no way to it from outside of the tasks."

  validation {
    condition     = var.certificate == null || can(regex("^arn:aws(-cn)?:acm:", coalesce(var.certificate, "-")))
    error_message = "Expected the ARN of a certificate of ACM: the interface is never served without TLS."
  }
}

variable "database" {
  type        = object({ class = string, gibibytes = number, zones = number, days = number, protected = bool })
  default     = { class = "db.t4g.medium", gibibytes = 20, zones = 1, days = 7, protected = true }
  description = "Airflow's database: class, storage, zones (1 or 2), days of backups, and whether it may be deleted."

  validation {
    condition     = contains([1, 2], var.database.zones) && var.database.days >= 1 && var.database.days <= 35 && var.database.gibibytes >= 20
    error_message = "Expected zones 1 or 2, days 1 to 35, and at least 20 GiB."
  }
}

variable "secrets_version" {
  type        = number
  default     = 1
  description = "Raise it to make Airflow's keys anew. They are never in the state; stored connections must be entered again."

  validation {
    condition     = var.secrets_version >= 1
    error_message = "Expected a whole number from 1."
  }
}

variable "mwaa_source" {
  type        = object({ bucket_arn = string, version = string })
  default     = null
  description = "For mwaa: bucket with dags/ and requirements.txt, and the version of Airflow."

  validation {
    condition     = var.kind != "mwaa" || var.mwaa_source != null
    error_message = "Expected the bucket of the DAGs: mwaa runs no image."
  }

  validation {
    condition = var.kind != "mwaa" || try(
      length(regexall("^[0-9]+[.][0-9]+[.][0-9]+$", var.mwaa_source.version)) == 1 &&
      sum([for place, part in split(".", var.mwaa_source.version) : tonumber(part) * pow(1000, 2 - place)]) >= 3001008,
      var.mwaa_source == null,
    )
    error_message = "Expected Airflow 3.1.8 or newer: before it any task could answer the required actions of others, and Lakeward refuses it. Next: a newer version, or kind = \"ecs\"."
  }
}
