// AWSCredentials
