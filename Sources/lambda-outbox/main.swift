print("lambda-outbox")
