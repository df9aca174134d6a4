# For trying: nothing above important, one zone of the database, everything can be destroyed.
module "lakehouse" {
  source = "../../modules/lakehouse"

  prefix         = var.prefix
  partition      = var.partition
  region         = var.region
  zones          = var.zones
  account_id     = var.account_id
  policy_file    = "${var.project}/expectations/policies/serving.yaml"
  project_file   = "${var.project}/expectations/project.yaml"
  highest_grade  = "important"
  saml_provider  = var.saml_provider
  administrators = var.administrators
  topics         = var.topics
  spark          = var.spark
  alert_email    = var.alert_email
  monthly_budget = var.monthly_budget
  emulated       = var.emulated
  airflow = {
    image    = var.image
    database = { class = "db.t4g.small", gibibytes = 20, zones = 1, days = 1, protected = false }
  }
}
