provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]
  max_retries         = var.max_retries

  default_tags {
    tags = { deployment = var.prefix, environment = "dev" }
  }
}
