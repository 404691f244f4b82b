# Several tags, two chains, and a push.

variable "repository" {}

source "docker" "it" {
  image  = "base:latest"
  commit = true
}

build {
  sources = ["source.docker.it"]
  provisioner "shell" {
    inline = ["echo z > /z"]
  }
  post-processors {
    post-processor "docker-tag" {
      repository = var.repository
      tags       = ["one", "two"]
    }
    post-processor "docker-push" {}
  }
  post-processors {
    post-processor "docker-tag" {
      repository = "${var.repository}/second"
    }
  }
}
