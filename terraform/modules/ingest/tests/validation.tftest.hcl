# One failing case per validation.

mock_provider "aws" {}

variables {
  place          = { prefix = "plant", partition = "aws", region = "eu-central-1", account_id = "123456789012" }
  bucket         = { name = "plant-important", key = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000", grade = "important" }
  operations_key = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  topics         = { press_line = "plant/press/#" }
}

run "a_topic_is_for_a_dataset" {
  command = plan

  variables {
    topics = { "Press-Line" = "plant/press/#" }
  }

  expect_failures = [var.topics]
}

run "a_topic_is_not_every_topic" {
  command = plan

  variables {
    topics = { press_line = "#" }
  }

  expect_failures = [var.topics]
}

run "small_files_are_refused" {
  command = plan

  variables {
    buffer = { seconds = 1, megabytes = 1 }
  }

  expect_failures = [var.buffer]
}
