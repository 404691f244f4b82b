print("Hello from an image that Cooper built.")
