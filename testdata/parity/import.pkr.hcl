# An exported archive becomes an image of one layer, with a configuration of its own.

variable "repository" {}

source "docker" "it" {
  image       = "base:latest"
  export_path = "it.tar"
}

build {
  sources = ["source.docker.it"]
  provisioner "shell" {
    inline = ["echo y > /y"]
  }
  post-processors {
    post-processor "docker-import" {
      repository = var.repository
      tag        = "imported"
      changes    = ["ENTRYPOINT [\"/bin/sh\"]", "ENV FROM=archive"]
    }
    post-processor "docker-tag" {
      repository = var.repository
      tags       = ["again", "and-again"]
    }
  }
}
