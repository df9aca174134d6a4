# For data that matter: locks that nobody can take back, a database in two zones, alarms, and people by the company's own sign-on.
module "lakehouse" {
  source = "../../modules/lakehouse"

  prefix            = var.prefix
  partition         = var.partition
  region            = var.region
  zones             = var.zones
  account_id        = var.account_id
  policy_file       = "${var.project}/expectations/policies/serving.yaml"
  project_file      = "${var.project}/expectations/project.yaml"
  highest_grade     = "core"
  saml_provider     = var.saml_provider
  github_repository = var.github_repository
  deploy_policies   = var.deploy_policies
  administrators    = var.administrators
  topics            = var.topics
  server            = var.server
  spark             = var.spark
  alert_email       = var.alert_email
  monthly_budget    = var.monthly_budget
  evidence_lock     = { mode = "COMPLIANCE", days = 3650 }
  backup_lock       = { days = 7, final_after = 3 }
  airflow = {
    image       = var.image
    certificate = var.certificate
    database    = { class = "db.m7g.large", gibibytes = 100, zones = 2, days = 35, protected = true }
  }
}
