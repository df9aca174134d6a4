# One deployment: every module, wired. Grades, roles and what is clear come from the project's own policy file; the lake lies in the bucket of
# the highest grade that the project says it may hold, since key, trail and retention are a bucket's.

locals {
  place = { prefix = var.prefix, partition = var.partition, region = var.region, account_id = var.account_id }
  # Names are made here, so that roles can be given before the buckets are made.
  bucket_names    = { for grade in module.policy.grades : grade => "${var.prefix}-${grade}-${var.account_id}" }
  evidence_bucket = "${var.prefix}-evidence-${var.account_id}"
  lake_grade      = module.policy.highest_grade
  network = {
    vpc            = module.network.vpc.id
    cidr           = module.network.vpc.cidr
    subnets        = module.network.subnets
    s3_prefix_list = module.network.s3_endpoint.prefix_list
  }
  lake = { bucket = module.storage.buckets[local.lake_grade], grade = local.lake_grade }
}

module "policy" {
  source = "../policy"

  policy_file   = var.policy_file
  project_file  = var.project_file
  highest_grade = var.highest_grade
}

module "identity" {
  source = "../identity"

  place             = local.place
  clear             = module.policy.clear
  all_clear         = module.policy.all_clear
  raw_readers       = var.raw_readers
  buckets           = local.bucket_names
  lake_grade        = local.lake_grade
  evidence_bucket   = local.evidence_bucket
  operations_key    = module.keys.operations_key
  saml_provider     = var.saml_provider
  github_repository = var.github_repository
  deploy_policies   = var.deploy_policies
}

module "keys" {
  source = "../keys"

  place  = local.place
  grades = module.policy.grades
  writers = { for grade in module.policy.grades : grade => concat(
    [module.backup.role],
    grade == local.lake_grade ? [module.identity.product.arn, module.ingest.role] : [],
  ) }
  readers = { for grade, roles in var.raw_readers : grade => [for role in roles : module.identity.personas[role] if var.saml_provider != null] }
}

module "storage" {
  source = "../storage"

  place            = local.place
  buckets          = { for grade, name in local.bucket_names : grade => { name = name, key = module.keys.grade_keys[grade] } }
  evidence_bucket  = local.evidence_bucket
  operations_key   = module.keys.operations_key
  evidence_lock    = var.evidence_lock
  vpc_endpoint     = module.network.s3_endpoint.id
  has_vpc_endpoint = true
  administrators   = concat(var.administrators, module.identity.administrators)
  bucket_policies  = !var.emulated
  force_destroy    = var.emulated
}

module "network" {
  source = "../network"

  place          = local.place
  cidr           = var.cidr
  zones          = var.zones
  operations_key = module.keys.operations_key
  boundary       = module.identity.boundary
}

module "catalog" {
  source = "../catalog"

  place          = local.place
  grades         = module.policy.grades
  categories     = module.policy.categories
  clear          = module.policy.clear
  personas       = module.identity.personas
  with_personas  = var.saml_provider != null
  operations_key = module.keys.operations_key
  lake = {
    bucket         = local.lake.bucket
    grade          = local.lake.grade
    product        = module.identity.product.arn
    administrators = concat(var.administrators, module.identity.administrators)
  }
}

module "ingest" {
  source = "../ingest"

  place          = local.place
  bucket         = { name = local.bucket_names[local.lake_grade], key = module.keys.grade_keys[local.lake_grade], grade = local.lake_grade }
  topics         = var.topics
  operations_key = module.keys.operations_key
  boundary       = module.identity.boundary
}

module "compute_spark" {
  source = "../compute_spark"
  count  = var.spark ? 1 : 0

  place   = local.place
  network = local.network
}

module "orchestration" {
  source = "../orchestration"

  place          = local.place
  kind           = var.airflow.kind
  image          = var.airflow.image
  certificate    = var.airflow.certificate
  database       = var.airflow.database
  mwaa_source    = var.airflow.mwaa_source
  network        = local.network
  lake           = local.lake
  product        = module.identity.product
  operations_key = module.keys.operations_key
  boundary       = module.identity.boundary
}

module "serving" {
  source = "../serving"

  place          = local.place
  network        = local.network
  clear          = module.policy.clear
  results        = { bucket = local.lake.bucket, key = module.keys.grade_keys[local.lake_grade] }
  server         = var.server
  lake           = local.lake
  product        = module.identity.product
  operations_key = module.keys.operations_key
  boundary       = module.identity.boundary
  protected      = !var.emulated
}

module "observability" {
  source = "../observability"

  place          = local.place
  buckets        = module.storage.buckets
  log_bucket     = module.storage.log_bucket
  operations_key = module.keys.operations_key
  boundary       = module.identity.boundary
  alert_email    = var.alert_email
  monthly_budget = var.monthly_budget
  airflow = {
    log_group = module.orchestration.log_group
    database  = module.orchestration.database
    cluster   = module.orchestration.cluster
    services  = module.orchestration.services
  }
}

module "backup" {
  source = "../backup"

  place          = local.place
  grades         = module.policy.grades
  lock           = var.backup_lock
  operations_key = module.keys.operations_key
  selections     = !var.emulated
}
