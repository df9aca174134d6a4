mock_provider "aws" {
  mock_resource "aws_iam_policy" {
    defaults = { arn = "arn:aws:iam::123456789012:policy/plant-boundary" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/plant-any" }
  }
  mock_resource "aws_iam_openid_connect_provider" {
    defaults = { arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" }
  }
}

variables {
  place           = { prefix = "plant", partition = "aws", region = "eu-central-1", account_id = "123456789012" }
  clear           = { analyst = { core = [], important = [], general = ["none"] }, steward = { core = [], important = ["none"], general = ["none"] } }
  all_clear       = { core = [], important = ["steward"], general = ["steward"] }
  buckets         = { core = "plant-core", important = "plant-important", general = "plant-general" }
  lake_grade      = "important"
  evidence_bucket = "plant-evidence"
  operations_key  = "arn:aws:kms:eu-central-1:123456789012:key/operations"
  saml_provider   = "arn:aws:iam::123456789012:saml-provider/company"
}

run "people_are_bounded_and_read_no_bucket" {
  assert {
    condition     = alltrue([for role in aws_iam_role.persona : role.permissions_boundary == aws_iam_policy.boundary.arn]) && length(aws_iam_role.persona) == 2
    error_message = "A role without a boundary, or a role of the policy without a role."
  }

  assert {
    condition     = !strcontains(jsonencode([output.policies["analyst"], output.policies["steward"]]), "s3:GetObject")
    error_message = "A role reads a bucket that it was not given."
  }
}

run "who_sees_everything_of_a_grade_may_be_given_its_bucket" {
  variables {
    raw_readers = { important = ["steward"] }
  }

  assert {
    condition     = strcontains(jsonencode(output.policies["steward"]), "plant-important/*") && !strcontains(jsonencode(output.policies["steward"]), "plant-core")
    error_message = "The steward reads another bucket than the one that was given."
  }
}

run "the_product_writes_its_own_lake_alone" {
  assert {
    condition     = !strcontains(jsonencode(output.policies["product"]), "plant-core") && strcontains(jsonencode(output.policies["product"]), "plant-important/*")
    error_message = "The product reaches the bucket of another grade."
  }
}

run "without_people_there_are_no_roles_of_people" {
  variables {
    saml_provider     = null
    github_repository = "company/plant"
  }

  assert {
    condition     = length(aws_iam_role.persona) == 0 && length(aws_iam_role.deploy) == 1
    error_message = "Roles that nobody can take."
  }

  assert {
    condition     = strcontains(aws_iam_role.deploy[0].assume_role_policy, "repo:company/plant:ref:refs/heads/main")
    error_message = "Another branch could run Terraform."
  }
}
