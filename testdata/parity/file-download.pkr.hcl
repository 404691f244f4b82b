# Files come back from the container.
# prepare: mkdir -p got

variable "repository" {}

source "docker" "it" {
  image  = "base:latest"
  commit = true
}

build {
  sources = ["source.docker.it"]

  provisioner "shell" {
    inline = ["echo from inside > /result", "chmod 600 /result", ": > /nothing"]
  }
  provisioner "file" {
    direction   = "download"
    source      = "/result"
    destination = "got/result"
  }
  provisioner "file" {
    direction   = "download"
    source      = "/nothing"
    destination = "got/"
  }

  post-processor "docker-tag" {
    repository = var.repository
    tags       = ["it"]
  }
}
