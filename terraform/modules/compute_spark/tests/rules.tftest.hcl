mock_provider "aws" {}

variables {
  place   = { prefix = "plant", partition = "aws", region = "eu-central-1", account_id = "123456789012" }
  network = { vpc = "vpc-1", subnets = ["subnet-1", "subnet-2"], s3_prefix_list = "pl-1", cidr = "10.20.0.0/20" }
}

run "spark_stops_by_itself_and_runs_in_the_network" {
  assert {
    condition     = one(aws_emrserverless_application.spark.auto_stop_configuration).enabled && one(aws_emrserverless_application.spark.network_configuration).subnet_ids == toset(["subnet-1", "subnet-2"])
    error_message = "It runs on, or outside of the network."
  }
}
