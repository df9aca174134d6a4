variable "prefix" {
  type        = string
  default     = "lakeward"
  description = "Front of all names; validated by the module lakehouse."
}

variable "partition" {
  type        = string
  default     = "aws"
  description = "aws or aws-cn; validated by the module lakehouse."
}

variable "region" {
  type        = string
  description = "Where all data lie and stay; validated by the module lakehouse."
}

variable "zones" {
  type        = list(string)
  description = "Availability zones; validated by the module network."
}

variable "account_id" {
  type        = string
  description = "The account's number; validated by the module lakehouse."
}

variable "project" {
  type        = string
  default     = "../../.."
  description = "The project's folder, in which expectations/ lies."
}

variable "image" {
  type        = string
  description = "Image by digest; validated by the module orchestration."
}

variable "saml_provider" {
  type        = string
  description = "ARN of the SAML provider of people; validated by the module identity."
}

variable "topics" {
  type        = map(string)
  default     = {}
  description = "Dataset -> MQTT topic filter; validated by the module ingest."
}

variable "administrators" {
  type        = list(string)
  default     = []
  description = "ARNs of the roles that run Terraform; validated by the module storage."
}

variable "alert_email" {
  type        = string
  description = "Address of alarms; validated by the module observability."
}

variable "monthly_budget" {
  type        = number
  default     = null
  description = "US dollars per month; validated by the module observability."
}

variable "spark" {
  type        = bool
  default     = false
  description = "Whether there is an application of Spark."
}

variable "certificate" {
  type        = string
  description = "ARN of the certificate of Airflow's interface; validated by the module orchestration."
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

variable "server" {
  type        = object({ image = string, command = list(string), port = number })
  default     = null
  description = "Lakeward's server; validated by the module serving."
}

variable "max_retries" {
  type        = number
  default     = 25
  description = "Tries of a call to AWS."

  validation {
    condition     = var.max_retries >= 1
    error_message = "Expected a whole number from 1."
  }
}
