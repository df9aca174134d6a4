# Tables for engines that ask Lake Formation (Athena, EMR). A persona is granted a column by its two tags, grade and category, where the policy
# shows such columns in clear. What the policy masks, tokenises or filters can't be said here, so it is not granted; a column without tags
# (which has no grade yet) is granted to nobody. delta-rs and DuckDB do not ask Lake Formation: for them key and bucket are the control.

locals {
  layers = ["silver", "gold"]

  # One grant per role and grade in which at least one category is clear.
  grants = { for cell in setproduct(keys(var.clear), var.grades) : join("/", cell) => {
    role = cell[0], grade = cell[1], categories = var.clear[cell[0]][cell[1]]
  } if var.tag_grants && var.with_personas && length(var.clear[cell[0]][cell[1]]) > 0 }
}

resource "aws_glue_data_catalog_encryption_settings" "this" {
  data_catalog_encryption_settings {
    connection_password_encryption {
      aws_kms_key_id                       = var.operations_key
      return_connection_password_encrypted = true
    }
    encryption_at_rest {
      catalog_encryption_mode = "SSE-KMS"
      sse_aws_kms_key_id      = var.operations_key
    }
  }
}

# The defaults would give every new table to whoever has a policy of IAM, whatever is granted here.
resource "aws_lakeformation_data_lake_settings" "this" {
  admins = var.lake.administrators
}

resource "aws_glue_catalog_database" "layer" {
  for_each = toset(local.layers)

  name         = replace("${var.place.prefix}_${each.key}", "-", "_")
  description  = "Tables of the layer ${each.key}"
  location_uri = "s3://${var.lake.bucket}/lake/${each.key}"

  depends_on = [aws_lakeformation_data_lake_settings.this]
}

resource "aws_lakeformation_resource" "lake" {
  arn      = "arn:${var.place.partition}:s3:::${var.lake.bucket}"
  role_arn = var.lake.product
}

resource "aws_lakeformation_lf_tag" "grade" {
  key    = "${var.place.prefix}-grade"
  values = var.grades
}

resource "aws_lakeformation_lf_tag" "category" {
  key    = "${var.place.prefix}-category"
  values = var.categories
}

resource "aws_lakeformation_permissions" "product" {
  for_each = aws_glue_catalog_database.layer

  principal   = var.lake.product
  permissions = ["ALTER", "CREATE_TABLE", "DESCRIBE"]
  database {
    name = each.value.name
  }
}

resource "aws_lakeformation_permissions" "databases" {
  for_each = var.tag_grants && var.with_personas ? { for cell in setproduct(keys(var.clear), local.layers) : join("/", cell) => {
    role = cell[0], layer = cell[1]
  } } : {}

  principal   = var.personas[each.value.role]
  permissions = ["DESCRIBE"]
  database {
    name = aws_glue_catalog_database.layer[each.value.layer].name
  }
}

resource "aws_lakeformation_permissions" "clear" {
  for_each = local.grants

  principal   = var.personas[each.value.role]
  permissions = ["DESCRIBE", "SELECT"]
  lf_tag_policy {
    resource_type = "TABLE"
    expression {
      key    = aws_lakeformation_lf_tag.grade.key
      values = [each.value.grade]
    }
    expression {
      key    = aws_lakeformation_lf_tag.category.key
      values = each.value.categories
    }
  }
}
