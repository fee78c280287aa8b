// LambdaTransport
