# Bucket and region come at `terraform init -backend-config=…`: a state names everything that is deployed, so it lies in an account of yours.
terraform {
  backend "s3" {
    key          = "lakeward/dev.tfstate"
    encrypt      = true
    use_lockfile = true
  }
}
