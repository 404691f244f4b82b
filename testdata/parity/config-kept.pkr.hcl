# The base image's configuration is kept when nothing changes it, or only half of it.

variable "repository" {}

source "docker" "kept" {
  image  = "base:configured"
  commit = true
}

source "docker" "half" {
  image   = "base:configured"
  commit  = true
  changes = ["CMD [\"other\"]"]
}

source "docker" "other-half" {
  image   = "base:configured"
  commit  = true
  changes = ["ENTRYPOINT [\"/bin/true\"]", "ENV COLOUR=red SHAPE=round", "LABEL org.example.more=yes"]
}

build {
  sources = ["source.docker.kept"]
  provisioner "shell" {
    inline = ["echo $COLOUR > /colour", "pwd > /where", "echo lost > /data/in-a-volume"]
  }
  post-processor "docker-tag" {
    repository = var.repository
    tags       = ["kept"]
  }
}

build {
  sources = ["source.docker.half"]
  post-processor "docker-tag" {
    repository = var.repository
    tags       = ["half"]
  }
}

build {
  sources = ["source.docker.other-half"]
  post-processor "docker-tag" {
    repository = var.repository
    tags       = ["other-half"]
  }
}
