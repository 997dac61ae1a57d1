"""The embedded AWS: the real CDK application on one machine, without Docker or an AWS account."""
