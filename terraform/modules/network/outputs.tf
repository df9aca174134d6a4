output "vpc" {
  description = "The network: id and addresses."
  value       = { id = aws_vpc.this.id, cidr = aws_vpc.this.cidr_block }
}

output "subnets" {
  description = "Ids of the private subnets."
  value       = [for zone in var.zones : aws_subnet.private[zone].id]
}

output "s3_endpoint" {
  description = "The S3 endpoint: id, and the list of its addresses for rules of security groups."
  value       = { id = aws_vpc_endpoint.s3.id, prefix_list = aws_vpc_endpoint.s3.prefix_list_id }
}
